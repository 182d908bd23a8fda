/**
 * What is on the disk after a loss of power, by the log of a file layer: what was synced, and of all else any part.
 *
 *   log ─▶ operations, one after the other ─▶ cut ─▶ what was synced + some of what was not ─▶ files
 *
 * 1. A write, a truncation is there for certain when its file was synced after it; a file is there, or gone, for certain when its
 *    folder was synced after that.
 * 2. What is not there for certain may be there or not, each sector by itself, whatever came before or after it.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Bytes that a disk writes whole or not at all. */
const SECTOR = 512;
/** Bytes of a record of the log before its data. */
const HEAD = 17;

interface Operation {
  readonly kind: 'C' | 'R' | 'W' | 'T' | 'S' | 'D';
  readonly file: number;
  readonly offset: number;
  readonly data: Buffer;
}

/** How much of what was not synced is there: none, all, the earlier part, each sector or not. */
export type Luck = 'none' | 'all' | 'first' | 'some';
export const LUCKS: readonly Luck[] = ['none', 'all', 'first', 'some'];

export function operationsIn(log: Buffer): readonly Operation[] {
  const found: Operation[] = [];
  for (let at = 0; at + HEAD <= log.length; ) {
    const length = log.readUInt32LE(at + 13);
    const data = log.subarray(at + HEAD, at + HEAD + length);
    const offset = log.readBigUInt64LE(at + 5) === APPENDED ? -1 : Number(log.readBigUInt64LE(at + 5));
    const kind = String.fromCharCode(log[at] as number) as Operation['kind'];
    found.push({ kind, file: log.readInt32LE(at + 1), offset, data });
    at += HEAD + length;
  }
  return found;
}

const APPENDED = 2n ** 64n - 1n;

/** A disk, up to some operation. */
export class Disk {
  /** What a program wrote to its notes so far: known to the world. */
  announced = '';
  /** Writes to the database itself after its log began: what a checkpoint does. */
  checkpointed = 0;
  readonly #notes: string;
  readonly #paths = new Map<number, string>();
  readonly #synced = new Map<number, Bytes>();
  readonly #pending = new Map<number, Operation[]>();
  /** Numbers of the files that are there for certain, by path. */
  #entries = new Map<string, number>();
  #pendingEntries: Operation[] = [];

  /** @param notes - The path of the notes in the folder, which are no part of the disk */
  constructor(notes: string) {
    this.#notes = notes;
  }

  apply(operation: Operation): void {
    const { kind, file, data } = operation;
    if (kind === 'C') this.#paths.set(file, data.toString());
    const path = this.#paths.get(file);
    if (path === this.#notes) {
      if (kind === 'W') this.announced += data.toString();
      return;
    }
    if (kind === 'C' || kind === 'R') this.#pendingEntries.push(operation);
    else if (kind === 'D') {
      this.#entries = entered(this.#entries, this.#pendingEntries);
      this.#pendingEntries = [];
    } else if (kind === 'S') {
      const bytes = this.#synced.get(file) ?? new Bytes();
      for (const each of this.#pending.get(file) ?? []) bytes.apply(each);
      this.#synced.set(file, bytes);
      this.#pending.delete(file);
    } else {
      const pending = this.#pending.get(file) ?? [];
      if (pending.length === 0) this.#pending.set(file, pending);
      pending.push(operation);
      const hasLog = [...this.#paths.values()].some((each) => each.endsWith('-wal'));
      if (hasLog && path?.endsWith('.db') === true) this.checkpointed++;
    }
  }

  /** Writes the files as they are found after the power was lost now. */
  restore(folder: string, luck: Luck, random: () => number): void {
    const entries = entered(
      this.#entries,
      chosen(this.#pendingEntries, luck === 'some' ? 'first' : luck, random),
    );
    for (const [path, file] of entries) {
      const bytes = this.#synced.get(file)?.copy() ?? new Bytes();
      const pending = this.#pending.get(file) ?? [];
      for (const each of chosen(pending, luck, random)) {
        if (luck === 'some' && each.kind === 'W') bytes.applySome(each, random);
        else bytes.apply(each);
      }
      writeFileSync(join(folder, path), bytes.content);
    }
  }
}

/** The bytes of a file, growing. */
class Bytes {
  #buffer = Buffer.alloc(0);
  #size = 0;

  get content(): Buffer {
    return this.#buffer.subarray(0, this.#size);
  }

  copy(): Bytes {
    const copy = new Bytes();
    copy.#buffer = Buffer.from(this.content);
    copy.#size = this.#size;
    return copy;
  }

  apply({ kind, offset, data }: Operation): void {
    if (kind === 'T') this.#resize(offset);
    else this.#write(offset, data);
  }

  /** Each sector of it is written or not. */
  applySome({ offset, data }: Operation, random: () => number): void {
    for (let at = 0; at < data.length; ) {
      const size = Math.min(SECTOR - ((offset + at) % SECTOR), data.length - at);
      if (random() < 0.5) this.#write(offset + at, data.subarray(at, at + size));
      at += size;
    }
  }

  #write(offset: number, data: Buffer): void {
    this.#resize(Math.max(this.#size, offset + data.length));
    data.copy(this.#buffer, offset);
  }

  #resize(size: number): void {
    if (size > this.#buffer.length) {
      const larger = Buffer.alloc(Math.max(size, this.#buffer.length * 2));
      this.content.copy(larger);
      this.#buffer = larger;
    }
    if (size < this.#size) this.#buffer.fill(0, size, this.#size);
    this.#size = size;
  }
}

function entered(
  entries: ReadonlyMap<string, number>,
  operations: readonly Operation[],
): Map<string, number> {
  const now = new Map(entries);
  for (const { kind, file, data } of operations) {
    if (kind === 'C') now.set(data.toString(), file);
    else now.delete(data.toString());
  }
  return now;
}

function chosen(operations: readonly Operation[], luck: Luck, random: () => number): readonly Operation[] {
  if (luck === 'none') return [];
  if (luck === 'first') return operations.slice(0, Math.floor(random() * (operations.length + 1)));
  return luck === 'some' ? operations.filter(({ kind }) => kind === 'W' || random() < 0.5) : operations;
}
