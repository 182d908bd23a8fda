/** Before anything runs: has every required symbol somebody who gives it? */
import type { Compilation } from '../compile/compilation.ts';
import type { AtomNode, Source } from '../compile/node.ts';
import { TaskloomError } from '../errors.ts';
import type { Argument } from '../flow/symbols.ts';
import { hint, nearest } from '../hint.ts';
import type { Storage } from '../storage/storage.ts';

/** A message that names more than this many is not read. */
const NAMED = 10;

interface Missing {
  readonly atom: string;
  readonly action: 'execute' | 'revert';
  readonly argument: string;
  readonly symbol: string;
}

/**
 * Refuses a flow in which a required symbol comes from nowhere (TaskFlow `engine.validate`).
 *
 * @throws TaskloomError MISSING_DEPENDENCIES; `details.missing` lists atom, action, argument and symbol
 */
export function validateSymbols(compilation: Compilation, storage: Storage): void {
  const missing: Missing[] = [];
  for (const node of compilation.atoms.values()) {
    const { args, revertArgs } = node.atom;
    missing.push(...missingOf(node, 'execute', args, node.sources, storage));
    if (revertArgs !== args) {
      missing.push(...missingOf(node, 'revert', revertArgs, node.revertSources, storage));
    }
  }
  if (missing.length === 0) return;
  const lines = missing.slice(0, NAMED).map((each) => describe(each, compilation, storage));
  if (missing.length > NAMED) lines.push(`and ${missing.length - NAMED} more`);
  throw new TaskloomError(
    'MISSING_DEPENDENCIES',
    `Flow '${compilation.root.name}' cannot run: ${lines.join('; ')}`,
    { details: { missing } },
  );
}

function missingOf(
  node: AtomNode,
  action: Missing['action'],
  args: readonly Argument[],
  sources: readonly (Source | null)[],
  storage: Storage,
): Missing[] {
  return args.flatMap(({ name, symbol, optional }, at) => {
    const given = optional || sources[at] != null || node.atom.inject.has(name) || storage.has(symbol);
    return given ? [] : [{ atom: node.name, action, argument: name, symbol }];
  });
}

function describe(
  { atom, action, argument, symbol }: Missing,
  compilation: Compilation,
  storage: Storage,
): string {
  const kind = compilation.atoms.get(atom)?.kind;
  const what = `${action === 'revert' ? 'the revert of ' : ''}${kind} '${atom}'`;
  const as = argument === symbol ? '' : ` (its argument '${argument}')`;
  const unseen = compilation.providers.get(symbol)?.find(({ node }) => node.name !== atom)?.node.name;
  if (unseen !== undefined) {
    return `${what} requires '${symbol}'${as}, which '${unseen}' provides, but not before it: put them in this order.`;
  }
  const near = nearest(symbol, storage.symbols());
  const way = near === null ? hint(symbol, compilation.providers.keys()) : ` The store has '${near}'.`;
  return `${what} requires '${symbol}'${as}: give it in the store, or add a task before it that provides it.${way}`;
}
