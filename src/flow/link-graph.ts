/**
 * The links of a graph flow, kept free of cycles as they come, by levels: Bender, Fineman, Gilbert and Tarjan, "A new
 * approach to incremental cycle detection and related problems" (2016), section 2. m links cost O(m √m) in all,
 * in whichever order they come; in practice a link costs next to nothing.
 *
 * 1. Along every link the level stays or rises.
 * 2. So a path back from `from` to `to` can only exist where `to` isn't above `from`; it is looked for backwards
 *    within one level for at most √m steps, then `to` is lifted, and what lies behind it with it.
 * 3. Taking links away keeps (1), so levels need no undo.
 */
import type { AnyUnit } from './unit.ts';

/** A unit among the links. */
interface Place {
  readonly unit: AnyUnit;
  level: number;
  readonly successors: Place[];
  readonly predecessors: Place[];
}

/** Below this, counting steps costs more than making them. */
const FEWEST_STEPS = 16;

export class LinkGraph {
  readonly #places = new Map<AnyUnit, Place>();
  #size = 0;

  addUnit(unit: AnyUnit): void {
    this.#places.set(unit, { unit, level: 0, successors: [], predecessors: [] });
  }

  /** Takes away a unit that has no links. */
  removeUnit(unit: AnyUnit): void {
    this.#places.delete(unit);
  }

  has(from: AnyUnit, to: AnyUnit): boolean {
    const [tail, head] = [this.#place(from), this.#place(to)];
    return tail.successors.length < head.predecessors.length
      ? tail.successors.includes(head)
      : head.predecessors.includes(tail);
  }

  /** Links two units, or returns the cycle that this would close, `from` first and last, and links nothing. */
  connect(from: AnyUnit, to: AnyUnit): readonly AnyUnit[] | null {
    const [tail, head] = [this.#place(from), this.#place(to)];
    if (tail === head || !this.#lift(tail, head)) return [from, ...pathBetween(head, tail)];
    tail.successors.push(head);
    head.predecessors.push(tail);
    this.#size++;
    return null;
  }

  /** Takes a link away; only the last one that was made, so that it is the last of both its ends. */
  disconnect(from: AnyUnit, to: AnyUnit): void {
    this.#place(from).successors.pop();
    this.#place(to).predecessors.pop();
    this.#size--;
  }

  /** True when one of `units` comes before this one, at any distance. */
  follows(unit: AnyUnit, units: ReadonlySet<AnyUnit>): boolean {
    const before = new Set(this.#place(unit).predecessors);
    for (const place of before) {
      if (units.has(place.unit)) return true;
      for (const previous of place.predecessors) before.add(previous);
    }
    return false;
  }

  #place(unit: AnyUnit): Place {
    return this.#places.get(unit) as Place;
  }

  /** Makes room for a link by (1); false when it would close a cycle, with the levels as they were. */
  #lift(tail: Place, head: Place): boolean {
    if (tail.level < head.level) return true;
    if (head.successors.length === 0) {
      head.level = tail.level;
      return true;
    }
    const most = Math.max(FEWEST_STEPS, Math.ceil(Math.sqrt(this.#size)));
    const before = sameLevelBefore(tail, most);
    if (before?.has(head)) return false;
    if (before !== null && tail.level === head.level) return true;
    const level = before === null ? tail.level + 1 : tail.level;
    return raise(head, level, before ?? new Set([tail]));
  }
}

/** Those of its level from which a place is reached; null when more than `most` links would have to be followed. */
function sameLevelBefore(place: Place, most: number): Set<Place> | null {
  const found = new Set([place]);
  let steps = 0;
  for (const each of found) {
    for (const previous of each.predecessors) {
      if (++steps > most) return null;
      if (previous.level === place.level) found.add(previous);
    }
  }
  return found;
}

/** Lifts a place, and by (1) those behind it. False, with all as it was, when one of `closing` is behind it. */
function raise(start: Place, level: number, closing: ReadonlySet<Place>): boolean {
  const lifted: { readonly place: Place; readonly level: number }[] = [];
  const lift = (place: Place): void => {
    lifted.push({ place, level: place.level });
    place.level = level;
  };
  lift(start);
  for (const { place } of lifted) {
    for (const next of place.successors) {
      if (closing.has(next)) {
        for (const each of lifted) each.place.level = each.level;
        return false;
      }
      if (next.level < level) lift(next);
    }
  }
  return true;
}

/** The units of a shortest path, both ends included. */
function pathBetween(start: Place, end: Place): AnyUnit[] {
  const cameFrom = new Map<Place, Place | null>([[start, null]]);
  for (const place of cameFrom.keys()) {
    if (place === end) break;
    for (const next of place.successors) if (!cameFrom.has(next)) cameFrom.set(next, place);
  }
  const path: AnyUnit[] = [];
  for (let at: Place | null = end; at !== null; at = cameFrom.get(at) ?? null) path.push(at.unit);
  return path.reverse();
}
