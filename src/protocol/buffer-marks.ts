/**
 * Which buffers a task said to share or to move, by the buffer itself, so that it holds wherever in the result they
 * stand. A mark lasts as long as its buffer. Nothing is copied or moved here: that is done when the result is closed.
 */
import { TaskloomError } from '../errors.ts';
import { walk } from './walk.ts';

/** Bytes of one buffer that are shared; ranges of one buffer never overlap. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

const ALL = { getters: false, limit: Number.POSITIVE_INFINITY } as const;
/** Ranges begin at multiples of this, so that views of any type fit on the shared memory at their offsets. */
const ALIGNMENT = 8;

const shared = new WeakMap<ArrayBufferLike, readonly Range[]>();
const moved = new WeakSet<ArrayBufferLike>();
/** The moved ArrayBuffers that stand in a value as themselves; the serializer must know these before it begins. */
const bare = new WeakMap<object, readonly ArrayBuffer[]>();

/**
 * Marks the memory of every typed array and DataView inside `value` to be shared by all who read it.
 * @returns `value`. An ArrayBuffer in it that isn't seen through a view is copied all the same.
 */
export function share<T>(value: T): T {
  for (const { value: part } of walk(value, ALL)) {
    if (!ArrayBuffer.isView(part) || !(part.buffer instanceof ArrayBuffer)) continue;
    const from = part.byteOffset - (part.byteOffset % ALIGNMENT);
    const added = { from, to: part.byteOffset + part.byteLength };
    shared.set(part.buffer, merged(shared.get(part.buffer) ?? [], added));
  }
  return value;
}

/**
 * Marks those of `buffers` that stand in `value` to be moved to the reader instead of copied. One of which a view shows
 * only a part (the pool under a small Buffer) is copied, and so is a resizable one.
 * @returns `value`.
 * @throws TaskloomError OPTION_INVALID: `buffers` is no array of ArrayBuffers.
 */
export function transfer<T>(value: T, buffers: readonly ArrayBuffer[]): T {
  if (!Array.isArray(buffers) || !buffers.every((buffer) => buffer instanceof ArrayBuffer))
    throw new TaskloomError(
      'OPTION_INVALID',
      'context.transfer(value, buffers): buffers must be an array of ArrayBuffers; of a typed array, pass its .buffer.',
    );
  const asked = new Set<unknown>(buffers.filter((buffer) => !('resizable' in buffer && buffer.resizable)));
  const own: ArrayBuffer[] = [];
  for (const { value: part } of walk(value, ALL)) {
    if (part instanceof ArrayBuffer && asked.has(part)) {
      moved.add(part);
      own.push(part);
    } else if (ArrayBuffer.isView(part) && asked.has(part.buffer) && isWhole(part)) moved.add(part.buffer);
  }
  if (typeof value === 'object' && value !== null && own.length > 0) bare.set(value, own);
  return value;
}

/** The shared range that holds these bytes of a buffer, if there is one. */
export function sharedRange(buffer: ArrayBufferLike, offset: number, length: number): Range | undefined {
  return shared.get(buffer)?.find(({ from, to }) => from <= offset && offset + length <= to);
}

export function isMoved(buffer: ArrayBufferLike): boolean {
  return moved.has(buffer);
}

/** The moved ArrayBuffers that were marked together with this very value and stand in it as themselves. */
export function bareMoved(value: object): readonly ArrayBuffer[] {
  return bare.get(value) ?? [];
}

function isWhole(view: ArrayBufferView): boolean {
  return view.byteOffset === 0 && view.byteLength === view.buffer.byteLength;
}

/** Only ranges that overlap become one: what lies between two views of a pool belongs to others. */
function merged(ranges: readonly Range[], added: Range): readonly Range[] {
  let { from, to } = added;
  const apart = ranges.filter((range) => {
    if (range.to <= from || to <= range.from) return true;
    from = Math.min(from, range.from);
    to = Math.max(to, range.to);
    return false;
  });
  return [...apart, { from, to }];
}
