/**
 * What runs on a worker thread: Piscina calls the default export once for each duty, and work comes over the thread's
 * own port. It performs one request at a time and answers each with one outcome.
 */
import type { MessagePort } from 'node:worker_threads';
import { failureFrom } from '../src/failure.ts';
import type { Work } from '../src/flow/unit.ts';
import { transferList } from '../src/protocol/codec.ts';
import { remoteDesk } from '../src/protocol/comlink.ts';
import { findWork, isLoaded } from '../src/protocol/load-module.ts';
import {
  BEGUN,
  type Duty,
  type FromWorker,
  type Marks,
  type Outcome,
  RECEIVED,
  type ToWorker,
  type WorkEvent,
  type WorkRequest,
} from '../src/protocol/messages.ts';
import { failed, perform, refused } from '../src/protocol/perform.ts';
import type { CallService, ServiceDesk } from '../src/protocol/services.ts';
import { show } from '../src/protocol/task-context.ts';
import { TaskSignal } from '../src/protocol/task-signal.ts';
import { errorFrom } from '../src/revival.ts';

let toMain: MessagePort | null = null;
let marks: Marks | null = null;
let endDuty: () => void = () => {};
let inHand: { readonly id: number; readonly own: TaskSignal } | null = null;
let lastTask: string | null = null;
let desk: Promise<ServiceDesk> | null = null;

/** Resolves when the duty ends. */
export default function onDuty(start: Duty): Promise<void> {
  if (start !== null) {
    toMain = start.port;
    marks = start.marks;
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
      // Only a world that a task has damaged lets this reject.
      answer(message).catch((error) => postOutcome(message.request, refused(error)));
      return;
    case 'abort':
      if (inHand?.id === message.id) inHand.own.abort(errorFrom(message.reason));
      return;
    case 'services':
      desk = remoteDesk(message.port);
      return;
    case 'close':
      endDuty();
      return;
  }
}

async function answer({ request, announce, aborted }: ToWorker & { kind: 'work' }): Promise<void> {
  mark(RECEIVED, request.id);
  const own = new TaskSignal();
  if (aborted !== null) own.abort(errorFrom(aborted));
  inHand = { id: request.id, own };
  const outcome = await attempt(request, announce, own);
  inHand = null;
  postOutcome(request, outcome);
}

async function attempt(request: WorkRequest, announce: boolean, own: TaskSignal): Promise<Outcome> {
  const { id, module, task } = request;
  let work: Work;
  const start = performance.now();
  const wasLoaded = isLoaded(module);
  try {
    work = await findWork(module, task);
  } catch (error) {
    return refused(error);
  }
  if (announce) post({ kind: 'began', id, loading: wasLoaded ? 0 : performance.now() - start });
  mark(BEGUN, id);
  lastTask = request.identity.atom;
  return perform(request, work, {
    get signal() {
      return own.signal;
    },
    onEvent: (event) => postEvent(id, event),
    callService: callOf(id),
    now: () => performance.now(),
  });
}

function mark(at: number, id: number): void {
  if (marks !== null) Atomics.store(marks, at, id);
}

function callOf(id: number): CallService {
  return async (name, args) => {
    if (desk === null) throw new Error('No services were sent.');
    return (await desk).call(id, name, args);
  };
}

function postOutcome({ id, action }: WorkRequest, outcome: Outcome): void {
  const moved =
    outcome.kind === 'executed' || outcome.kind === 'reverted' ? transferList(outcome.result) : [];
  try {
    post({ kind: 'outcome', id, outcome }, moved);
  } catch (error) {
    // A result that was closed can't be sent all the same, as when its buffers were moved away since.
    const elapsed = 'elapsed' in outcome ? outcome.elapsed : 0;
    post({ kind: 'outcome', id, outcome: failed(action, error, elapsed) });
  }
}

function postEvent(id: number, event: WorkEvent): void {
  try {
    post({ kind: 'event', id, event });
  } catch {
    // Details that can't be cloned are shown as text rather than lost.
    post({ kind: 'event', id, event: { ...event, details: show(event.details) } });
  }
}

function reportStray(error: unknown): void {
  post({ kind: 'stray', failure: failureFrom(error), task: lastTask });
}

function post(message: FromWorker, moved: readonly ArrayBuffer[] = []): void {
  toMain?.postMessage(message, moved as ArrayBuffer[]);
}
