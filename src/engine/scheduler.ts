/**
 * Sends atoms off to the executor with their arguments, and puts what comes back into the inbox.
 *
 * 1. Each atom sent has one dispatch, until its outcome arrives or it is withdrawn.
 * 2. A dispatch that has not begun can be withdrawn: the executor is told so when it would begin, and the outcome that
 *    then comes is dropped. So nothing waits for a queue that it doesn't want any more.
 * 3. Nothing begins while an outcome waits to be looked at, or what became ready by it to be sent off: so a failure stops
 *    those that have not begun, and what is more urgent goes first.
 * 4. Whatever goes wrong before the task's code runs is an outcome: nothing is thrown at the engine's loop.
 */
import type { AtomNode, Node, RetryNode, TaskNode } from '../compile/node.ts';
import { TaskloomError } from '../errors.ts';
import { type Clock, realClock } from '../executor/clock.ts';
import type { Coming, TaskExecutor } from '../executor/executor.ts';
import { type Failure, failureFrom, isFailure } from '../failure.ts';
import type { Services } from '../flow/context.ts';
import { describe } from '../flow/names.ts';
import { Stopping } from '../following.ts';
import { LinkedList } from '../linked-list.ts';
import { isValue } from '../protocol/codec.ts';
import type { Executed, Outcome } from '../protocol/messages.ts';
import { prepareArguments } from '../storage/arguments.ts';
import type { AtomRecord } from '../storage/atom-record.ts';
import type { Storage } from '../storage/storage.ts';
import type { Action, Arrival, Completion } from './arrival.ts';
import type { Commits } from './commits.ts';
import { Dispatch, type DispatchHost, type SchedulerHost } from './dispatch.ts';
import type { Inbox } from './inbox.ts';
import type { LoopParts } from './loop-parts.ts';
import { Outbox } from './outbox.ts';
import { performRetry } from './perform-retry.ts';

export class Scheduler {
  readonly #executor: TaskExecutor;
  readonly #storage: Storage;
  readonly #commits: Pick<Commits, 'after'> | null;
  readonly #inbox: Inbox<Arrival>;
  readonly #host: DispatchHost;
  readonly #teller: SchedulerHost;
  readonly #stopping = new Stopping();
  readonly #dispatches = new LinkedList<Dispatch>();
  /** Stands for this run in executors, which may remember it for longer. */
  readonly #source = {};
  readonly #outbox: Outbox;
  readonly #failures: () => ReadonlyMap<string, Failure>;

