/**
 * What runs on a worker thread: Piscina calls the default export once for each duty, and work comes over the thread's
 * own port. It performs one request after the other, each that it can still claim, and answers each with one outcome.
 */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { failureFrom } from '../src/failure.ts';
import type { Work } from '../src/flow/unit.ts';
import { transferList } from '../src/protocol/codec.ts';
import { remoteDesk } from '../src/protocol/comlink.ts';
import { findWork, isLoaded, knownWork } from '../src/protocol/load-module.ts';
import { Marks, nextOf, wallNow } from '../src/protocol/marks.ts';
import type {
  Duty,
  FromWorker,
  Outcome,
  ToWorker,
  WorkEvent,
  WorkRequest,
} from '../src/protocol/messages.ts';
import { OutcomeRing } from '../src/protocol/outcome-ring.ts';
import { Unpacking } from '../src/protocol/packing.ts';
import { failed, type PerformHost, perform, refused } from '../src/protocol/perform.ts';
import type { ServiceAnswer, ServiceDesk } from '../src/protocol/services.ts';
import type { Value } from '../src/protocol/codec.ts';
import { show } from '../src/protocol/task-context.ts';
import { TaskSignal } from '../src/protocol/task-signal.ts';
import { errorFrom } from '../src/revival.ts';

type Batch = ToWorker & { readonly kind: 'work' };

let toMain: MessagePort | null = null;
let marks = new Marks();
let ring = new OutcomeRing();
let endDuty: () => void = () => {};
const batches: Batch[] = [];
let isWorking = false;
let inHand: Run | null = null;
let lastTask: string | null = null;
let desk: Promise<ServiceDesk> | null = null;
/** ms between two messages about what is done, while it is awaited. */
const QUIET = 0.1;
/** When the last one was sent. */
let toldAt = 0;
/** ms that a thread with nothing left stays awake for more: to go to sleep and be woken costs it and the main thread as much. */
const SPIN = 0.1;
/** Something stands in the ring that the main thread was not told of. */
let isUntold = false;

/** Resolves when the duty ends. */
export default function onDuty(start: Duty): Promise<void> {
  if (start !== null) {
    toMain = start.port;
    marks = new Marks(start.marks);
    ring = new OutcomeRing(start.ring);
    toMain.on('message', receive);
    process.on('uncaughtException', reportStray);
    process.on('unhandledRejection', reportStray);
  }
  const duty = new Promise<void>((resolve) => {
    endDuty = resolve;
  });
  post({ kind: 'ready' });
  return duty;
}

function receive(message: ToWorker): void {
  switch (message.kind) {
    case 'work':
      batches.push(message);
      void workThrough();
      return;
    case 'abort':
      if (inHand?.number === message.number) inHand.abort(errorFrom(message.reason));
      return;
    case 'services':
      desk = remoteDesk(message.port);
      return;
    case 'close':
      endDuty();
      return;
  }
}

/** Performs all that was sent, in its order; without a turn of the event loop where no task waits for anything. */
async function workThrough(): Promise<void> {
  if (isWorking) return;
  isWorking = true;
  for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) {
    let number = batch.first;
    const requests = new Unpacking(batch.requests);
    for (let left = batch.count; left > 0; left--) {
      const request = requests.next();
      if (marks.claim(number)) {
        const outcome = answer(number, request, batch);
        handOver(number, request, outcome instanceof Promise ? await outcome : outcome);
      }
      if (isUntold && (marks.isDone || isAwaited())) tell({ kind: 'done' });
      number = nextOf(number);
    }
  }
  isWorking = false;
  // After what the tasks left to the event loop, and what nobody caught.
  if (marks.maySpin) setImmediate(stayAwake);
}

/** Waits a moment for more, and takes it without the event loop. */
function stayAwake(): void {
  if (isWorking || toMain === null || !marks.spinUntilSent(SPIN)) return;
  const received = receiveMessageOnPort(toMain);
  if (received !== undefined) receive(received.message as ToWorker);
}

