/**
 * The format of a closed value: v8's own, with typed arrays and buffers written by us.
 *
 *   bytes    ┌ version ┬ n ┬ v8 header ┬ v8 stream, where a view is: kind*4+mode, then
 *            │         │   │           │   INLINE  length, its bytes
 *            │         │   │           │   COPY    index of a buffer with just its bytes; the reader gets a copy
 *            └─────────┴───┴───────────┘   SAME    index of a buffer, offset, length; the reader sees that memory
 *   buffers  [0, n) are ArrayBuffers that stand in the value as themselves, then all others, in order of appearance
 *
 * 1. Nothing that a task can write later is in a closed value, but memory that it asked to share.
 * 2. A large typed array is copied once into shared memory by who closes it, and once out of it by who opens it.
 * 3. A view carries its own bytes only. Views of one buffer stay so on shared and on moved memory, not else.
 */
import { randomInt } from 'node:crypto';
import { types } from 'node:util';
import { Deserializer, Serializer } from 'node:v8';
import { TaskloomError } from '../errors.ts';
import { isMoved, type Range, sharedRange } from './buffer-marks.ts';

/** Bytes from which copying twice costs more than a SharedArrayBuffer of its own. */
export const LARGE: number = 64 * 1024;

const VERSION = 1;
const INLINE = 0;
const COPY = 1;
const SAME = 2;
/** v8's tags of a SharedArrayBuffer and of an ArrayBuffer that travels beside the stream, each followed by its id. */
const TAG_SHARED = 0x75;
const TAG_BESIDE = 0x74;
const NONCE_BITS = 28;

type AnyBuffer = ArrayBuffer | SharedArrayBuffer;

interface ViewClass {
  readonly BYTES_PER_ELEMENT?: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): ArrayBufferView;
}

/** Part of the format: only ever added to at the end. Float16Array is missing before Node 24. */
const VIEWS: readonly (readonly [string, ViewClass | undefined])[] = [
  ['Buffer', undefined],
  ['DataView', DataView],
  ['Int8Array', Int8Array],
  ['Uint8Array', Uint8Array],
  ['Uint8ClampedArray', Uint8ClampedArray],
  ['Int16Array', Int16Array],
  ['Uint16Array', Uint16Array],
  ['Int32Array', Int32Array],
  ['Uint32Array', Uint32Array],
  ['Float32Array', Float32Array],
  ['Float64Array', Float64Array],
  ['BigInt64Array', BigInt64Array],
  ['BigUint64Array', BigUint64Array],
  ['Float16Array', (globalThis as { Float16Array?: ViewClass }).Float16Array],
];
const KINDS: ReadonlyMap<string, number> = new Map(VIEWS.map(([name], kind) => [name, kind]));
const tagOf = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)
  ?.get as (this: ArrayBufferView) => string | undefined;

/** The serializer met `part`, where that is known, and can't write it. */
export class Refused extends Error {
  readonly part: unknown;

  constructor(message: string, part?: unknown) {
    super(message);
    this.part = part;
  }
}

export interface Encoded {
  readonly bytes: Uint8Array;
  readonly buffers: readonly AnyBuffer[];
}

/**
 * @param bare - ArrayBuffers that stand in the value as themselves and shall travel beside the bytes.
 * @param move - Whether buffers marked to be moved stand in `buffers` as they are, for `detach`.
 * @throws Refused for a part that can't be written, RangeError for too much, and whatever a getter throws.
 */
export function encode(value: unknown, bare: readonly ArrayBuffer[], move: boolean): Encoded {
  const writer = new Writer(move);
  writer.writeUint32(VERSION);
  writer.writeUint32(bare.length);
  for (const buffer of bare) writer.setBeside(buffer);
  writer.writeHeader();
  writer.writeValue(value);
  const released = writer.releaseBuffer();
  const bytes = new Uint8Array(released.buffer, released.byteOffset, released.byteLength);
  // A byte pattern of the value itself looked like ours: with another nonce it won't.
  if (!writer.patchShared(bytes)) return encode(value, bare, move);
  return { bytes, buffers: writer.buffers };
}