  constructor(
    executor: TaskExecutor,
    { storage, commits }: Pick<LoopParts, 'storage' | 'commits'>,
    inbox: Inbox<Arrival>,
    services: Services,
    failures: () => ReadonlyMap<string, Failure>,
    rankOf: (node: AtomNode) => number,
    host: SchedulerHost,
  ) {
    this.#executor = executor;
    this.#storage = storage;
    this.#commits = commits;
    this.#inbox = inbox;
    this.#failures = failures;
    this.#teller = host;
    this.#outbox = new Outbox((node, action) => this.#sendTask(node, action), commits !== null);
    this.#host = {
      storage,
      services,
      rankOf,
      stopping: this.#stopping,
      resting: () => inbox.resting(),
      began: (node, action) => {
        this.#noteBegun(node);
        host.began(node, action);
      },
      returned: (node, before) => {
        this.#outbox.noteReturned();
        host.returned(node, before);
      },
      withdrawn: (node) => host.withdrawn(node),
      said: (node, event) => host.said(node, event),
    };
  }

  /** Atoms sent off of which the outcome is still wanted. */
  get outstanding(): number {
    return this.#dispatches.size + this.#outbox.size;
  }

  /** Sends atoms off when the executor wants them; before that only their places are kept. */
  execute(node: TaskNode | RetryNode): void {
    if (node.kind === 'retry') this.#performHere(node, 'execute');
    else this.#outbox.put(node, 'execute', this.#host.rankOf(node));
  }

  /** Reverts an atom; one that has nothing to undo is done at once. */
  revert(node: TaskNode | RetryNode): void {
    const record = this.#storage.recordAt(node);
    const undo = node.kind === 'task' ? node.atom.work.revert : node.atom.revert;
    if (undo === null || !record.began) {
      this.#teller.began(node, 'revert');
      this.#put(node, 'revert', { kind: 'reverted', result: undefined, elapsed: 0 });
    } else if (node.kind === 'retry') this.#performHere(node, 'revert');
    else this.#outbox.put(node, 'revert', this.#host.rankOf(node));
  }

  /** Sends off more of what is ready. To be called when atoms became ready, and when something has begun. */
  sendMore(): void {
    this.#outbox.sendMore();
  }

  #sendTask(node: TaskNode, action: Action): void {
    const dispatch = this.#newDispatch(node, action);
    if (this.#commits === null) this.#handOver(dispatch, node);
    else this.#afterCommit(this.#commits, dispatch, () => this.#handOver(dispatch, node));
  }

  /** What is sent off is known to have been, before it can begin: in another process too, where there is a backend. */
  #afterCommit(commits: Pick<Commits, 'after'>, dispatch: Dispatch, handOver: () => void): void {
    if (dispatch.action === 'execute') this.#storage.noteSent(dispatch.node, true);
    commits.after(() => {
      // It may not be wanted any more.
      if (dispatch.state === 'queued') handOver();
    });
  }

  #handOver(dispatch: Dispatch, node: TaskNode): void {
    const { action } = dispatch;
    const args = this.#prepare(dispatch);
    if (args === null) return;
    try {
      const outcome =
        action === 'execute'
          ? this.#executor.execute(node.atom, args, dispatch)
          : this.#executor.revert(
              node.atom,
              args,
              executedOf(this.#storage.recordAt(node)),
              this.#failures(),
              dispatch,
            );
      this.#await(dispatch, outcome);
    } catch (thrown) {
      this.#failed(dispatch, thrown);
    }
  }

  /** Forgets what has not begun (invariant 2): all of it, or the executes, or those of some atoms. */
  withdrawQueued(action?: Action, among?: ReadonlySet<Node>): void {
    // What workers took and did not begin is queued again.
    this.#executor.recall?.(this.#source);
    for (const node of this.#outbox.takeBack(action, among)) this.#host.withdrawn(node);
    for (const dispatch of this.#dispatches.all()) {
      const { node } = dispatch;
      const isAmong = among?.has(node.item?.map ?? node) ?? true;
      if (dispatch.state !== 'queued' || (action ?? dispatch.action) !== dispatch.action || !isAmong)
        continue;
      this.#end(dispatch);
      this.#host.withdrawn(node);
    }
  }

  /** Aborts the signal of the tasks that run. */
  abortRunning(reason: unknown): void {
    this.#stopping.abort(reason);
  }

  /** Of what came through the outbox: the executor has one less that it has not begun. */
  #noteBegun({ kind }: AtomNode): void {
    if (kind !== 'task') return;
    this.#outbox.noteBegun();
    if (this.#outbox.isLow) this.#inbox.wake();
  }

  #prepare(dispatch: Dispatch): ReturnType<typeof prepareArguments> | null {
    const { node, action } = dispatch;
    try {
      return prepareArguments(node, action, this.#storage);
    } catch (thrown) {
      this.#end(dispatch);
      this.#put(node, action, { kind: 'refused', failure: failureFrom(thrown) });
      return null;
    }
  }

  /** Retries run on this thread; the next attempt waits for its time, and holds up nothing else. */
  #performHere(node: RetryNode, action: Action): void {
    const dispatch = this.#newDispatch(node, action);
    if (this.#commits === null) this.#perform(dispatch, node);
    else this.#afterCommit(this.#commits, dispatch, () => this.#perform(dispatch, node));
  }

  #perform(dispatch: Dispatch, node: RetryNode): void {
    const { action } = dispatch;
    const args = this.#prepare(dispatch);
    if (args === null) return;
    const { state, retryAt } = this.#storage.recordAt(node);
    const pause = action === 'execute' && state === 'RETRYING' ? retryAt - this.#clock.wall() : 0;
    const perform = async (): Promise<Outcome> => {
      if (pause > 0) await this.#sleep(pause, dispatch);
      if (!(await dispatch.begin())) return { kind: 'withdrawn' };
      return performRetry(node, action, args, this.#storage);
    };
    this.#await(dispatch, perform());
  }

  get #clock(): Clock {
    return this.#executor.clock ?? realClock;
  }

  /** Resolves after so many ms; never, when the dispatch is withdrawn before. */
  #sleep(ms: number, dispatch: Dispatch): Promise<void> {
    return new Promise((resolve) => {
      dispatch.callOff = this.#clock.after(ms, resolve);
    });
  }

  #newDispatch(node: TaskNode | RetryNode, action: Action): Dispatch {
    const dispatch = new Dispatch(node, action, this.#source, this.#host);
    this.#dispatches.add(dispatch);
    return dispatch;
  }

  #await(dispatch: Dispatch, outcome: Coming): void {
    outcome.then(
      (arrived) => this.#arrived(dispatch, arrived),
      (thrown: unknown) => this.#failed(dispatch, thrown),
    );
  }

  #arrived(dispatch: Dispatch, outcome: Outcome): void {
    if (dispatch.state === 'over') return;
    const { node, action } = dispatch;
    let checked: Completion['outcome'];
    try {
      checked = checkOutcome(outcome, dispatch);
    } catch (thrown) {
      checked = broken(node, action, thrown);
    }
    this.#end(dispatch);
    this.#put(node, action, checked);
  }

  #failed(dispatch: Dispatch, thrown: unknown): void {
    if (dispatch.state === 'over') return;
    const { node, action } = dispatch;
    this.#end(dispatch);
    this.#put(node, action, broken(node, action, thrown));
  }

  #put(node: AtomNode, action: Action, outcome: Completion['outcome']): void {
    this.#inbox.put({ kind: 'completion', node, action, outcome });
  }

  #end(dispatch: Dispatch): void {
    if (dispatch.state === 'queued') {
      this.#noteBegun(dispatch.node);
      if (dispatch.action === 'execute') this.#storage.noteSent(dispatch.node, false);
    }
    dispatch.state = 'over';
    dispatch.callOff?.();
    this.#dispatches.delete(dispatch);
  }
}

