/** Which value an argument has while a flow runs, and which values the flow has in the end (2.4). */
import type { Tree } from './tree.ts';
import {
  type Action,
  type AtomShape,
  injected,
  type Options,
  partOf,
  type State,
  stored,
  type Values,
} from './words.ts';

/** What must be known of an atom by name. */
export type Standing = (name: string) => { readonly state: State; readonly result: unknown };

export class Symbols {
  readonly #tree: Tree;
  readonly #options: Options;
  readonly #standing: Standing;

  constructor(tree: Tree, options: Options, standing: Standing) {
    [this.#tree, this.#options, this.#standing] = [tree, options, standing];
  }

  /** What the atom's code is called with. */
  argumentsOf(atom: AtomShape, action: Action): Values {
    return this.#valuesOf([...required(atom, action), ...optional(atom, action)], (symbol) =>
      this.lookUp(atom, symbol),
    );
  }

  /** True when a required one has no value. */
  lacks(atom: AtomShape, action: Action): boolean {
    return required(atom, action).some((symbol) => this.lookUp(atom, symbol) === undefined);
  }

  /** D10: its own, the store's, then the nearest provider's; undefined when nobody gives it. */
  lookUp(atom: AtomShape, symbol: string): unknown {
    if (atom.kind === 'task' && atom.inject.includes(symbol)) return injected(atom.name, symbol);
    if (this.#options.store.includes(symbol)) return stored(symbol);
    for (const level of this.#tree.scopes(atom)) {
      const given = this.#given(level, symbol);
      // The first level in which anybody gives it ends the walk.
      if (given.length > 0) return given.find((value) => value !== undefined);
    }
    return undefined;
  }

  /** DESIGN 2: every provided symbol, as a task after the whole flow would see it. */
  results(): Values {
    const nearest = this.#tree.atoms.toReversed();
    const symbols = nearest.flatMap(({ provides }) => provides);
    return this.#valuesOf(symbols, (symbol) =>
      this.#given(nearest, symbol).find((value) => value !== undefined),
    );
  }

  /** What each of them has under the symbol, undefined where its result lacks the part; ignored ones are skipped. */
  #given(providers: readonly AtomShape[], symbol: string): readonly unknown[] {
    return providers.flatMap((each) => {
      const { state, result } = this.#standing(each.name);
      const stands = each.provides.includes(symbol) && state !== 'IGNORE' && result !== undefined;
      return stands ? [partOf(each, result, symbol)] : [];
    });
  }

  /** D7: what nobody gives is absent. */
  #valuesOf(symbols: readonly string[], lookUp: (symbol: string) => unknown): Values {
    const values = symbols.map((symbol) => [symbol, lookUp(symbol)] as const);
    return Object.fromEntries(values.filter(([, value]) => value !== undefined));
  }
}

/** 1.1: those of revert are those of execute unless it has its own. */
function required(atom: AtomShape, action: Action): readonly string[] {
  const ofRevert = atom.kind === 'task' && action === 'revert' ? atom.revertRequires : null;
  return ofRevert ?? atom.requires;
}

function optional(atom: AtomShape, action: Action): readonly string[] {
  if (atom.kind === 'retry') return [];
  return action === 'revert' && atom.revertRequires !== null ? [] : atom.optional;
}
