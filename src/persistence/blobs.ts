/**
 * Bytes on their way between the main thread and the database's: small ones travel in one buffer, for posting each by itself
 * costs more than copying it; large ones by themselves.
 */

/** Bytes up to this size are packed. */
export const SMALL = 4096;
/** Never moved: a buffer of its own for each message costs more than the rest of a small one. */
const NOTHING = new Uint8Array(0);

/** What stands for bytes in a message: null, the length of packed ones, or large ones themselves. */
export type BlobCell = null | number | Uint8Array;

export class BlobPacker {
  readonly #small: Uint8Array[] = [];
  #size = 0;
  readonly #moved: ArrayBuffer[] = [];

  /** The bytes stay the caller's. Large ones in shared memory are copied only where they arrive. */
  add(bytes: Uint8Array | null): BlobCell {
    if (bytes === null) return null;
    if (bytes.length <= SMALL) {
      this.#small.push(bytes);
      this.#size += bytes.length;
      return bytes.length;
    }
    if (bytes.buffer instanceof SharedArrayBuffer || bytes.length === bytes.buffer.byteLength) return bytes;
    // Posting a view of a part would carry the whole buffer.
    const copy = new Uint8Array(bytes);
    this.#moved.push(copy.buffer);
    return copy;
  }

  /** All small ones, in the order in which they were added. */
  finish(): Uint8Array {
    if (this.#size === 0) return NOTHING;
    const packed = new Uint8Array(this.#size);
    let at = 0;
    for (const bytes of this.#small) {
      packed.set(bytes, at);
      at += bytes.length;
    }
    this.#moved.push(packed.buffer);
    return packed;
  }

  /** Buffers made here, to be handed over with the message; whole only after `finish`. */
  get moved(): readonly ArrayBuffer[] {
    return this.#moved;
  }
}

/** Takes out again what was packed, in the same order. */
export class BlobReader {
  readonly #packed: Uint8Array;
  #at = 0;

  constructor(packed: Uint8Array) {
    this.#packed = packed;
  }

  next(cell: BlobCell): Uint8Array | null {
    if (typeof cell !== 'number') return cell;
    const start = this.#at;
    this.#at += cell;
    return this.#packed.subarray(start, this.#at);
  }
}
