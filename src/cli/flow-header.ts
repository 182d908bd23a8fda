/** A run as tables and headers name it: whose it is, since when, and how it stands. */
import { isDead, isHeld } from '../persistence/ownership.ts';
import type { FlowWithoutOutline } from '../persistence/records.ts';
import { oneLine } from './text.ts';

/** Characters of a host, which comes from the file. */
const HOST = 40;

/** 'runs': somebody has it; 'gone': who had it died, or did not renew its lease; 'nobody'. */
export type Held = 'runs' | 'gone' | 'nobody';

export function heldBy(detail: FlowWithoutOutline, now: number = Date.now()): Held {
  if (detail.owner === null) return 'nobody';
  return isHeld(detail, now) ? 'runs' : 'gone';
}

/** As in `process 4711 on host`; empty when nobody has it. */
export function ownerOf({ owner, expiresAt }: FlowWithoutOutline, now: number = Date.now()): string {
  if (owner === null) return '';
  const who = `${oneLine(owner.host, HOST)}/${owner.pid}`;
  if (isDead(owner)) return `${who} (ended)`;
  return expiresAt > now ? who : `${who} (expired)`;
}

/** What --json says of a run wherever it names one; times in ms since 1970. */
export function flowJson(detail: FlowWithoutOutline): Readonly<Record<string, unknown>> {
  const { flowId, name, logbook, state, atoms, createdAt, updatedAt, owner, expiresAt, asked } = detail;
  return {
    flowId,
    name,
    logbook,
    state,
    atoms,
    createdAt,
    updatedAt,
    held: heldBy(detail),
    owner: owner === null ? null : { id: owner.id, host: owner.host, pid: owner.pid, expiresAt },
    asked,
  };
}

/** `2026-11-03 14:05:09`, in this machine's time zone. */
export function timeOf(ms: number): string {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return '?';
  const two = (part: number): string => String(part).padStart(2, '0');
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')}`;
}