/** Never throws nor rejects. */
function answer(number: number, request: WorkRequest, batch: Batch): Outcome | Promise<Outcome> {
  try {
    const run = new Run(number);
    if (batch.aborted !== null) run.abort(errorFrom(batch.aborted));
    inHand = run;
    const { module, task } = request.terms;
    const work = batch.announce ? null : knownWork(module, task);
    const outcome = work === null ? loadAndPerform(request, run, batch.announce) : begin(request, work, run);
    // Only a world that a task has damaged lets this reject.
    return outcome instanceof Promise ? outcome.catch(refused) : outcome;
  } catch (error) {
    return refused(error);
  }
}

async function loadAndPerform(request: WorkRequest, run: Run, announce: boolean): Promise<Outcome> {
  const { module, task } = request.terms;
  let work: Work;
  const start = performance.now();
  const wasLoaded = isLoaded(module);
  try {
    work = await findWork(module, task);
  } catch (error) {
    return refused(error);
  }
  const loading = wasLoaded ? 0 : performance.now() - start;
  if (announce) post({ kind: 'began', number: run.number, loading });
  return begin(request, work, run);
}

function begin(request: WorkRequest, work: Work, run: Run): Outcome | Promise<Outcome> {
  marks.begin(run.number, wallNow());
  lastTask = request.atom;
  return perform(request, work, run);
}

/** One run of a task: what `perform` asks of this side. */
class Run implements PerformHost {
  readonly number: number;
  readonly #signal = new TaskSignal();

  constructor(number: number) {
    this.number = number;
  }

  get signal(): AbortSignal {
    return this.#signal.signal;
  }

  abort(reason: unknown): void {
    this.#signal.abort(reason);
  }

  /** While more waits here the main thread looks by itself every few ms, and progress is not worth waking it. */
  onEvent(event: WorkEvent): void {
    const isBare = event.kind === 'progress' && event.details === undefined;
    if (isBare && ring.writeProgress(this.number, event.fraction)) {
      if (marks.isDone) tell({ kind: 'done' });
      return;
    }
    try {
      post({ kind: 'event', number: this.number, event, after: ring.written });
    } catch {
      // Details that can't be cloned are shown as text rather than lost.
      const shown = { ...event, details: show(event.details) };
      post({ kind: 'event', number: this.number, event: shown, after: ring.written });
    }
  }

  async callService(name: string, args: Value): Promise<ServiceAnswer> {
    if (desk === null) throw new Error('No services were sent.');
    return (await desk).call(this.number, name, args);
  }

  now(): number {
    return performance.now();
  }
}

function handOver(number: number, { action }: WorkRequest, outcome: Outcome): void {
  inHand = null;
  if (ring.write(outcome)) {
    isUntold = true;
    return;
  }
  const moved =
    outcome.kind === 'executed' || outcome.kind === 'reverted' ? transferList(outcome.result) : [];
  try {
    tell({ kind: 'outcome', number, outcome, after: ring.written }, moved);
  } catch (error) {
    // A result that was closed can't be sent all the same, as when its buffers were moved away since.
    const elapsed = 'elapsed' in outcome ? outcome.elapsed : 0;
    tell({ kind: 'outcome', number, outcome: failed(action, error, elapsed), after: ring.written });
  }
}

/** Some other thread may wait for what is done here; not so often that this one does little else. */
function isAwaited(): boolean {
  return marks.isAwaited && performance.now() - toldAt > QUIET;
}

/** Lets the main thread read all that there is by now. */
function tell(
  message: FromWorker & { readonly kind: 'done' | 'outcome' },
  moved?: readonly ArrayBuffer[],
): void {
  isUntold = false;
  toldAt = performance.now();
  post(message, moved);
}

function reportStray(error: unknown): void {
  post({ kind: 'stray', failure: failureFrom(error), task: lastTask });
}

function post(message: FromWorker, moved: readonly ArrayBuffer[] = []): void {
  toMain?.postMessage(message, moved as ArrayBuffer[]);
}