function executedOf({ result, failure }: AtomRecord): Executed {
  return failure === null ? { kind: 'result', value: result } : { kind: 'failure', failure };
}

/** An outcome from an executor that others wrote may be anything. */
function checkOutcome(outcome: unknown, { node, action, state }: Dispatch): Completion['outcome'] {
  const flaw = flawOf(outcome, action, state === 'begun');
  if (flaw === null) return outcome as Completion['outcome'];
  return broken(node, action, new TypeError(flaw));
}

function flawOf(outcome: unknown, action: Action, begun: boolean): string | null {
  if (typeof outcome !== 'object' || outcome === null) return `It answered with ${describe(outcome)}.`;
  const { kind, absent, failure, result } = outcome as Readonly<Record<string, unknown>>;
  const good = action === 'execute' ? 'executed' : 'reverted';
  const bad = action === 'execute' ? 'failed' : 'revert-failed';
  if (kind !== good && kind !== bad && kind !== 'refused')
    return `It answered with an outcome of the kind ${describe(kind)}.`;
  if (kind !== 'refused' && !begun) return 'It did not call begin().';
  if (kind !== good) return isFailure(failure) ? null : 'Its outcome lacks a failure, as data.';
  if (kind === 'executed' && !Array.isArray(absent)) return 'Its outcome lacks the list absent.';
  return isValue(result) ? null : 'The result of its outcome is not closed.';
}

function broken({ name }: AtomNode, action: Action, cause: unknown): Completion['outcome'] {
  const message = `The task executor could not ${action} task '${name}': it must answer with an outcome.`;
  const failure = failureFrom(
    new TaskloomError('EXECUTOR_FAILED', message, { details: { atom: name }, cause }),
  );
  return { kind: action === 'execute' ? 'failed' : 'revert-failed', failure, elapsed: 0 };
}
