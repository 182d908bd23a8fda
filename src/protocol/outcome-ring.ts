/**
 * Outcomes and progress on their way from a worker to the main thread, in a ring of shared memory: for short tasks a message each
 * would cost more than the task, and a message for many would lose those that ended well when the thread dies in the midst.
 *
 *   outcome  tag ┬ elapsed (8 bytes) ┬ the result: a number, length and text, or length and closed bytes
 *   progress tag ┬ fraction (8 bytes) ┬ the number of the request (4 bytes)
 *   HEAD     bytes written so far, by the worker; TAIL bytes read so far, by the main thread; both wrap at 32 bits
 *
 * 1. Records stand in the order in which the requests were claimed. What does not fit (failures, moved buffers, absent parts,
 *    large results, a full ring) is posted instead, before anything that comes after it is written.
 * 2. A record is whole before HEAD goes over it.
 */
import type { Closed, Value } from './codec.ts';
import { isBefore } from './marks.ts';
import type { Outcome, WorkEvent } from './messages.ts';

/** Bytes; a power of two, so that the counters wrap with it. */
const SIZE = 256 * 1024;
/** Bytes of a result that goes through the ring; others are posted. */
const LARGEST = 8 * 1024;
const HEAD = 0;
const TAIL = 1;
const COUNTERS = 8;
/** Tag, and elapsed or fraction. */
const PREFIX = 9;
const PROGRESS_SIZE = PREFIX + Int32Array.BYTES_PER_ELEMENT;

const UNDEFINED = 0;
const NULL = 1;
const FALSE = 2;
const TRUE = 3;
const NUMBER = 4;
const LATIN1 = 5;
const UTF16 = 6;
const CLOSED = 7;
/** Added to the tag. */
const REVERTED = 8;
/** Nothing more before the ring's end. */
const SKIP = 16;
const PROGRESS = 17;

/** Text of which each character is a byte. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: all of latin1 is meant
const IS_LATIN1 = /^[\u0000-\u00ff]*$/;
const NONE: readonly never[] = [];

/** How far the request with this number is. */
export interface Progress {
  readonly number: number;
  readonly event: WorkEvent;
}

export class OutcomeRing {
  readonly memory: SharedArrayBuffer;
  readonly #counters: Int32Array;
  readonly #bytes: Buffer;
  readonly #view: DataView;
  #seen = 0;

