/** Values that travel: closed once where they are made, opened only by who reads them. */
import type { Take } from '../flow/symbols.ts';

/** A value as bytes, with the buffers that travel beside them. */
export interface Closed {
  readonly bytes: Uint8Array;
  readonly buffers: readonly (ArrayBuffer | SharedArrayBuffer)[];
}

/** A value as it is stored and forwarded: short primitives as they are, everything else closed. */
export type Value = undefined | null | boolean | number | bigint | string | Closed;

export declare function close(value: unknown, where: string): Value;
export declare function open(value: Value, take?: Take): unknown;
