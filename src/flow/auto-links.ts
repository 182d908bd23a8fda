/**
 * Finds the links of a graph flow by symbols, as TaskFlow does (`patterns/graph_flow.py`): a unit that is added is
 * linked after the one unit that gives what it needs; what nobody before it gives is remembered, and linked when
 * somebody who gives it is added. Either can be withheld. Every change has its undo, so that a refused unit leaves
 * nothing behind.
 */
import { TaskloomError } from '../errors.ts';
import { closeFlows } from './closing.ts';
import type { Deciding } from './decider.ts';
import { LinkGraph } from './link-graph.ts';
import type { AnyFlow, AnyUnit, Link } from './unit.ts';
import { allGivenIn, givenBy, readSymbols, releaseSummary, takenBy } from './unit-symbols.ts';

/** More names than this are cut out of the middle of a path. */
const LONGEST_PATH = 12;

/** Which links are looked for when units are added. */
export interface ResolveOptions {
  /**
   * False: the units that are added are not linked to those that give what they need, and of several givers none is
   * too many. Units that a later call adds may still be linked to them. Default true.
   */
  readonly resolveRequires?: boolean;
  /** False: units that wait for what the added ones give are not linked to them, and go on waiting. Default true. */
  readonly resolveExisting?: boolean;
}

export class AutoLinks {
  /** Found or made, in this order. */
  readonly all: Link[] = [];
  readonly #flow: AnyFlow;
  readonly #graph = new LinkGraph();
  /** Who gives a symbol; null once another graph flow has read it, which closed this one. */
  #givers: Map<string, AnyUnit[]> | null = new Map();
  /** Who needs a symbol that nobody gave before it; a link by hand may have met that since. */
  readonly #waiting = new Map<string, Set<AnyUnit>>();
  #undo: (() => void)[] = [];

  constructor(flow: AnyFlow) {
    this.#flow = flow;
  }

  /** What must come from outside, for these units or for all. */
  needs(wanted: ReadonlySet<AnyUnit> | null): Iterable<string> {
    const { retry } = this.#flow;
    const left = [...this.#waiting].filter(([symbol, takers]) =>
      [...takers].some((taker) => (wanted?.has(taker) ?? true) && !this.#isMet(symbol, taker)),
    );
    return [...(retry === null ? [] : takenBy(retry)), ...left.map(([symbol]) => symbol)];
  }

  /** What these units give, or all. */
  gives(wanted: ReadonlySet<AnyUnit> | null): Iterable<string> {
    if (this.#givers === null) return allGivenIn(this.#flow);
    const given = [...this.#givers].filter(
      ([, units]) => wanted === null || units.some((unit) => wanted.has(unit)),
    );
    return [...this.#givenByRetry(), ...given.map(([symbol]) => symbol)];
  }

  /** The flow was closed: who gives what is forgotten, and who waits for what was met, too. */
  release(): void {
    for (const [symbol, takers] of this.#waiting) {
      for (const taker of takers) if (this.#isMet(symbol, taker)) takers.delete(taker);
      if (takers.size === 0) this.#waiting.delete(symbol);
    }
    this.#givers = null;
  }

  /** Links units that were added; all of them, or none. Throws DEPENDENCY_AMBIGUOUS, DEPENDENCY_CYCLE. */
  addAll(
    units: readonly AnyUnit[],
    { resolveRequires = true, resolveExisting = true }: ResolveOptions = {},
  ): void {
    const read: AnyFlow[] = [];
    const unlinked: [string, AnyUnit][] = [];
    this.#attempt(() => {
      for (const unit of units) {
        const { needs, gives, flows } = readSymbols(unit);
        this.#graph.addUnit(unit);
        this.#undo.push(() => this.#graph.removeUnit(unit));
        // By the links that there were before: which of its own are made first must not matter.
        const owed = resolveExisting
          ? new Map([...gives].map((symbol) => [symbol, this.#unmet(symbol)]))
          : null;
        // The retry runs before all units: no link is needed to see what it gives.
        const given = new Set(this.#givenByRetry());
        for (const symbol of needs) {
          if (given.has(symbol)) continue;
          if (resolveRequires) this.#take(symbol, unit);
          else unlinked.push([symbol, unit]);
        }
        for (const symbol of gives) this.#give(symbol, unit, owed?.get(symbol) ?? null);
        for (const flow of flows) read.push(flow);
      }
      for (const [symbol, unit] of unlinked) this.#wait(symbol, unit);
    });
    closeFlows(read, this.#flow.name);
    for (const flow of read) releaseSummary(flow);
  }

  /** Links two units by hand; where they are linked, only who decides is put in place. Throws DEPENDENCY_CYCLE. */
  link(from: AnyUnit, to: AnyUnit, deciding: Deciding | null): void {
    this.#attempt(() => this.#connect(from, to));
    if (deciding === null) return;
    const is = (link: Link | undefined): boolean => link?.from === from && link.to === to;
    const at = is(this.all.at(-1)) ? this.all.length - 1 : this.all.findIndex(is);
    this.all[at] = { from, to, deciding };
  }

  #attempt(change: () => void): void {
    try {
      change();
    } catch (refusal) {
      for (const undo of this.#undo.reverse()) undo();
      throw refusal;
    } finally {
      this.#undo = [];
    }
  }

  #take(symbol: string, unit: AnyUnit): void {
    const [giver, other] = this.#giversOf(symbol);
    if (giver === undefined) this.#wait(symbol, unit);
    else if (other !== undefined) throw this.#ambiguous(symbol, giver, other, unit);
    else this.#connect(giver, unit);
  }

  #givenByRetry(): readonly string[] {
    const { retry } = this.#flow;
    return retry === null ? [] : givenBy(retry);
  }

  #giversOf(symbol: string): readonly AnyUnit[] {
    return this.#givers?.get(symbol) ?? [];
  }

  #wait(symbol: string, unit: AnyUnit): void {
    const units = this.#waiting.get(symbol) ?? new Set();
    this.#waiting.set(symbol, units.add(unit));
    this.#undo.push(() => {
      units.delete(unit);
      if (units.size === 0) this.#waiting.delete(symbol);
    });
  }

  /** Whether one who gives the symbol comes before the unit; where all links are looked for, nobody does who waits. */
  #isMet(symbol: string, taker: AnyUnit): boolean {
    const givers = this.#giversOf(symbol).filter((giver) => giver !== taker);
    return givers.length > 0 && this.#graph.follows(taker, new Set(givers));
  }

