/**
 * Values as one run of bytes each, as backends keep them: what the worker has closed, not opened again.
 *
 *   version ┬ tag ┬ nothing, for undefined, null, false, true
 *           │     ├ 8 bytes of a number; the digits of a bigint; the text of a string, in Latin-1 or UTF-16
 *           │     ├ CLOSED   n, then n times: shared or not, length, a buffer; then the bytes
 *           │     ├ LIST     n, then n times: length, a value
 *           │     └ ITEMS    nothing: the list of what the items gave, which are kept by themselves
 *
 * Numbers are little-endian. Tags are part of the format: only ever added to.
 */
import { TaskloomError } from '../errors.ts';
import type { Closed, Value } from './codec.ts';
import { LARGE } from './serializer.ts';

const VERSION = 1;
/** Version and tag. */
const HEAD = 2;
const TAG = {
  undefined: 0,
  null: 1,
  false: 2,
  true: 3,
  number: 4,
  bigint: 5,
  latin1: 6,
  utf16: 7,
  closed: 8,
  list: 9,
  items: 10,
} as const;
/** Bytes of a count, and of a length. */
const COUNT = 4;
const LENGTH = 8;

// biome-ignore lint/suspicious/noControlCharactersInRegex: every character of one byte
const LATIN1 = /^[\x00-\xff]*$/;

/** What stands for the results of a map's items. */
export function itemsBytes(): Uint8Array {
  return head(TAG.items);
}

export function isOfItems(bytes: Uint8Array | null): boolean {
  return bytes?.length === HEAD && bytes[0] === VERSION && bytes[1] === TAG.items;
}

/** The bytes of a value; null, which takes no room in a database, for undefined. */
export function toBytes(value: Value): Uint8Array | null {
  return value === undefined ? null : bytesOf(value);
}

/** @throws TaskloomError VALUE_UNREADABLE */
export function fromBytes(bytes: Uint8Array | null): Value {
  if (bytes === null) return undefined;
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.length < HEAD) throw unreadable('it is too short');
  if (view[0] !== VERSION)
    throw unreadable(`it is kept in format ${view[0]}, this taskloom reads ${VERSION}`);
  try {
    return valueIn(view[1] as number, view.subarray(HEAD));
  } catch (thrown) {
    if (thrown instanceof TaskloomError) throw thrown;
    throw unreadable('it is damaged', thrown);
  }
}

/** The bytes of a value, also of undefined. */
export function bytesOf(value: Value): Uint8Array {
  switch (typeof value) {
    case 'undefined':
      return head(TAG.undefined);
    case 'boolean':
      return head(value ? TAG.true : TAG.false);
    case 'number': {
      const bytes = head(TAG.number, LENGTH);
      bytes.writeDoubleLE(value, HEAD);
      return bytes;
    }
    case 'bigint':
      return text(TAG.bigint, value.toString(), 'latin1');
    case 'string':
      return LATIN1.test(value) ? text(TAG.latin1, value, 'latin1') : text(TAG.utf16, value, 'utf16le');
  }
  if (value === null) return head(TAG.null);
  return 'list' in value ? bytesOfList(value.list) : bytesOfClosed(value);
}

function bytesOfClosed({ bytes, buffers }: Closed): Uint8Array {
  const whole = buffers.reduce((sum, { byteLength }) => sum + 1 + LENGTH + byteLength, COUNT + bytes.length);
  const out = head(TAG.closed, whole);
  let at = out.writeUInt32LE(buffers.length, HEAD);
  for (const buffer of buffers) {
    at = out.writeUInt8(buffer instanceof SharedArrayBuffer ? 1 : 0, at);
    at = out.writeDoubleLE(buffer.byteLength, at);
    out.set(new Uint8Array(buffer), at);
    at += buffer.byteLength;
  }
  out.set(bytes, at);
  return out;
}

function bytesOfList(list: readonly Value[]): Uint8Array {
  const parts: Uint8Array[] = Array.from(list, (each) => bytesOf(each));
  const out = head(
    TAG.list,
    parts.reduce((sum, part) => sum + LENGTH + part.length, COUNT),
  );
  let at = out.writeUInt32LE(parts.length, HEAD);
  for (const part of parts) {
    at = out.writeDoubleLE(part.length, at);
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function valueIn(tag: number, body: Buffer): Value {
  switch (tag) {
    case TAG.undefined:
      return undefined;
    case TAG.null:
      return null;
    case TAG.false:
      return false;
    case TAG.true:
      return true;
    case TAG.number:
      return body.readDoubleLE(0);
    case TAG.bigint:
      return BigInt(body.toString('latin1'));
    case TAG.latin1:
      return body.toString('latin1');
    case TAG.utf16:
      return body.toString('utf16le');
    case TAG.closed:
      return closedOf(body);
    case TAG.list:
      return { list: listOf(body) };
  }
  throw unreadable(`it is of kind ${tag}, which this taskloom does not know`);
}

function closedOf(body: Buffer): Closed {
  const buffers: (ArrayBuffer | SharedArrayBuffer)[] = [];
  let at = COUNT;
  for (let left = body.readUInt32LE(0); left > 0; left--) {
    const isShared = body.readUInt8(at) === 1;
    const length = body.readDoubleLE(at + 1);
    at += 1 + LENGTH;
    buffers.push(bufferOf(part(body, at, length), isShared));
    at += length;
  }
  const bytes = body.subarray(at);
  // Large ones lie in shared memory, so that forwarding them copies nothing; each in its own, since a clone carries all of it.
  return { bytes: new Uint8Array(bufferOf(bytes, bytes.length >= LARGE)), buffers };
}

function listOf(body: Buffer): readonly Value[] {
  const list: Value[] = [];
  let at = COUNT;
  for (let left = body.readUInt32LE(0); left > 0; left--) {
    const length = body.readDoubleLE(at);
    at += LENGTH;
    list.push(fromBytes(part(body, at, length)));
    at += length;
  }
  return list;
}

function bufferOf(bytes: Uint8Array, isShared: boolean): ArrayBuffer | SharedArrayBuffer {
  const buffer = isShared ? new SharedArrayBuffer(bytes.length) : new ArrayBuffer(bytes.length);
  new Uint8Array(buffer).set(bytes);
  return buffer;
}

/** A part that must be there whole. */
function part(body: Buffer, at: number, length: number): Buffer {
  if (!(length >= 0) || at + length > body.length) throw unreadable('it is damaged');
  return body.subarray(at, at + length);
}

function head(tag: number, size = 0): Buffer {
  const bytes = Buffer.allocUnsafe(HEAD + size);
  bytes[0] = VERSION;
  bytes[1] = tag;
  return bytes;
}

function text(tag: number, value: string, encoding: 'latin1' | 'utf16le'): Buffer {
  const bytes = head(tag, Buffer.byteLength(value, encoding));
  bytes.write(value, HEAD, encoding);
  return bytes;
}

function unreadable(why: string, cause?: unknown): TaskloomError {
  return new TaskloomError('VALUE_UNREADABLE', `A value that was kept can't be read: ${why}.`, {
    details: { reason: why },
    cause,
  });
}