  /** @param memory - That of the other side; none for a thread that is new. */
  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(COUNTERS + SIZE)) {
    this.memory = memory;
    this.#counters = new Int32Array(memory, 0, 2);
    this.#bytes = Buffer.from(memory, COUNTERS, SIZE);
    this.#view = new DataView(memory, COUNTERS, SIZE);
  }

  /** By the worker. False: it does not fit, and is to be posted. */
  write(outcome: Outcome): boolean {
    if (outcome.kind !== 'executed' && outcome.kind !== 'reverted') return false;
    if (outcome.kind === 'executed' && outcome.absent.length > 0) return false;
    const { result, elapsed } = outcome;
    const tag = tagOf(result);
    if (tag < 0) return false;
    const size = PREFIX + sizeOf(result, tag);
    const at = this.#room(size);
    if (at < 0) return false;
    this.#view.setUint8(at, outcome.kind === 'reverted' ? tag + REVERTED : tag);
    this.#view.setFloat64(at + 1, elapsed);
    this.#writeValue(at + PREFIX, result, tag);
    this.#wrote(at, size);
    return true;
  }

  /** By the worker: how far the request with this number is. False: it does not fit, and is to be posted. */
  writeProgress(number: number, fraction: number): boolean {
    const at = this.#room(PROGRESS_SIZE);
    if (at < 0) return false;
    this.#view.setUint8(at, PROGRESS);
    this.#view.setFloat64(at + 1, fraction);
    this.#view.setInt32(at + PREFIX, number);
    this.#wrote(at, PROGRESS_SIZE);
    return true;
  }

  /** By the worker: HEAD. */
  get written(): number {
    return this.#counters[HEAD] as number;
  }

  /** By the main thread: sees what is written by now, and nothing later until it looks again. */
  look(): void {
    this.#seen = Atomics.load(this.#counters, HEAD);
  }

  /** By the main thread: sees at least what was written first, so many bytes as `written` said. */
  lookTo(written: number): void {
    if (isBefore(this.#seen, written)) this.#seen = written;
  }

  /** True when all that was seen is read. */
  get isEmpty(): boolean {
    return this.#seen === this.#counters[TAIL];
  }

  /** By the main thread: true when so much is read. */
  isReadTo(written: number): boolean {
    return !isBefore(this.#counters[TAIL] as number, written);
  }

  /** By the main thread: takes out the next of what was seen, where that is progress; else null. */
  readProgress(): Progress | null {
    if (this.isEmpty) return null;
    const at = this.#next();
    if (this.#view.getUint8(at) !== PROGRESS) return null;
    const number = this.#view.getInt32(at + PREFIX);
    const fraction = this.#view.getFloat64(at + 1);
    this.#advance(TAIL, PROGRESS_SIZE);
    return { number, event: { kind: 'progress', fraction, details: undefined } };
  }

  /** By the main thread: takes out the next of what was seen, which is an outcome. */
  read(): Outcome {
    const at = this.#next();
    const tag = this.#view.getUint8(at);
    const elapsed = this.#view.getFloat64(at + 1);
    const result = this.#readValue(at + PREFIX, tag & (REVERTED - 1));
    this.#advance(TAIL, PREFIX + sizeOf(result, tag & (REVERTED - 1)));
    return tag >= REVERTED
      ? { kind: 'reverted', result, elapsed }
      : { kind: 'executed', result, absent: NONE, elapsed };
  }

  /** Where so many bytes can be written; negative where they can't. */
  #room(size: number): number {
    const end = this.#place(HEAD);
    const skipped = end + size > SIZE ? SIZE - end : 0;
    if (this.#used + skipped + size > SIZE) return -1;
    if (skipped === 0) return end;
    this.#view.setUint8(end, SKIP);
    return 0;
  }

  /** A record of so many bytes is whole, there where room was for it. */
  #wrote(at: number, size: number): void {
    const end = this.#place(HEAD);
    this.#advance(HEAD, at === end ? size : SIZE - end + size);
  }

  /** Where the next record stands. */
  #next(): number {
    const at = this.#place(TAIL);
    if (this.#view.getUint8(at) !== SKIP) return at;
    this.#advance(TAIL, SIZE - at);
    return 0;
  }

  get #used(): number {
    return (Atomics.load(this.#counters, HEAD) - Atomics.load(this.#counters, TAIL)) | 0;
  }

  #place(counter: number): number {
    return (this.#counters[counter] as number) & (SIZE - 1);
  }

  #advance(counter: number, bytes: number): void {
    Atomics.store(this.#counters, counter, ((this.#counters[counter] as number) + bytes) | 0);
  }

  #writeValue(at: number, value: Value, tag: number): void {
    switch (tag) {
      case NUMBER:
        this.#view.setFloat64(at, value as number);
        return;
      case LATIN1:
      case UTF16:
        this.#view.setUint32(at, (value as string).length);
        this.#bytes.write(value as string, at + 4, tag === LATIN1 ? 'latin1' : 'utf16le');
        return;
      case CLOSED: {
        const { bytes } = value as Closed;
        this.#view.setUint32(at, bytes.byteLength);
        this.#bytes.set(bytes, at + 4);
      }
    }
  }

  #readValue(at: number, tag: number): Value {
    switch (tag) {
      case NULL:
        return null;
      case FALSE:
        return false;
      case TRUE:
        return true;
      case NUMBER:
        return this.#view.getFloat64(at);
      case LATIN1:
        return this.#bytes.toString('latin1', at + 4, at + 4 + this.#view.getUint32(at));
      case UTF16:
        return this.#bytes.toString('utf16le', at + 4, at + 4 + 2 * this.#view.getUint32(at));
      case CLOSED: {
        const end = at + 4 + this.#view.getUint32(at);
        return { bytes: new Uint8Array(this.#bytes.subarray(at + 4, end)), buffers: NONE };
      }
    }
    return undefined;
  }
}

/** Negative for what does not go through the ring. */
function tagOf(value: Value): number {
  switch (typeof value) {
    case 'undefined':
      return UNDEFINED;
    case 'boolean':
      return value ? TRUE : FALSE;
    case 'number':
      return NUMBER;
    case 'string':
      if (2 * value.length > LARGEST) return -1;
      return IS_LATIN1.test(value) ? LATIN1 : UTF16;
    case 'object':
      if (value === null) return NULL;
      return 'bytes' in value && value.buffers.length === 0 && value.bytes.byteLength <= LARGEST
        ? CLOSED
        : -1;
  }
  return -1;
}

function sizeOf(value: Value, tag: number): number {
  switch (tag) {
    case NUMBER:
      return 8;
    case LATIN1:
      return 4 + (value as string).length;
    case UTF16:
      return 4 + 2 * (value as string).length;
    case CLOSED:
      return 4 + (value as Closed).bytes.byteLength;
  }
  return 0;
}
