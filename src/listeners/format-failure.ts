/**
 * Says in a text what led to a failure: the error, then the failed atom and upwards all that ran before it, each with
 * what it was given and what it gave. Bounded, whatever the flow and the values are.
 *
 *   task 'charge' failed
 *   Error: card declined …
 *   task 'charge': FAILURE, intention REVERT
 *   │ requires { card: '***' }
 *   └─ task 'reserve': SUCCESS, intention REVERT
 *        provides { seat: 7 }
 */
import { inspect } from 'node:util';
import type { Compilation } from '../compile/compilation.ts';
import { type AtomNode, isAtom, type Node } from '../compile/node.ts';
import type { Failure } from '../failure.ts';
import { checkOptions, type OptionRules } from '../options.ts';
import { errorFrom } from '../revival.ts';
import type { Storage } from '../storage/storage.ts';
import { argumentsOf, type Discretion, isHidden, providedBy } from './atom-values.ts';
import { A_LIST_OF_NAMES, inLine, masked, oneLine } from './masking.ts';

export interface FormatFailureOptions {
  /** Atoms whose arguments and results aren't shown, neither there nor where another atom takes them. */
  readonly hide?: readonly string[] | undefined;
  /** Symbols, arguments, properties and Map keys, at any depth, whose values are shown as `***`, beside those of the engine's `secret`. */
  readonly mask?: readonly string[] | undefined;
}

/** What is shown of an engine. */
export interface Shown {
  readonly storage: Storage;
  readonly compilation: Compilation;
}

/** Failed atoms that one text describes. */
const FAILED = 10;
/** Atoms that one tree draws, and how far up. */
const ATOMS = 50;
const LEVELS = 20;
const ERROR_LINES = 60;

export const DISCRETION_RULES: OptionRules<FormatFailureOptions> = {
  hide: A_LIST_OF_NAMES,
  mask: A_LIST_OF_NAMES,
};

/**
 * Draws what led to the failure of an atom.
 *
 * @param atom - Its name. Without one, every atom that has failed is described, the first ten.
 * @returns several lines; when no atom has failed and none was named, an empty text
 * @throws TaskloomError ATOM_NOT_FOUND, OPTION_INVALID
 */
export function formatFailure(engine: Shown, atom?: string, options: FormatFailureOptions = {}): string {
  checkOptions(options, DISCRETION_RULES, 'formatFailure()');
  const { storage } = engine;
  const discretion = discretionOf(options, storage);
  if (atom !== undefined) return describe(storage.nodeOf(atom), storage, discretion);
  const failed = [...new Set([...storage.failures.keys(), ...storage.revertFailures.keys()])];
  const texts = failed.slice(0, FAILED).map((name) => describe(storage.nodeOf(name), storage, discretion));
  if (failed.length > FAILED) texts.push(`… and ${failed.length - FAILED} more atoms failed`);
  return texts.join('\n\n');
}

export function discretionOf(
  { hide = [], mask = [] }: FormatFailureOptions,
  { values }: Storage,
): Discretion {
  return { hide: new Set(hide), mask: new Set([...mask, ...values.store.secrets]) };
}

function describe(node: AtomNode, storage: Storage, discretion: Discretion): string {
  const { failure, revertFailure } = storage.recordAt(node);
  const who = `${kindOf(node)} '${oneLine(node.name)}'`;
  const lines: string[] = [];
  if (failure !== null) lines.push(`${who} failed`, ...errorLines(failure, discretion));
  if (revertFailure !== null)
    lines.push(`${who} could not be reverted`, ...errorLines(revertFailure, discretion));
  if (lines.length === 0) lines.push(`${who} has not failed`);
  new Tree(storage, discretion, lines).draw(node, '', '');
  return lines.join('\n');
}

function errorLines(failure: Failure, { mask }: Discretion): string[] {
  const text = inspect(masked(errorFrom(failure), mask), { depth: 5, customInspect: false });
  const lines = text.split('\n').map((line) => oneLine(line));
  return lines.length > ERROR_LINES ? [...lines.slice(0, ERROR_LINES), '…'] : lines;
}

class Tree {
  readonly #storage: Storage;
  readonly #discretion: Discretion;
  readonly #lines: string[];
  readonly #drawn = new Set<AtomNode>();

  constructor(storage: Storage, discretion: Discretion, lines: string[]) {
    this.#storage = storage;
    this.#discretion = discretion;
    this.#lines = lines;
  }

  /** Recursion is bounded by LEVELS. */
  draw(node: AtomNode, lead: string, below: string, level = 0): void {
    const { state, intention } = this.#storage.recordAt(node);
    const title = `${lead}${kindOf(node)} '${oneLine(node.name)}': ${state}, intention ${intention}`;
    if (this.#drawn.has(node)) {
      this.#lines.push(`${title} (see above)`);
      return;
    }
    this.#drawn.add(node);
    const before = atomsBefore(node);
    const stem = before.length > 0 ? '│ ' : '  ';
    this.#lines.push(title, ...this.#values(node).map((line) => `${below}${stem}${line}`));
    for (const [at, each] of before.entries()) {
      if (level >= LEVELS || this.#drawn.size >= ATOMS) {
        this.#lines.push(`${below}└─ … ${before.length - at} more before it`);
        return;
      }
      const last = at === before.length - 1;
      this.draw(each, `${below}${last ? '└─ ' : '├─ '}`, `${below}${last ? '   ' : '│  '}`, level + 1);
    }
  }

  #values(node: AtomNode): string[] {
    if (isHidden(node, this.#discretion)) return ['values hidden'];
    const requires = argumentsOf(node, this.#storage, this.#discretion);
    const provides = providedBy(node, this.#storage, this.#discretion) ?? {};
    const parts = Object.entries({ requires, provides });
    return parts
      .filter(([, values]) => Object.keys(values).length > 0)
      .map(([part, values]) => `${part} ${inLine(values)}`);
  }
}

function kindOf({ kind, item }: AtomNode): string {
  return item !== null && kind === 'task' ? 'item' : kind;
}

/** The atoms right before a node: the beginnings and ends of flows are passed through. */
function atomsBefore(node: AtomNode): AtomNode[] {
  const found: AtomNode[] = [];
  const seen = new Set<Node>();
  const ahead = [...node.predecessors];
  for (const each of ahead) {
    if (seen.has(each)) continue;
    seen.add(each);
    if (isAtom(each)) found.push(each);
    else for (const further of each.predecessors) ahead.push(further);
  }
  return found;
}
