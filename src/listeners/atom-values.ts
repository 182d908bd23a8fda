/**
 * What an atom was given and what it gave, fit to be shown. After a revert too: who asks what led to a failure asks when
 * all is undone. Reads only.
 */
import type { AtomNode, Source } from '../compile/node.ts';
import { open, sizeOf, type Value } from '../protocol/codec.ts';
import type { AtomState } from '../states.ts';
import { givenByItem, ofItem } from '../storage/arguments.ts';
import type { Storage } from '../storage/storage.ts';
import { MASKED, masked } from './masking.ts';

/** What is not to be shown. */
export interface Discretion {
  /** Atoms whose arguments and results aren't. */
  readonly hide: ReadonlySet<string>;
  /** Names of symbols, arguments, properties and Map keys whose values aren't. */
  readonly mask: ReadonlySet<string>;
}

/** Bytes of a closed value above which it isn't opened only to be shown. */
const LARGE = 1024 * 1024;

/** What is shown of a result that the engine's option `keep` let go. */
const DROPPED = '[dropped]';

/** States in which an atom that has not failed has a result. */
const GAVE: ReadonlySet<AtomState> = new Set(['SUCCESS', 'REVERTING', 'REVERTED', 'REVERT_FAILURE']);

/** The arguments of execute, by name; those that nobody gave are left out. */
export function argumentsOf(
  node: AtomNode,
  storage: Storage,
  discretion: Discretion,
): Record<string, unknown> {
  const { atom } = node;
  const { mask } = discretion;
  const found = atom.args.flatMap(({ name, symbol }, at): [string, unknown][] => {
    if (mask.has(name) || mask.has(symbol)) return [[name, MASKED]];
    if (atom.inject.has(name)) return [[name, masked(atom.inject.get(name), mask)]];
    const stored = givenByItem(node, symbol, storage) ?? storage.values.store.get(symbol);
    if (stored !== null) return [[name, shown(stored.value, null, mask)]];
    const source = nearest(node, node.sources[at] ?? null, storage);
    if (source === null) return [];
    if (isHidden(source.node, discretion)) return [[name, MASKED]];
    // The part's own key in the result may be the secret one.
    if (typeof source.take === 'string' && mask.has(source.take)) return [[name, MASKED]];
    const { result, dropped } = storage.recordAt(source.node);
    return [[name, dropped ? DROPPED : shown(result, source.take, mask)]];
  });
  return Object.fromEntries(found);
}

/** True where an atom's values aren't to be shown; what is said of a map holds for its items. */
export function isHidden({ name, item }: AtomNode, { hide }: Discretion): boolean {
  return hide.has(name) || (item !== null && hide.has(item.map.name));
}

/** What the atom provides, by symbol; null when it has given nothing. */
export function providedBy(
  node: AtomNode,
  storage: Storage,
  { mask }: Discretion,
): Record<string, unknown> | null {
  if (!gave(node, storage)) return null;
  const { result, absent, dropped } = storage.recordAt(node);
  const found = node.atom.provides
    .filter(({ take }) => !absent.includes(take))
    .map(({ symbol, take }): [string, unknown] => {
      const secret = mask.has(symbol) || (typeof take === 'string' && mask.has(take));
      return [symbol, secret ? MASKED : dropped ? DROPPED : shown(result, take, mask)];
    });
  return Object.fromEntries(found);
}

/** The first source from the nearest on that gave the part, whether or not that was undone since. */
function nearest(node: AtomNode, from: Source | null, storage: Storage): Source | null {
  for (let each = from; each !== null; each = each.previous) {
    const source = ofItem(node, each);
    if (gave(source.node, storage) && !storage.recordAt(source.node).absent.includes(source.take))
      return source;
  }
  return null;
}

function gave(node: AtomNode, storage: Storage): boolean {
  const { state, failure } = storage.recordAt(node);
  return GAVE.has(state) && failure === null;
}

function shown(value: Value, take: Source['take'], mask: ReadonlySet<string>): unknown {
  const size = sizeOf(value);
  if (size > LARGE) return `[${Math.round(size / LARGE)} MB]`;
  try {
    return masked(open(value, take), mask);
  } catch {
    // Damaged bytes: what else is known is shown all the same.
    return '[unreadable]';
  }
}
