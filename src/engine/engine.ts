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
import { checkOptions } from '../options.ts';
import { refuseWhileLoading } from '../protocol/loading.ts';
import { type EngineState, RESETTABLE } from '../states.ts';
import { newKeptFlow } from '../storage/kept-flow.ts';
import { Storage } from '../storage/storage.ts';
import { abortError } from './ending.ts';
import { checkListener, type EngineEvents, type ListenOptions } from './events.ts';
import type { LoopParts } from './loop-parts.ts';
import { Moves } from './moves.ts';
import { type AnyEngineOptions, checkEngineOptions, chooseExecutor } from './options.ts';
import { closed, isRunning, locked, wrongPhase } from './refusals.ts';
import { Run } from './one-run.ts';
import { Selector } from './selector.ts';
import { RunClock, type Statistics, statisticsOf } from './statistics.ts';
import { goThrough, stepThrough } from './steps.ts';
import { validateStore, validateSymbols } from './validation.ts';

export class Engine<U = AnyUnit> implements AsyncDisposable {
  /** Names this run. */
  readonly flowId: string;
  readonly #root: AnyUnit;
  /** Made before, perhaps for many engines; null: this engine compiles the flow. */
  readonly #given: Compilation | null;
  readonly #options: AnyEngineOptions;
  readonly #notifier = new Notifier<EngineEvents>();
  readonly #clock = new RunClock();
  #parts: LoopParts | null = null;
  #prepared = false;
  #executor: { readonly executor: TaskExecutor; readonly owned: boolean } | null = null;
  /** The run that is going on: settles when it has ended, whatever its end. */
  #ended: Promise<unknown> | null = null;
  #run: Run | null = null;
  /** A suspend that came while the executor was starting. */
  #suspendSoon = false;
  #closed = false;
  readonly #closing: Promise<void>;
  #announceClose: () => void = () => {};

