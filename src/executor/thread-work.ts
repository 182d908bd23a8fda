/**
 * What one thread was sent and has not answered: sends it off, brings in what is done, calls back what is not begun, and
 * watches what runs. Of the thread itself it knows nothing but the line to it.
 *
 * 1. The first that is not answered runs, if it is claimed; those behind it that are not claimed can be called back.
 * 2. Each is answered once, in the order in which it was sent.
 * 3. What the thread says is heard in the order in which it said it, whether it wrote it into the ring or posted it: each message
 *    names how much was written before it.
 */
import type { TaskloomError } from '../errors.ts';
import { failureFrom } from '../failure.ts';
import type { Services } from '../flow/context.ts';
import type { StopSignal } from '../following.ts';
import { wallNow } from '../protocol/marks.ts';
import type { FromWorker, Outcome } from '../protocol/messages.ts';
import { pack } from '../protocol/packing.ts';
import { failed, refused } from '../protocol/perform.ts';
import { realClock } from './clock.ts';
import { Hand, type Parcel } from './hand.ts';
import { HeededSignals } from './heeded-signals.ts';
import type { Line } from './line.ts';
import type { Ticket } from './ticket.ts';
import { judge, Watch } from './watch.ts';

export interface WorkHost {
  /** Brings in what is done, by `read`, and goes on from there. */
  look(): void;
  /** A task took so many ms. */
  onTook(ticket: Ticket, elapsed: number): void;
  /** What was called back. */
  onReturned(tickets: readonly Ticket[]): void;
  /** The grace of the task that runs is over: it is given up. */
  onOverdue(outcome: Outcome): void;
}

/** ms before a lone task should end, from which on its thread is given what is next, however long that takes. */
const AHEAD_MS = 3;
/** ms after which a task is slow that should take less, and as much longer as expected that it may take. */
const SLOW_MS = 3;
/** Tasks that a thread has in hand when it gets no more. */
const MOST_IN_HAND = 256;

type Posted = FromWorker & { readonly kind: 'event' | 'outcome' };
type Said = Pick<FromWorker & { readonly kind: 'event' }, 'number' | 'event'>;

export class ThreadWork {
  readonly #line: Line;
  readonly #grace: number;
  readonly #host: WorkHost;
  readonly #hand = new Hand();
  /** What came by message and is not brought in. */
  readonly #posted: Posted[] = [];
  readonly #signals = new HeededSignals((signal, reason) => this.#onAborted(signal, reason));
  /** Of the first. */
  #watch: Watch | null = null;
  #isReading = false;
  /** While it is read: there is more than was seen. */
  #hasMore = false;

  /** @param grace - ms from a timeout to the giving up */
  constructor(line: Line, grace: number, host: WorkHost) {
    this.#line = line;
    this.#grace = grace;
    this.#host = host;
  }

  get size(): number {
    return this.#hand.size;
  }

  /** What runs, or is next to. */
  get first(): Ticket | null {
    return this.#hand.first?.ticket ?? null;
  }