/** Moves a buffer out of the hands of who made it; one that Node keeps from being moved is copied. */
export function detach(buffer: AnyBuffer): AnyBuffer {
  if (buffer instanceof SharedArrayBuffer) return buffer;
  try {
    return structuredClone(buffer, { transfer: [buffer] });
  } catch {
    return buffer.slice(0);
  }
}

/** @throws TaskloomError VALUE_UNREADABLE, and whatever v8 throws for bytes that it can't read. */
export function decode({ bytes, buffers }: Encoded): unknown {
  const reader = new Reader(bytes, buffers);
  const version = reader.readUint32();
  if (version !== VERSION)
    throw unreadable(`its format is version ${version}, this taskloom reads ${VERSION}`);
  const bare = reader.readUint32();
  for (const [id, buffer] of buffers.entries()) {
    const own = id < bare && buffer instanceof SharedArrayBuffer ? privateCopy(buffer) : buffer;
    // v8's types say ArrayBuffer; its documentation, both.
    if (id < bare || buffer instanceof SharedArrayBuffer) reader.transferArrayBuffer(id, own as ArrayBuffer);
  }
  reader.readHeader();
  return reader.readValue();
}

class Writer extends Serializer {
  readonly #move: boolean;
  readonly buffers: AnyBuffer[] = [];
  /** Where same memory stands in `buffers`, by buffer or by shared range. */
  readonly #indexes = new Map<object, number>();
  /** SharedArrayBuffers that v8 wrote itself, by index; see patchShared. */
  readonly #written: number[] = [];
  #nonce = 0;

  constructor(move: boolean) {
    super();
    this.#move = move;
    (
      this as unknown as { _setTreatArrayBufferViewsAsHostObjects(on: boolean): void }
    )._setTreatArrayBufferViewsAsHostObjects(true);
  }