  /** Use `createEngine`, which knows the flow's types. */
  constructor(flow: AnyUnit | Compilation, options: AnyEngineOptions, place: string) {
    refuseWhileLoading();
    this.#given = isCompilation(flow) ? flow : null;
    this.#root = isCompilation(flow) ? flow.root : flow;
    checkUnit(this.#root, place);
    checkEngineOptions(options, place);
    this.#options = options;
    this.flowId = options.flowId ?? newId();
    this.#closing = new Promise((resolve) => {
      this.#announceClose = resolve;
    });
  }

  /** What the run knows: states, results, failures, values of symbols. Compiles the flow first. @throws as `compile` */
  get storage(): Storage {
    return this.#compiled().storage;
  }

  /** The execution graph. Compiles the flow first. @throws as `compile` */
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
   * @throws TaskloomError ENGINE_STATE_INVALID before `compile`; ATOM_KIND_CHANGED, VERSION_CHANGED; VALUE_NOT_ENCODABLE,
   * VALUE_TOO_LARGE
   */
  prepare(): void {
    if (this.#parts === null) throw wrongPhase(this.#root.name, 'prepare', 'compile');
    const { storage, moves } = this.#parts;
    const { store, onVersionChange = 'keep', injectTransient = true } = this.#options;
    for (const node of storage.adopt(onVersionChange)) moves.resetAtom(node);
    if (storage.flowState === 'REVERTED') resetAll(this.#parts);
    if (this.#prepared) return;
    storage.inject({ ...store });
    if (!injectTransient) storage.keepInjected();
    this.#prepared = true;
  }

  /**
   * Checks that every required symbol has somebody who gives it, and that the values of the store fit the schemas of the
   * tasks that take them.
   *
   * @returns a promise where a schema answers later, which rejects with VALUE_INVALID; else undefined
   * @throws TaskloomError ENGINE_STATE_INVALID before `prepare`; MISSING_DEPENDENCIES, SYMBOL_NOT_FOUND; VALUE_INVALID
   */
  validate(): undefined | Promise<void> {
    if (this.#parts === null || !this.#prepared) throw wrongPhase(this.#root.name, 'validate', 'prepare');
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
    const unlock = this.#lock();
    try {
      const run = await this.#start();
      for (const loop of run.loops()) await goThrough(loop, this.#clock);
      return run.results() as GivesOf<U>;
    } finally {
      this.#unlock(unlock);
    }
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
    const unlock = this.#lock();
    try {
      const run = await this.#start();
      for (const loop of run.loops()) yield* stepThrough(loop, this.#clock);
      return run.results() as GivesOf<U>;
    } finally {
      this.#unlock(unlock);
    }
  }

  /**
   * Lets running tasks end and starts no more; the run then resolves and the flow is SUSPENDED, if something is left to
   * do. Ignored when the flow isn't RUNNING.
   *
   * @throws TaskloomError ENGINE_STATE_INVALID before `compile`
   */
  suspend(): void {
    if (this.#parts === null) throw wrongPhase(this.#root.name, 'suspend', 'compile');
    this.#suspendSoon = this.#run === null && this.#ended !== null;
    this.#run?.suspend();
  }

  /**
   * Puts the flow and all its atoms back to PENDING, whatever they were, so that the next run starts anew.
   *
   * @throws TaskloomError ENGINE_STATE_INVALID before `prepare`, or while the flow runs; then nothing is changed
   */
  reset(): void {
    if (this.#parts === null || !this.#prepared) throw wrongPhase(this.#root.name, 'reset', 'prepare');
    const { storage } = this.#parts;
    if (this.#ended !== null || !RESETTABLE.includes(storage.flowState)) {
      throw isRunning(storage.flowName);
    }
    resetAll(this.#parts);
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
   * @param options - `timeout`: ms after which tasks that still run are given up; on an executor that isn't this
   * engine's own they go on, and are not waited for
   * @throws TaskloomError OPTION_INVALID
   */
  async close(options: StopOptions = {}): Promise<void> {
    checkOptions(options, STOP_RULES, 'close()');
    this.#closed = true;
    this.#announceClose();
    this.#run?.close();
    if (this.#executor?.owned) {
      await this.#executor.executor.stop(options);
      await this.#ended;
    } else {
      await atMost(this.#ended, options.timeout);
    }
    this.#parts?.storage.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #compiled(): LoopParts {
    if (this.#parts === null) {
      const compilation = this.#given ?? compile(this.#root);
      const kept = this.#options.backend?.open(this.flowId) ?? newKeptFlow();
      const storage = new Storage(compilation, this.flowId, kept);
      const selector = new Selector(compilation, (node) => storage.recordAt(node));
      const moves = new Moves(storage, selector, this.#notifier);
      this.#parts = { compilation, storage, selector, moves, notifier: this.#notifier };
    }
    return this.#parts;
  }

  /** Refuses a second run at once. Returns what lets the next one in. */
  #lock(): () => void {
    if (this.#closed) throw closed(this.#root.name);
    if (this.#ended !== null) throw locked(this.#root.name);
    let announce = (): void => {};
    this.#ended = new Promise<void>((resolve) => {
      announce = resolve;
    });
    return () => {
      this.#ended = null;
      announce();
    };
  }

  #unlock(announce: () => void): void {
    this.#run = null;
    this.#parts?.storage.release(this);
    announce();
  }

  /** All that comes before the loop. */
  async #start(): Promise<Run> {
    const parts = this.#compiled();
    const { storage } = parts;
    this.#suspendSoon = false;
    storage.claim(this);
    this.prepare();
    const validated = this.validate();
    if (validated !== undefined) {
      await Promise.race([validated, this.#closing]);
      if (this.#closed) throw closed(storage.flowName);
    }
    const { signal } = this.#options;
    const found = storage.flowState;
    if (signal?.aborted && found === 'PENDING') throw abortError(storage, signal.reason);
    this.#executor ??= chooseExecutor(this.#options);
    const { executor } = this.#executor;
    const started = executor.start();
    if (started !== undefined) await Promise.race([started, this.#closing]);
    if (this.#closed) throw closed(storage.flowName);
    this.#run = new Run(parts, executor, this.#options, found);
    if (this.#suspendSoon) this.#run.suspend();
    return this.#run;
  }
}

function resetAll({ compilation, moves }: LoopParts): void {
  for (const node of compilation.atoms.values()) moves.resetAtom(node);
  moves.resetFlow();
}
