/**
 * Whose a flow is: who this process is, whether another one still lives, and who may take a flow over. All backends ask here.
 *
 * A flow may be claimed by another when 1. nobody has it, 2. its owner's lease ran out, or 3. its owner is dead for certain.
 * What can't be told for certain, as of a process on another machine, counts as alive: its lease decides.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { TaskloomError } from '../errors.ts';
import type { Owner } from './records.ts';

/** Fields of /proc/<pid>/stat, counted behind the name: that is in parentheses and may hold spaces and parentheses. */
const STATE = 0;
const START_TIME = 19;

/** Who has a flow, and until when. */
export interface Ownership {
  readonly flowId: string;
  readonly owner: Owner | null;
  readonly expiresAt: number;
}

let place: string | null = null;
/** Of this machine, asked for once: that takes 25 µs. */
const host = hostname();
/** Of this process, which does not change. */
let self: string | null = null;

/** An engine of this process as an owner. */
export function thisProcess(id: string): Owner {
  if (self === null) {
    const start = startOf(process.pid);
    self = start === null ? '' : `${placeOfPids()}/${start.time}`;
  }
  return { id, host, pid: process.pid, process: self };
}

/** True when the owner's process is dead for certain: it ran on this machine, and its pid is free or another process's now. */
export function isDead(owner: Owner): boolean {
  if (owner.host !== host) return false;
  const slash = owner.process.lastIndexOf('/');
  if (owner.process.slice(0, Math.max(slash, 0)) !== placeOfPids()) return false;
  if (!isPidTaken(owner.pid)) return true;
  const start = startOf(owner.pid);
  return start !== null && (start.isZombie || start.time !== owner.process.slice(slash + 1));
}

/** True when somebody has the flow, and it may not be taken from him. */
export function isHeld({ owner, expiresAt }: Ownership, now: number): boolean {
  return owner !== null && expiresAt > now && !isDead(owner);
}

/**
 * @param claimant - Id of the engine that wants to have it; null: nobody may have it
 * @throws TaskloomError FLOW_OWNED
 */
export function refuseHeld(held: Ownership, claimant: string | null, now: number): void {
  const { flowId, owner, expiresAt } = held;
  if (owner === null || owner.id === claimant || !isHeld(held, now)) return;
  const { host, pid, id } = owner;
  const until = Number.isFinite(expiresAt)
    ? ` until ${timeOf(expiresAt)} if it does not renew its lease`
    : '';
  throw new TaskloomError(
    'FLOW_OWNED',
    `The flow '${flowId}' is run by engine ${id} in process ${pid} on ${host}${until}.`,
    { details: { flowId, owner: { host, pid, id }, expiresAt } },
  );
}

/** @returns the error for who writes to a flow that is another's now, or nobody's */
export function leaseLost(flowId: string, epoch: number): TaskloomError {
  return new TaskloomError(
    'LEASE_LOST',
    `The flow '${flowId}' was claimed anew or given back since this engine claimed it: nothing was written.`,
    { details: { flowId, epoch } },
  );
}

/** @returns the error for who needs a flow that is not there */
export function flowNotFound(flowId: string): TaskloomError {
  return new TaskloomError('FLOW_NOT_FOUND', `There is no flow with the id '${flowId}'.`, {
    details: { flowId },
  });
}

/** Within which a pid means one process at a time: on Linux this boot of this kernel and the namespace of pids; elsewhere unknown. */
function placeOfPids(): string {
  if (place === null) {
    try {
      const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
      place = `${boot}/${readlinkSync('/proc/self/ns/pid')}`;
    } catch {
      place = '';
    }
  }
  return place;
}

function isPidTaken(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // Another user's process can't be signalled, but is there.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** Since when a process runs, in ticks since the machine's start; null where that can't be had. */
function startOf(pid: number): { readonly time: string; readonly isZombie: boolean } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const time = fields[START_TIME];
    if (time === undefined) return null;
    return { time, isZombie: fields[STATE] === 'Z' || fields[STATE] === 'X' };
  } catch {
    return null;
  }
}

function timeOf(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? `${ms}` : date.toISOString();
}
