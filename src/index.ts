/** The public list: define, run, hear, and what can go wrong. `taskloom/testing` has the executor for tests. */

// Define.
export type { AnyServices, Context, Log, LogLevel, Services } from './flow/context.ts';
export type { Decider, Depth, LinkOptions } from './flow/decider.ts';
export type { Again, DefinedTask, Listed, Provides, Schemas, Spec, SpecOf } from './flow/definition.ts';
export type { ResolveOptions } from './flow/auto-links.ts';
export type { Flow } from './flow/flow.ts';
export {
  type MappedArguments,
  mapArguments,
  type ReducedArguments,
  reduceArguments,
} from './flow/functors.ts';
export { type GraphFlow, graph } from './flow/graph.ts';
export { type LinearFlow, linear } from './flow/linear.ts';
export type { Attempt, CausedByOptions, History } from './flow/history.ts';
export {
  type Items,
  type ItemSource,
  type MapOptions,
  map,
  type Reduction,
  type TaskMap,
} from './flow/map.ts';
export {
  alwaysRevert,
  alwaysRevertAll,
  type Decision,
  type DelayOptions,
  forEach,
  parameterizedForEach,
  type Retry,
  type RetryDefinition,
  type RetryOptions,
  retry,
  times,
} from './flow/retry.ts';
export type { Argument, GivesOf, NeedsOf, Nothing, Provided, ResultOf, Take } from './flow/symbols.ts';
export { type DefineTask, type Task, task, taskModule } from './flow/task.ts';
export type {
  AnyAtom,
  AnyFlow,
  AnyMap,
  AnyRetry,
  AnyTask,
  AnyUnit,
  Link,
  Undo,
  Validators,
  Work,
} from './flow/unit.ts';
export type { Addable, FlowOptions } from './flow/unit-list.ts';
export { symbolsOf, type UnitSymbols } from './flow/unit-symbols.ts';
export { type UnorderedFlow, unordered } from './flow/unordered.ts';

// Run.
export { type Compilation, compile } from './compile/compilation.ts';
export type {
  AtomNode,
  FlowNode,
  ItemNodes,
  ItemPlace,
  MapNode,
  Node,
  RetryNode,
  Source,
  TaskNode,
} from './compile/node.ts';
export type { Engine } from './engine/engine.ts';
export type { Keep } from './engine/keeping.ts';
export type { EngineOptions, EngineSettings } from './engine/options.ts';
export {
  loadEngine,
  type OnFlowChange,
  type ResumeOptions,
  resume,
  saveFactory,
} from './engine/factory.ts';
export type { FlowFactory } from './engine/kept-factory.ts';
export type { RewindOptions } from './engine/preparation.ts';
export { createEngine, run } from './engine/run.ts';
export type { Statistics } from './engine/statistics.ts';
export { type SerialOptions, SerialTaskExecutor } from './executor/serial.ts';
export type { ThreadPoolOptions } from './executor/pool-options.ts';
export { ThreadPoolTaskExecutor } from './executor/threads.ts';
export type { FetchOptions } from './storage/fetch-options.ts';
export type { OnVersionChange } from './storage/adopt.ts';
export type { AtomRecord } from './storage/atom-record.ts';
export type { AtomKnown, Storage } from './storage/storage.ts';
export type { InjectOptions } from './storage/store-values.ts';

// Keep.
export type {
  AtomQuery,
  Backend,
  ClaimRequest,
  FlowChanges,
  FlowQuery,
} from './persistence/backend.ts';
export { memory } from './persistence/memory.ts';
export { openBackend } from './persistence/open.ts';
export type {
  AtomDetail,
  AtomWithoutResult,
  DurationDetail,
  Factory,
  FlowDetail,
  FlowWithoutOutline,
  LogbookDetail,
  Owner,
} from './persistence/records.ts';
export { type SqliteBackend, type SqliteOptions, sqlite } from './persistence/sqlite.ts';

// Hear.
export type {
  AtomEvent,
  EngineEvents,
  FlowEvent,
  ListenOptions,
  LogEvent,
  NoticeEvent,
  ProgressEvent,
} from './engine/events.ts';
export { type Capture, type CapturedEvent, captureEvents } from './listeners/capture-events.ts';
export { type FormatFailureOptions, formatFailure } from './listeners/format-failure.ts';
export { type LogEventsOptions, type LogLevels, logEvents } from './listeners/log-events.ts';
export { type PrintEventsOptions, printEvents } from './listeners/print-events.ts';
export { recordDurations, recordTimestamps } from './listeners/record-times.ts';
export type { Stop } from './listeners/stop.ts';
export type { Listener } from './notifier.ts';
export { type DotOptions, toDot } from './report/dot.ts';
export type { AtomState, EngineState, FlowState, Intention } from './states.ts';

// What can go wrong.
export { ERROR_CODES, type ErrorCode, TaskloomError } from './errors.ts';
export { type Failure, failureFrom } from './failure.ts';
export { errorFrom, registerError, WrappedFailure } from './revival.ts';

// For executors of your own.
export type {
  Call,
  Coming,
  Learned,
  LearnedDurations,
  StopOptions,
  TaskExecutor,
} from './executor/executor.ts';
export type { StopSignal } from './following.ts';
export type { Closed, ClosedList, Value } from './protocol/codec.ts';
export type { Executed, Identity, Outcome, PreparedArgument, WorkEvent } from './protocol/messages.ts';
