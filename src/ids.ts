/** Ids of runs and of atoms: uuids of version 7, which begin with the time at which they were made. */
import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';

/** Bytes of one id. */
const SIZE = 16;
/** Asking the system for random bytes takes some 4 µs, however few they are: so many ids share what one call gives. */
const random = new Uint8Array(SIZE * 128);
let used = random.length;

export function newId(): string {
  if (used === random.length) {
    randomFillSync(random);
    used = 0;
  }
  const start = used;
  used += SIZE;
  return v7({ random: random.subarray(start, used) });
}
