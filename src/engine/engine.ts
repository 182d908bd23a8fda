/**
 * Runs one flow to its end. Alone changes states and decides what a failure means; the work is done elsewhere.
 *
 *   compile ─▶ prepare ─▶ validate ─▶ run (engine/loop.ts) ─▶ results, or the error
 */
import { type Compilation, compile, isCompilation } from '../compile/compilation.ts';
import { atMost } from '../executor/clock.ts';
import { STOP_RULES, type StopOptions, type TaskExecutor } from '../executor/executor.ts';
import { checkUnit } from '../flow/recognise.ts';
import type { GivesOf, NeedsOf } from '../flow/symbols.ts';
import type { AnyUnit } from '../flow/unit.ts';
import { newId } from '../ids.ts';
import { type Listener, Notifier } from '../notifier.ts';
import { A_NAME, checkOptions } from '../options.ts';
import { refuseWhileLoading } from '../protocol/loading.ts';
import type { EngineState } from '../states.ts';
import type { Storage } from '../storage/storage.ts';
import type { Commits } from './commits.ts';
import { type EngineBackend, openEngineBackend } from './engine-backend.ts';
import { refuseAborted } from './ending.ts';
import { checkListener, type EngineEvents, type ListenOptions } from './events.ts';
import { type LoopParts, newLoopParts } from './loop-parts.ts';
import { type AnyEngineOptions, checkEngineOptions, chooseExecutor } from './options.ts';
import { isRunning, wrongPhase } from './refusals.ts';
import { Lock } from './lock.ts';
import { Run } from './one-run.ts';
import { Preparation, type RewindOptions } from './preparation.ts';
import { RunClock, type Statistics, statisticsOf } from './statistics.ts';
import { goThrough, stepThrough } from './steps.ts';
import type { Turn } from './turns.ts';
import { UntoldEnd } from './untold-end.ts';
import { validateStore, validateSymbols } from './validation.ts';

export class Engine<U = AnyUnit> implements AsyncDisposable {
  readonly flowId: string;
  readonly #root: AnyUnit;
  readonly #given: Compilation | null;
  readonly #options: AnyEngineOptions;
  readonly #backend: EngineBackend | null;
  readonly #notifier = new Notifier<EngineEvents>();
  readonly #clock = new RunClock();
  #parts: LoopParts | null = null;
  #preparation: Preparation | null = null;
  #executor: { readonly executor: TaskExecutor; readonly owned: boolean } | null = null;
  readonly #lock: Lock;
  #run: Run | null = null;
  readonly #untold = new UntoldEnd();
  /** A suspend that came before the run had begun. */
  #suspendSoon = false;

