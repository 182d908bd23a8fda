/** What deciders say of an atom that is ready, and how far a "no" reaches (2.7). */
import { isDeepStrictEqual } from 'node:util';
import type { Standing } from './symbols.ts';
import type { Tree } from './tree.ts';
import { type AtomShape, type Depth, resultOf, type UnitShape, type Values } from './words.ts';

export class Deciders {
  readonly #tree: Tree;
  readonly #standing: Standing;

  constructor(tree: Tree, standing: Standing) {
    [this.#tree, this.#standing] = [tree, standing];
  }

  /** The depths of those who say no. Sources that are IGNORE are not asked; all see one history. */
  votesNo(atom: AtomShape): Depth[] {
    return this.#tree.deciders(atom).flatMap(({ flow, edge, decider }) => {
      const source = flow.units[edge.from] as UnitShape;
      if (source.kind === 'flow') return decider.noOn.includes(0) ? [decider.depth] : [];
      const { state, result } = this.#standing(source.name);
      const no = decider.noOn.some((at) => isDeepStrictEqual(result, resultOf(source, at)));
      return state !== 'IGNORE' && no ? [decider.depth] : [];
    });
  }

  /** What each of them is told. */
  historyFor(atom: AtomShape): Values {
    const sources = this.#tree.deciders(atom).map(({ flow, edge }) => flow.units[edge.from] as UnitShape);
    const tasks = sources.filter(
      ({ kind, name }) => kind === 'task' && this.#standing(name).state !== 'IGNORE',
    );
    return Object.fromEntries(tasks.map(({ name }) => [name, this.#standing(name).result]));
  }

  /** How far the widest "no" reaches. */
  reach(atom: AtomShape): AtomShape[] {
    const votes = this.votesNo(atom);
    const depth = (['ALL', 'FLOW', 'NEIGHBORS', 'ATOM'] as const).find((each) => votes.includes(each));
    if (depth === 'ALL') return [atom, ...this.#tree.after(atom)];
    if (depth === 'NEIGHBORS') return [atom, ...this.#tree.nextTasks(atom)];
    if (depth !== 'FLOW') return depth === 'ATOM' ? [atom] : [];
    const reached = new Set([atom]);
    for (const each of reached) for (const next of this.#tree.nextTasks(each)) reached.add(next);
    return [...reached];
  }
}
