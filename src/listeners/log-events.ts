/**
 * Logs state changes and what tasks log, by outcome: what goes well quietly, what fails aloud, with the tree of what led
 * to it.
 */
import type { AtomEvent } from '../engine/events.ts';
import type { Log, LogLevel } from '../flow/context.ts';
import { AN_OBJECT, checkOptions, type OptionRule, type OptionRules } from '../options.ts';
import type { AtomState, FlowState } from '../states.ts';
import { type Discretion, isHidden, providedBy } from './atom-values.ts';
import { atomLine, flowLine, type Heard } from './event-lines.ts';
import {
  DISCRETION_RULES,
  discretionOf,
  type FormatFailureOptions,
  formatFailure,
  type Shown,
} from './format-failure.ts';
import { masked, oneLine } from './masking.ts';
import { type Stop, stopOf } from './stop.ts';

/** The level of each state; null for those that aren't logged. */
export interface LogLevels {
  readonly flow?: Partial<Readonly<Record<FlowState, LogLevel | null>>> | undefined;
  readonly atom?: Partial<Readonly<Record<AtomState, LogLevel | null>>> | undefined;
}

export interface LogEventsOptions extends FormatFailureOptions {
  /** Where to: `console`, or a logger with these four methods, called as `info(message, details)`. */
  readonly log: Log;
  /**
   * Other levels than the usual: `info` for SUCCESS, IGNORE and SUSPENDED, `warn` for FAILURE of an atom, REVERTED and
   * RETRYING, `error` for REVERT_FAILURE and FAILURE of the flow, `debug` for all that is passed through, and for items of
   * maps that do not fail.
   */
  readonly levels?: LogLevels | undefined;
}

const FLOW_LEVELS: Readonly<Record<FlowState, LogLevel>> = {
  PENDING: 'debug',
  RUNNING: 'debug',
  SUCCESS: 'info',
  FAILURE: 'error',
  REVERTED: 'warn',
  SUSPENDING: 'debug',
  SUSPENDED: 'info',
  RESUMING: 'debug',
};
const ATOM_LEVELS: Readonly<Record<AtomState, LogLevel>> = {
  PENDING: 'debug',
  RUNNING: 'debug',
  SUCCESS: 'info',
  FAILURE: 'warn',
  REVERTING: 'debug',
  REVERTED: 'warn',
  REVERT_FAILURE: 'error',
  RETRYING: 'warn',
  PARTIAL: 'debug',
  IGNORE: 'info',
};
const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

const A_LOG: OptionRule = {
  fits: (value) => LEVELS.every((level) => typeof Object(value)[level] === 'function'),
  words: 'an object with the functions debug, info, warn and error',
};
const A_LEVEL: OptionRule = {
  fits: (value) => value === null || LEVELS.includes(value as LogLevel),
  words: `${LEVELS.map((each) => `'${each}'`).join(' or ')}, or null`,
};

/**
 * Logs each state that the flow and its atoms enter, with what an atom gave, and the log lines of tasks.
 *
 * @returns what stops it
 * @throws TaskloomError OPTION_INVALID
 */
export function logEvents(engine: Heard & Shown, options: LogEventsOptions): Stop {
  check(options);
  const { log, levels = {} } = options;
  // What is secret may be said to an engine before each of its runs.
  const discretion = () => discretionOf(options, engine.storage);
  const { flow = {}, atom = {} } = levels;
  // What the logger answers is handed back, so that its rejection is reported like a throw.
  return stopOf(
    engine.on('flow', (event) => {
      const level = chosen(flow[event.state], FLOW_LEVELS[event.state]);
      return level === null ? undefined : log[level](flowLine(event), { flowId: event.flowId });
    }),
    engine.on('atom', (event) => {
      const level = chosen(atom[event.state], usualLevel(event));
      if (level === null) return undefined;
      const failed = event.state === 'FAILURE' || event.state === 'REVERT_FAILURE';
      const tree = failed
        ? `\n${formatFailure(engine, event.name, { hide: options.hide, mask: options.mask })}`
        : '';
      return log[level](`${atomLine(event)}${tree}`, detailsOf(event, engine, discretion()));
    }),
    engine.on('log', ({ name, flowId, level, message, details }) => {
      const said = discretion();
      const isShown = details !== undefined && !isHidden(engine.storage.nodeOf(name), said);
      const shown = isShown ? { details: masked(details, said.mask) } : {};
      return log[level](`task '${oneLine(name)}': ${message}`, { flowId, ...shown });
    }),
  );
}

/** Of items, of which there can be many, only what fails is loud. */
function usualLevel({ kind, state }: AtomEvent): LogLevel {
  const isLoud = state === 'FAILURE' || state === 'REVERT_FAILURE';
  return kind === 'item' && !isLoud ? 'debug' : ATOM_LEVELS[state];
}

/** Null is a choice: not at all. */
function chosen(level: LogLevel | null | undefined, usual: LogLevel): LogLevel | null {
  return level === undefined ? usual : level;
}

/** What goes with the line, as data: where a state comes with a value, that too. */
function detailsOf(event: AtomEvent, { storage }: Shown, discretion: Discretion): object {
  const { name, flowId, elapsed, state } = event;
  const about = { flowId, ...(elapsed === null ? {} : { elapsed }) };
  if (state !== 'SUCCESS' && state !== 'REVERTED') return about;
  const node = storage.nodeOf(name);
  if (isHidden(node, discretion)) return about;
  if (state === 'SUCCESS') return { ...about, provides: providedBy(node, storage, discretion) ?? {} };
  const { result } = event;
  return result === undefined ? about : { ...about, result: masked(result, discretion.mask) };
}

function check(options: LogEventsOptions): void {
  const place = 'logEvents()';
  checkOptions(options, { ...DISCRETION_RULES, log: A_LOG, levels: AN_OBJECT }, place);
  if (options.log === undefined) checkOptions({ log: null }, { log: A_LOG }, place);
  const { levels = {} } = options;
  checkOptions(levels, { flow: AN_OBJECT, atom: AN_OBJECT }, `levels of ${place}`);
  checkOptions(levels.flow ?? {}, rulesFor(FLOW_LEVELS), `levels.flow of ${place}`);
  checkOptions(levels.atom ?? {}, rulesFor(ATOM_LEVELS), `levels.atom of ${place}`);
}

function rulesFor<S extends string>(levels: Readonly<Record<S, LogLevel>>): OptionRules<Record<S, unknown>> {
  const rules = Object.keys(levels).map((state) => [state, A_LEVEL]);
  return Object.fromEntries(rules) as OptionRules<Record<S, unknown>>;
}