  /** Use `createEngine`, which knows the flow's types. */
  constructor(flow: AnyUnit | Compilation, options: AnyEngineOptions, place: string, turn?: Turn) {
    refuseWhileLoading();
    this.#given = isCompilation(flow) ? flow : null;
    this.#root = isCompilation(flow) ? flow.root : flow;
    checkUnit(this.#root, place);
    checkEngineOptions(options, place);
    this.#options = options;
    this.#backend = openEngineBackend(options);
    this.flowId = options.flowId ?? newId();
    this.#lock = new Lock(this.#root.name, turn);
  }

  /** What the run knows: states, results, failures, values of symbols. Compiles the flow first. @throws as `compile` */
  get storage(): Storage {
    return this.#compiled().storage;
  }

  /** The execution graph, of the flow compiled first. @throws as `compile` */
  get compilation(): Compilation<NeedsOf<U>, GivesOf<U>> {
    return this.#compiled().compilation as Compilation<NeedsOf<U>, GivesOf<U>>;
  }

  /** How far the flow is, and what this engine spent its time on, over all its runs. @throws as `compile` */
  get statistics(): Statistics {
    const { compilation, storage, moves } = this.#compiled();
    return statisticsOf(compilation, storage, this.#clock, this.#options.neverResolve ? 0 : moves.failures);
  }

  /**
   * Flattens the flow into its execution graph, once, unless it was given one. What is added to the flow afterwards is not seen.
   *
   * @throws TaskloomError UNIT_INVALID, FLOW_CONTAINS_ITSELF, UNIT_TWICE, DUPLICATE_NAME
   */
  compile(): void {
    this.#compiled();
  }

  /**
   * Takes up what is kept of the flow, resets one that was reverted, and puts the store's values into the storage, once.
   *
   * @returns a promise where there is a backend, which rejects with what that throws too; else undefined
   * @throws TaskloomError ENGINE_STATE_INVALID; ATOM_KIND_CHANGED, VERSION_CHANGED; VALUE_NOT_ENCODABLE, VALUE_TOO_LARGE
   */
  prepare(): undefined | Promise<void> {
    if (this.#preparation === null) throw wrongPhase(this.#root.name, 'prepare', 'compile');
    return this.#preparation.look();
  }

  /**
   * Checks that every required symbol has somebody who gives it, and that the values of the store fit the schemas of the
   * tasks that take them.
   *
   * @returns a promise where a schema answers later, which rejects with VALUE_INVALID; else undefined
   * @throws TaskloomError ENGINE_STATE_INVALID before `prepare`; MISSING_DEPENDENCIES, SYMBOL_NOT_FOUND; VALUE_INVALID
   */
  validate(): undefined | Promise<void> {
    if (this.#parts === null || !this.#preparation?.isDone)
      throw wrongPhase(this.#root.name, 'validate', 'prepare');
    validateSymbols(this.#parts.compilation, this.#parts.storage);
    return validateStore(this.#parts.compilation, this.#parts.storage);
  }

  /**
   * Compiles, prepares and validates, then runs the flow to its end. A flow that was suspended goes on; one that was
   * reverted starts anew; one that is done returns its results.
   *
   * @returns every provided symbol, by its nearest provider as a task after the flow would see it (the store aside); of a suspended flow, those that there are; nothing with `keep: 'none'`
   * @throws the task's own error when one atom failed; WrappedFailure when several did; TaskloomError FLOW_ABORTED,
   * ENGINE_LOCKED, ENGINE_CLOSED, EXECUTOR_CLOSED, and what `compile`, `prepare` and `validate` throw
   */
  async run(): Promise<GivesOf<U>> {
    return this.#alone(async () => {
      const run = await this.#start();
      await this.#goThrough(run);
      return run.results() as GivesOf<U>;
    });
  }

  /**
   * Takes back all that ran, whatever became of the flow, and leaves it REVERTED.
   *
   * @throws (rejects) the errors of the reverts that failed; and what `run` throws before anything runs
   */
  async revert(): Promise<void> {
    return this.#alone(async () => {
      const run = await this.#start({ tells: false });
      run.takeBack();
      await this.#goThrough(run);
      run.checkReverted();
    });
  }

  /**
   * Runs as `run` does, step by step: yields what the engine does (RESUMING, SCHEDULING, WAITING, ANALYZING), last the
   * state in which the flow ended, and returns the results. Nothing goes on before the next step is asked for, but for
   * tasks that run. `next(true)` suspends; `return()` suspends and waits for what runs; `throw(error)` ends the flow in
   * FAILURE, and rejects with that error.
   *
   * @throws as `run` does
   */
  async *runIter(): AsyncGenerator<EngineState, GivesOf<U>, boolean | undefined> {
    const unlock = this.#lock.enter();
    try {
      const run = await this.#start();
      for (const loop of run.loops()) yield* stepThrough(loop, this.#clock);
      await this.#untold.settle(run, this.#commits);
      return run.results() as GivesOf<U>;
    } finally {
      await this.#leave(unlock);
    }
  }

  /**
   * Lets running tasks end and starts no more; the run then resolves and the flow is SUSPENDED, if something is left to
   * do. Ignored when the flow isn't RUNNING.
   *
   * @throws TaskloomError ENGINE_STATE_INVALID before `compile`
   */
  suspend(): void {
    this.#suspendSoon = this.#run === null && this.#lock.ended !== null;
    if (this.#parts === null && !this.#suspendSoon) throw wrongPhase(this.#root.name, 'suspend', 'compile');
    this.#run?.suspend();
  }

  /**
   * Puts the flow and all its atoms back to PENDING, whatever they were, so that the next run starts anew.
   *
   * @returns a promise where there is a backend, else undefined
   * @throws TaskloomError ENGINE_STATE_INVALID before `prepare`, or while the flow runs; then nothing is changed. With a
   * backend (rejects with) FLOW_OWNED, and what that throws
   */
  reset(): undefined | Promise<void> {
    return this.#change('reset', (preparation) => preparation.reset());
  }

  /**
   * Puts back to PENDING what failed or was reverted, and all that lies behind it, so that the next run goes on from there.
   * What is SUCCESS stays so, and nothing is reverted.
   *
   * @param options - `from`: an atom that is put back with all that lies behind it, whatever they are
   * @returns as `reset`
   * @throws as `reset`; TaskloomError ATOM_NOT_FOUND, OPTION_INVALID; then nothing is changed
   */
  rewind(options: RewindOptions = {}): undefined | Promise<void> {
    checkOptions(options, { from: A_NAME }, 'rewind()');
    return this.#change('rewind', (preparation) => preparation.rewind(options.from));
  }

  /**
   * Calls `listener` at each event of this kind, or at those of one atom; a function that is registered twice is called
   * twice. Returns what stops it. A listener can't change the run.
   *
   * @throws TaskloomError OPTION_INVALID
   */
  on<K extends keyof EngineEvents>(
    kind: K,
    listener: Listener<EngineEvents[K]>,
    options: ListenOptions<K> = {},
  ): () => void {
    return this.#notifier.on(kind, listener, checkListener(kind, listener, options));
  }

  /**
   * Suspends a run that is going on, waits for its end, and stops the threads that are this engine's own. Any number
   * of times.
   *
   * @param options - `timeout`: ms after which tasks that still run are given up, to be executed again when the flow is; on an
   * executor that isn't this engine's own they go on, and are not waited for
   * @throws TaskloomError OPTION_INVALID
   */
  async close(options: StopOptions = {}): Promise<void> {
    checkOptions(options, STOP_RULES, 'close()');
    this.#lock.close();
    this.#run?.close();
    if (this.#executor?.owned) {
      await this.#executor.executor.stop(options);
      await this.#lock.ended;
    } else {
      await atMost(this.#lock.ended, options.timeout);
    }
    this.#parts?.storage.close();
    await this.#commits?.close();
    await this.#backend?.closeOwn();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #compiled(): LoopParts {
    if (this.#parts === null) {
      const compilation = this.#given ?? compile(this.#root);
      const commits = this.#backend?.commits(this.flowId, {
        failed: (error, isLost) => this.#run?.storageFailed(error, isLost),
        asked: () => this.suspend(),
      });
      this.#parts = newLoopParts(compilation, this.flowId, this.#notifier, commits ?? null);
      this.#preparation = new Preparation(this.#parts, this.#options);
    }
    return this.#parts;
  }

  get #commits(): Commits | null {
    return this.#parts?.commits ?? null;
  }

  /** Changes what is known of the flow while nobody runs it. */
  #change(method: string, change: (preparation: Preparation) => void): undefined | Promise<void> {
    const preparation = this.#preparation;
    if (!preparation?.isDone) throw wrongPhase(this.#root.name, method, 'prepare');
    if (this.#lock.ended !== null) throw isRunning(this.#root.name);
    if (this.#commits === null) return void change(preparation);
    return this.#alone(async () => {
      await preparation.claim();
      preparation.adopt();
      this.#untold.take(false, null);
      change(preparation);
      this.#commits?.begin();
      await this.#commits?.settle();
    });
  }

  /** Keeps other runs out meanwhile, of this engine and of others. */
  async #alone<T>(action: () => Promise<T>): Promise<T> {
    const unlock = this.#lock.enter();
    try {
      return await action();
    } finally {
      await this.#leave(unlock);
    }
  }

  async #leave(unlock: () => void): Promise<void> {
    if (this.#commits !== null) await this.#commits.release();
    this.#run = null;
    unlock();
  }

  async #goThrough(run: Run): Promise<void> {
    for (const loop of run.loops()) await goThrough(loop, this.#clock);
    await this.#untold.settle(run, this.#commits);
  }

  /** All that comes before the loop. `tells`: what an earlier run came to is enough, where nobody was told. */
  async #start({ tells } = { tells: true }): Promise<Run> {
    this.#suspendSoon = false;
    const turn = this.#lock.turn();
    if (turn !== undefined) await turn;
    const parts = this.#compiled();
    if (parts.commits !== null) await this.#preparation?.claim();
    const untold = this.#untold.take(tells && this.#preparation?.isDone === true, parts.commits);
    if (untold !== null) return untold;
    this.#preparation?.adopt();
    const validated = this.validate();
    if (validated !== undefined) await this.#lock.unlessClosed(validated);
    refuseAborted(parts.storage, this.#options.signal);
    this.#executor ??= chooseExecutor(this.#options);
    const { executor } = this.#executor;
    if (parts.commits !== null) await parts.commits.learn(parts.compilation, executor);
    const started = executor.start();
    if (started !== undefined) await Promise.race([started, this.#lock.closing]);
    this.#lock.checkOpen();
    parts.commits?.begin();
    this.#run = new Run(parts, executor, this.#options);
    if (this.#suspendSoon) this.#run.suspend();
    return this.#run;
  }
}