  setBeside(buffer: ArrayBuffer): void {
    const id = this.buffers.length;
    if (isDetached(buffer)) throw new Refused('is a detached ArrayBuffer', buffer);
    if (this.#move && isMoved(buffer)) this.#index(buffer, () => buffer);
    else this.buffers.push(sharedCopy(buffer, 0, buffer.byteLength));
    this.transferArrayBuffer(id, buffer);
  }

  /** Called by v8 for views and for objects of the platform. */
  _writeHostObject(part: object): void {
    if (!ArrayBuffer.isView(part))
      throw new Refused(`is of class ${part.constructor?.name ?? 'unknown'}`, part);
    const { buffer, byteOffset, byteLength } = part;
    if (isDetached(buffer)) throw new Refused('is a view on a detached ArrayBuffer', part);
    const kind = part instanceof Buffer ? 0 : KINDS.get(tagOf.call(part) ?? 'DataView');
    if (kind === undefined) throw new Refused(`is of class ${tagOf.call(part)}`, part);
    const range = sharedRange(buffer, byteOffset, byteLength);
    if (range !== undefined) {
      this.#writeSame(kind, this.#rangeIndex(buffer, range), byteOffset - range.from, byteLength);
    } else if (buffer instanceof SharedArrayBuffer || (this.#move && isMoved(buffer))) {
      const index = this.#index(buffer, () => buffer);
      this.#writeSame(kind, index, byteOffset, byteLength);
    } else if (byteLength < LARGE) {
      this.writeUint32(kind * 4 + INLINE);
      this.writeUint32(byteLength);
      this.writeRawBytes(new Uint8Array(buffer, byteOffset, byteLength));
    } else {
      this.writeUint32(kind * 4 + COPY);
      this.writeUint32(this.buffers.push(sharedCopy(buffer, byteOffset, byteLength)) - 1);
    }
  }

  /** Called by v8 for the message of what it refuses. */
  _getDataCloneError(message: string): Error {
    return new Refused(message);
  }

  /** Called by v8 for a SharedArrayBuffer that stands in the value as itself. */
  _getSharedArrayBufferId(buffer: SharedArrayBuffer): number {
    if (this.#written.length === 0) this.#nonce = randomInt(2 ** NONCE_BITS);
    const index = this.#index(buffer, () => buffer);
    this.#written.push(index);
    return idOf(this.#nonce, this.#written.length - 1);
  }

  /**
   * Node's Deserializer can't read v8's tag of a SharedArrayBuffer, but takes one under the tag of an ArrayBuffer that
   * travels beside the stream. The ids hold a nonce, by which each tag is found: once, or the answer is false.
   */
  patchShared(bytes: Uint8Array): boolean {
    const stream = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return this.#written.every((index, at) => {
      const pattern = Buffer.from([TAG_SHARED, ...varint(idOf(this.#nonce, at))]);
      const found = stream.indexOf(pattern);
      if (found < 0 || stream.indexOf(pattern, found + 1) >= 0) return false;
      stream.set([TAG_BESIDE, ...varint(index)], found);
      return true;
    });
  }

  #writeSame(kind: number, index: number, offset: number, length: number): void {
    this.writeUint32(kind * 4 + SAME);
    this.writeUint32(index);
    this.writeDouble(offset);
    this.writeDouble(length);
  }

  #rangeIndex(buffer: ArrayBufferLike, range: Range): number {
    return this.#index(range, () => sharedCopy(buffer, range.from, range.to - range.from));
  }

  #index(key: object, make: () => ArrayBufferLike): number {
    const known = this.#indexes.get(key);
    if (known !== undefined) return known;
    const index = this.buffers.push(make() as AnyBuffer) - 1;
    this.#indexes.set(key, index);
    return index;
  }
}

class Reader extends Deserializer {
  readonly #buffers: readonly AnyBuffer[];

  constructor(bytes: Uint8Array, buffers: readonly AnyBuffer[]) {
    super(bytes);
    this.#buffers = buffers;
  }

  /** Called by v8 where a view was written. */
  _readHostObject(): ArrayBufferView {
    const head = this.readUint32();
    const kind = head >>> 2;
    switch (head & 3) {
      case INLINE: {
        const bytes = new Uint8Array(this.readRawBytes(this.readUint32()));
        return viewOn(kind, bytes.buffer, 0, bytes.byteLength);
      }
      case COPY: {
        const buffer = privateCopy(this.#buffer());
        return viewOn(kind, buffer, 0, buffer.byteLength);
      }
      case SAME:
        return viewOn(kind, this.#buffer(), this.readDouble(), this.readDouble());
    }
    throw unreadable('a view in it has an unknown mode');
  }

  #buffer(): AnyBuffer {
    const buffer = this.#buffers[this.readUint32()];
    if (buffer === undefined) throw unreadable('a buffer of it is missing');
    return buffer;
  }
}

function viewOn(kind: number, buffer: ArrayBufferLike, offset: number, length: number): ArrayBufferView {
  if (kind === 0) return Buffer.from(buffer as ArrayBuffer, offset, length);
  const [name, View] = VIEWS[kind] ?? [`view of kind ${kind}`, undefined];
  if (View === undefined) throw unreadable(`it holds a ${name}, which this Node doesn't have`);
  return new View(buffer, offset, length / (View.BYTES_PER_ELEMENT ?? 1));
}

function sharedCopy(buffer: ArrayBufferLike, offset: number, length: number): SharedArrayBuffer {
  const copy = new SharedArrayBuffer(length);
  new Uint8Array(copy).set(new Uint8Array(buffer, offset, length));
  return copy;
}

function privateCopy(buffer: AnyBuffer): ArrayBuffer {
  const copy = new ArrayBuffer(buffer.byteLength);
  new Uint8Array(copy).set(new Uint8Array(buffer));
  return copy;
}

/** `ArrayBuffer.prototype.detached` is missing on Node 20. */
function isDetached(buffer: ArrayBufferLike): boolean {
  if (buffer.byteLength > 0 || types.isSharedArrayBuffer(buffer)) return false;
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}

/** The top bit is set, so that every id has the same five bytes of varint, and none is an index. */
function idOf(nonce: number, at: number): number {
  return (2 ** 31 + ((nonce + at) % 2 ** NONCE_BITS)) >>> 0;
}

/** Always five bytes, which v8 reads for small numbers too. */
function varint(value: number): number[] {
  return [0, 7, 14, 21, 28].map((shift) => ((value >>> shift) & 0x7f) | (shift < 28 ? 0x80 : 0));
}

function unreadable(why: string): TaskloomError {
  return new TaskloomError('VALUE_UNREADABLE', `A value can't be read: ${why}.`, {
    details: { reason: why },
  });
}
