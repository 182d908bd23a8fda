/** What `engine.rewind` must put back of a flow, by what was recorded of it right before, and by nothing of src/. */
import type { Recorded } from './crash-story.ts';

/** States in which an atom stays what it is; a process that died leaves others in its midst. */
const STAYS: ReadonlySet<string> = new Set(['PENDING', 'SUCCESS', 'IGNORE']);

/**
 * Tasks and items of maps by name: those that did not end well, or the one named, and all that comes behind them.
 *
 * @param from - A task or a map; '': none
 * @param before - For each task and item, all that must be done before it
 */
export function putBackFrom(
  { state, atoms }: Recorded,
  from: string,
  before: ReadonlyMap<string, ReadonlySet<string>>,
): ReadonlySet<string> {
  const names = [...before.keys()];
  // A flow that was reverted begins anew whatever is done to it.
  if (state === 'REVERTED') return new Set(names);
  const mapOf = (name: string): string => name.replace(/\[.*/, '');
  const isLost = (name: string): boolean => name in atoms && !STAYS.has(atoms[name]?.[0] as string);
  // A map is put back as a whole.
  const lostMaps = new Set(names.filter(isLost).map(mapOf));
  const starts = new Set(
    names.filter((name) => mapOf(name) === from || lostMaps.has(mapOf(name)) || isLost(mapOf(name))),
  );
  const isBehind = (name: string): boolean => [...(before.get(name) ?? [])].some((each) => starts.has(each));
  return new Set(names.filter((name) => starts.has(name) || isBehind(name)));
}