  /**
   * ms that all of it will take, as far as can be told; Infinity when it is not to be more: what runs takes too long to have
   * anything behind it, or all of it together could hold up the main thread when it comes back.
   */
  get expected(): number {
    const { first, size, work } = this.#hand;
    if (size > MOST_IN_HAND || (first !== undefined && this.#leftOf(first) <= -SLOW_MS))
      return Number.POSITIVE_INFINITY;
    return work;
  }

  /** The same of what stands behind the first, once that has begun; else 0. */
  get waiting(): number {
    const { first } = this.#hand;
    if (first === undefined || !this.#line.marks.isClaimed(first.number)) return 0;
    return this.#hand.work - first.expected;
  }

  /** True when a lone task will soon be done. */
  get isEnding(): boolean {
    const { first, size } = this.#hand;
    if (first === undefined || size > 1) return false;
    const left = this.#leftOf(first);
    return left <= AHEAD_MS && left > -SLOW_MS;
  }

  /** ms until `look` will find something out, with and without more that waits for a thread; Infinity: never. */
  untilLook(isMoreWaiting: boolean): number {
    const { first, size } = this.#hand;
    if (first === undefined) return Number.POSITIVE_INFINITY;
    if (size > 1 || (this.#watch === null && first.ticket.task.timeout !== null)) return 0;
    const wait = this.#leftOf(first) - AHEAD_MS;
    return isMoreWaiting && wait > 0 ? wait : Number.POSITIVE_INFINITY;
  }

  /** True while the thread is to say at once what is done; else it is enough when it has nothing left. */
  set isAwaited(isAwaited: boolean) {
    this.#line.marks.isAwaited = isAwaited;
  }

  /** True while the thread may wait for more without sleeping. */
  set maySpin(maySpin: boolean) {
    this.#line.marks.maySpin = maySpin;
  }

  /** True when something of this source is in it. */
  holdsOf(source: object): boolean {
    return this.#hand.hasOf(source);
  }

  /**
   * Sends tasks off as one batch; what can't be sent is refused.
   * @param announce - It is a lone one, and `began` is to be said of it
   */
  send(parcels: readonly Parcel[], announce: boolean): void {
    const [first] = parcels;
    if (first === undefined) return;
    const { signal } = first.ticket.call;
    const aborted = signal?.aborted ? failureFrom(signal.reason) : null;
    try {
      const requests: unknown[] = [];
      for (const { ticket } of parcels) pack(ticket.request, requests);
      if (parcels.some(({ ticket }) => ticket.request.terms.services.length > 0))
        this.#line.offerServices((number) => this.#servicesOf(number));
      this.#line.send({
        kind: 'work',
        first: this.#hand.next,
        count: parcels.length,
        requests,
        announce,
        aborted,
      });
    } catch (error) {
      if (parcels.length === 1) first.ticket.settle(refused(error));
      else for (const parcel of parcels) this.send([parcel], announce);
      return;
    }
    for (const parcel of parcels) {
      this.#hand.push(parcel);
      this.#signals.heed(parcel.ticket.call.signal);
    }
    this.#line.marks.noteSent(this.#hand.next);
  }

  /**
   * Brings in what is done, in its order; false when nothing was. The port is read after a look into the ring: then whatever
   * was posted before an outcome that was seen there is here, and what is not posted is the ring's next.
   */
  read(): boolean {
    this.#hasMore = true;
    if (this.#isReading) return false;
    this.#isReading = true;
    let answered = false;
    while (this.#hasMore) {
      this.#hasMore = false;
      this.#line.ring.look();
      this.#line.look();
      if (this.#bringIn()) answered = true;
    }
    this.#isReading = false;
    return answered;
  }

  /** All that was seen in the ring or posted, in the order in which the thread said it. True: something was answered. */
  #bringIn(): boolean {
    const { ring } = this.#line;
    let answered = false;
    let at = 0;
    for (;;) {
      const posted = this.#posted[at];
      const { first } = this.#hand;
      if (posted !== undefined && ring.isReadTo(posted.after)) {
        at++;
        if (posted.kind === 'event') this.#tell(posted);
        else if (posted.number !== first?.number)
          continue; // It was given up.
        else this.settle(posted.outcome);
      } else {
        if (ring.isEmpty || first === undefined) break;
        const progress = ring.readProgress();
        if (progress !== null) this.#tell(progress);
        else this.settle(ring.read());
      }
      answered ||= this.#hand.first !== first;
    }
    this.#posted.splice(0, at);
    return answered;
  }

  #tell({ number, event }: Said): void {
    this.#hand.find(number)?.tell(event);
  }

  /**
   * Looks how long the task takes that runs: from now on its timeout is watched; and what stands behind it is called back when it
   * takes long, unless it is soon to end as it should.
   */
  look(): void {
    const { first } = this.#hand;
    if (first === undefined || this.#line.marks.startOf(first.number) === null) return;
    const left = this.#leftOf(first);
    const ran = first.expected - left;
    this.watch(ran);
    if (ran >= SLOW_MS && (left > AHEAD_MS || left <= -SLOW_MS)) this.callBack();
  }

  /** Takes back what the thread has not begun. */
  callBack(): void {
    const cut = this.#hand.cut(this.#line.marks.callBack(this.#hand.next));
    if (cut.length === 0) return;
    const tickets = cut.map(({ ticket }) => ticket);
    for (const { call } of tickets) this.#signals.unheed(call.signal);
    this.#host.onReturned(tickets);
    // What the thread wrote while it had more to do, it told nobody of.
    this.#host.look();
  }

  /** From now on the timeout of the task that runs is watched, which began `ran` ms ago. */
  watch(ran: number): void {
    const { first } = this.#hand;
    if (first === undefined || this.#watch !== null || first.ticket.task.timeout === null) return;
    const { ticket, number } = first;
    this.#watch = new Watch(ticket, realClock, {
      look: () => this.#host.look(),
      abort: (reason) => this.#line.send({ kind: 'abort', number, reason: failureFrom(reason) }),
      giveUp: (outcome) => this.#host.onOverdue(outcome),
    });
    this.#watch.begin(this.#grace, ran);
  }

  /** The first is answered. */
  settle(outcome: Outcome): void {
    const held = this.#hand.shift();
    if (held === undefined) return;
    const { ticket } = held;
    const watch = this.#watch;
    this.#watch = null;
    this.#signals.unheed(ticket.call.signal);
    if ('elapsed' in outcome) this.#host.onTook(ticket, outcome.elapsed);
    ticket.settle(watch === null ? judge(ticket, outcome) : watch.stop(outcome));
  }

  /** The thread is gone: the task that ran has failed, or was refused if its code had not begun. */
  lose(error: TaskloomError): void {
    const { first } = this.#hand;
    if (first === undefined) return;
    const started = this.#line.marks.startOf(first.number);
    if (started === null) this.settle(refused(error));
    else this.settle(failed(first.ticket.action, error, wallNow() - started));
  }

  /** True when the code of the first has begun. */
  get hasBegun(): boolean {
    const { first } = this.#hand;
    return first !== undefined && this.#line.marks.startOf(first.number) !== null;
  }

  /** The number of the first; null when there is none. */
  get number(): number | null {
    return this.#hand.first?.number ?? null;
  }

  /** Something came by message. */
  hear(posted: Posted): void {
    this.#posted.push(posted);
    this.#line.ring.lookTo(posted.after);
    if (!this.#isReading) this.#host.look();
  }

  /** What did not begin waits for its turn again, to be asked whether it is wanted; what runs is told. */
  #onAborted(signal: StopSignal, reason: unknown): void {
    this.callBack();
    const { last } = this.#hand;
    if (last?.ticket.call.signal === signal)
      this.#line.send({ kind: 'abort', number: last.number, reason: failureFrom(reason) });
  }

  /** ms that it should still take; negative when it takes longer than it should. */
  #leftOf({ number, expected }: Parcel): number {
    const started = this.#line.marks.startOf(number);
    return started === null ? expected : expected - (wallNow() - started);
  }

  #servicesOf(number: number): Services | null {
    return this.#hand.find(number)?.call.services ?? null;
  }
}