  /** Who waits for a symbol and has nobody before it who gives it. */
  #unmet(symbol: string): ReadonlySet<AnyUnit> {
    const waiting = this.#waiting.get(symbol);
    if (waiting === undefined || this.#giversOf(symbol).length === 0) return new Set(waiting);
    return new Set([...waiting].filter((taker) => !this.#isMet(symbol, taker)));
  }

  /** Null: nobody is linked. A unit that needs what it gives itself goes on waiting. */
  #give(symbol: string, unit: AnyUnit, unmet: ReadonlySet<AnyUnit> | null): void {
    const givers = this.#giversOf(symbol) as AnyUnit[];
    if (givers.push(unit) === 1) this.#givers?.set(symbol, givers);
    this.#undo.push(() => {
      if (givers.length === 1) this.#givers?.delete(symbol);
      givers.pop();
    });

    const waiting = this.#waiting.get(symbol);
    if (unmet === null || waiting === undefined || (waiting.size === 1 && waiting.has(unit))) return;
    this.#waiting.delete(symbol);
    this.#undo.push(() => this.#waiting.set(symbol, waiting));
    for (const taker of waiting) {
      if (taker === unit) this.#wait(symbol, unit);
      else if (unmet.has(taker)) this.#connect(unit, taker);
    }
  }

  #connect(from: AnyUnit, to: AnyUnit): void {
    if (this.#graph.has(from, to)) return;
    const cycle = this.#graph.connect(from, to);
    if (cycle !== null) throw this.#cycle(cycle.map((unit) => unit.name));
    this.all.push({ from, to, deciding: null });
    this.#undo.push(() => {
      this.all.pop();
      this.#graph.disconnect(from, to);
    });
  }

  #cycle(path: readonly string[]): TaskloomError {
    const half = LONGEST_PATH / 2;
    const shown =
      path.length <= LONGEST_PATH
        ? path
        : [...path.slice(0, half), `… ${path.length - LONGEST_PATH} more …`, ...path.slice(-half)];
    return new TaskloomError(
      'DEPENDENCY_CYCLE',
      `Graph flow '${this.#flow.name}' would depend on itself: ${shown.join(' → ')}. The flow is as it was.`,
      { details: { flow: this.#flow.name, path } },
    );
  }

  #ambiguous(symbol: string, giver: AnyUnit, other: AnyUnit, taker: AnyUnit): TaskloomError {
    const [a, b, c] = [giver.name, other.name, taker.name];
    return new TaskloomError(
      'DEPENDENCY_AMBIGUOUS',
      `In graph flow '${this.#flow.name}' both '${a}' and '${b}' provide '${symbol}', which '${c}' requires. Rename one with .as(name, { provides }), or rebind.`,
      { details: { flow: this.#flow.name, symbol, providers: [a, b], requiredBy: c } },
    );
  }
}
