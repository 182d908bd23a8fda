/** Deciders: on a link of a graph flow, one says whether what follows is to run (TaskFlow `deciders.py`). */
import { TaskloomError } from '../errors.ts';
import { checkOptions, type OptionRules } from '../options.ts';
import { describe } from './names.ts';

/**
 * Answers whether the atom behind the link may run; what is falsy means no.
 *
 * @param history - The results of the atoms that have deciding links to it, by name; without those that were ignored
 */
export type Decider = (history: Readonly<Record<string, unknown>>) => unknown;

const DEPTHS = ['ALL', 'FLOW', 'NEIGHBORS', 'ATOM'] as const;

/**
 * How far a no reaches. ALL: everything that depends on the atom. FLOW: the tasks behind it in its own flow.
 * NEIGHBORS: the tasks right behind it. ATOM: the atom alone. Of several the widest counts, in this order.
 */
export type Depth = (typeof DEPTHS)[number];

export interface LinkOptions {
  readonly decider?: Decider;
  /** Only with a decider. Default ALL. Upper or lower case. */
  readonly depth?: Depth | Lowercase<Depth>;
}

const RULES: OptionRules<LinkOptions> = {
  decider: { fits: (value) => typeof value === 'function', words: 'a function' },
  depth: {
    fits: (value) => typeof value === 'string' && DEPTHS.includes(value.toUpperCase() as Depth),
    words: DEPTHS.map((depth) => `'${depth}'`).join(', '),
  },
};

/** What a link decides: nothing, or by whom and how far. */
export interface Deciding {
  readonly decide: Decider;
  readonly depth: Depth;
}

/** @throws TaskloomError OPTION_INVALID */
export function readLinkOptions(options: LinkOptions, place: string): Deciding | null {
  checkOptions(options, RULES, place);
  const { decider, depth } = options;
  if (decider !== undefined) return { decide: decider, depth: (depth ?? 'ALL').toUpperCase() as Depth };
  if (depth === undefined) return null;
  throw new TaskloomError('OPTION_INVALID', `${place}: depth ${describe(depth)} needs a decider.`, {
    details: { place, option: 'depth' },
  });
}

/** The one of the depths that reaches furthest. */
export function widest(depths: readonly Depth[]): Depth {
  return DEPTHS.find((depth) => depths.includes(depth)) ?? 'ATOM';
}
