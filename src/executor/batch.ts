/**
 * Which tasks travel together. A message to a thread costs more than a short task, so that those are sent for about BATCH_MS of
 * work at once, and more of them before a thread has come to the end of what it has; long ones go alone, when it will soon have
 * nothing left.
 *
 * 1. What is not known to be short goes alone; the more often a task was seen, the more of it travel together.
 * 2. No thread gets more than its share of what waits, so that none is idle while others have too much.
 * 3. What a thread doesn't begin soon, because something before it takes longer than it should, is called back (Thread.look).
 */
import type { Durations } from './durations.ts';
import type { Thread } from './thread.ts';
import type { Parcel } from './hand.ts';
import type { Ticket } from './ticket.ts';

/** ms of work in one message: two tasks of 1 ms, by which they are counted a little longer. */
const BATCH_MS = 2.5;
/** ms of work in hand with which a thread is not given more. */
const LEAD_MS = 5;
/** Tasks in one message. */
const MOST = 256;
/** ms that a worker spends on a task that does nothing. */
const OVERHEAD = 0.002;
/** ms of work behind a running task that another thread takes over. */
const WORTH_TAKING = 0.3;
/** ms; what is not known is taken for long. */
const UNKNOWN = 1e6;

export interface BatchSettings {
  /** How many tasks travel together, whatever they take; null: by what they take. */
  readonly fixed: number | null;
  readonly threads: number;
}

/** True when a thread may be given more, and so many wait: not the last ones, which one that is free can begin at once. */
export function hasRoom(thread: Thread, waiting: number, { fixed, threads }: BatchSettings): boolean {
  if (thread.state === 'free') return true;
  return fixed === null && waiting >= threads && (thread.work < LEAD_MS || thread.isEnding);
}

/**
 * Where one thread is free and another has work behind what runs there: that one, whose work is to be called back and shared out
 * anew; else null. Not one on which nothing runs yet: it would be as free as the other, and get the same again.
 */
export function unevenOf(threads: Iterable<Thread>): Thread | null {
  let most: Thread | null = null;
  let isAnyFree = false;
  for (const thread of threads) {
    if (thread.state === 'free') isAnyFree = true;
    else if (thread.inHand.waiting > Math.max(WORTH_TAKING, most?.inHand.waiting ?? 0)) most = thread;
  }
  return isAnyFree ? most : null;
}

/** What goes to a thread in one message, while it is put together. */
export class Batch {
  readonly parcels: Parcel[] = [];
  readonly #thread: Thread;
  readonly #durations: Durations;
  readonly #fixed: number | null;
  readonly #most: number;
  readonly #isFree: boolean;
  readonly #isEnding: boolean;
  #work = 0;

  /** @param waiting - How many tasks wait */
  constructor(thread: Thread, durations: Durations, waiting: number, { fixed, threads }: BatchSettings) {
    this.#thread = thread;
    this.#isFree = thread.state === 'free';
    this.#isEnding = thread.isEnding;
    this.#durations = durations;
    this.#fixed = fixed;
    this.#most =
      fixed === null
        ? Math.min(MOST, Math.ceil(waiting / (2 * threads)))
        : Math.min(fixed, Math.ceil(waiting / threads));
  }

  /** True when this one may go with what is here, or, where nothing is, behind what the thread has in hand. */
  takes(ticket: Ticket): boolean {
    const { length } = this.parcels;
    if (length === 0 && this.#isFree) return true;
    const { task, call, action } = ticket;
    const first = this.parcels[0]?.ticket.call.signal;
    if (length >= this.#most || call.signal?.aborted || first?.aborted) return false;
    if (!this.#thread.hasLoaded(task.work.module ?? '')) return false;
    if (this.#fixed !== null) return true;
    if (length > 0 && length >= 2 * this.#durations.times(task.work, action)) return false;
    const expected = this.#expected(ticket);
    if (length === 0) return expected <= LEAD_MS || this.#isEnding;
    return this.#work + expected <= BATCH_MS;
  }

  add(ticket: Ticket): void {
    const expected = this.#expected(ticket);
    this.parcels.push({ ticket, expected, number: 0 });
    this.#work += expected;
  }

  #expected({ task, action }: Ticket): number {
    const known = this.#durations.expected(task.work, action);
    return known === null ? UNKNOWN : known + OVERHEAD;
  }
}
