/**
 * Whatever the flow and whatever ends first: at each rest exactly those results are there that somebody may need, by walks
 * over the compilation that count nothing and remember nothing.
 */
import fc from 'fast-check';
import type { AnyUnit, Compilation, Engine } from 'taskloom';
import { ManualTaskExecutor } from 'taskloom/testing';
import { expect, it } from 'vitest';
import { randomFrom } from '../../src/executor/manual-clock.ts';
import { build, runToEnd } from '../model/build.ts';
import { runnable } from '../model/shapes.ts';

type Atom = Compilation['atoms'] extends ReadonlyMap<string, infer A> ? A : never;
type Node = Compilation['nodes'][number];
type Retry = NonNullable<Atom['retry']>;
type Source = Compilation['results'] extends ReadonlyMap<string, infer S> ? S : never;

const RUNS = 200;

class Oracle {
  readonly #compilation: Compilation;
  readonly #storage: Engine<AnyUnit>['storage'];
  readonly #keep: string;

  constructor({ compilation, storage }: Engine<AnyUnit>, keep: string) {
    [this.#compilation, this.#storage, this.#keep] = [compilation, storage, keep];
  }

  /** Nothing is to be taken back: what is then kept is not what is asked here. */
  get isGoingOn(): boolean {
    const states = [...this.#storage.atomStates().values()];
    return states.every(({ intention }) => intention === 'EXECUTE' || intention === 'IGNORE');
  }

  get atoms(): readonly Atom[] {
    return [...this.#compilation.atoms.values()];
  }

  /** It is as it should be, and so is all before it: nothing can fail there that would put it back. */
  isSettled(atom: Atom): boolean {
    const before = new Set<Node>([atom]);
    for (const node of before) for (const each of node.predecessors) before.add(each);
    return [...before].every(({ kind, name }) => {
      if (kind === 'entry' || kind === 'exit') return true;
      const state = this.#storage.atomState(name);
      return state === 'SUCCESS' || state === 'IGNORE';
    });
  }

  isNeeded(provider: Atom): boolean {
    const results = this.#keep === 'provided' ? [...this.#compilation.results.values()] : [];
    if (results.some((nearest) => this.#reaches(nearest, provider))) return true;
    return (
      (canRevert(provider) && provider.kind === 'task') ||
      this.atoms.some((reader) => this.#reads(reader, provider))
    );
  }

  /** Of siblings that give one symbol, the retry of one that may give it anew holds the other, though a third has given it. */
  mayBeHeld(provider: Atom): boolean {
    const chains = this.atoms.flatMap(({ sources, revertSources }) => [...sources, ...revertSources]);
    for (const nearest of [...chains, ...this.#compilation.results.values()]) {
      let isHeld = false;
      for (let source = nearest; source !== null; source = source.previous) {
        if (isHeld && source.node === provider) return true;
        if (source.previous === null) break;
        const putBack = around(source.previous.node, true);
        const others = around(source.node, true).filter((retry) => !putBack.includes(retry));
        isHeld ||= others.some((retry) => this.#isOpen(retry));
      }
    }
    return false;
  }

  #reads(reader: Atom, provider: Atom): boolean {
    const { deciding, sources, revertSources } = reader;
    const reaches = (source: Source | null): boolean => source !== null && this.#reaches(source, provider);
    const mayBegin = this.#mayRun(reader, around(reader, false), provider);
    if (mayBegin && deciding.some(({ from }) => from === provider)) return true;
    if (this.#mayRun(reader, around(reader, true), provider) && sources.some(reaches)) return true;
    const isIgnored = this.#storage.atomState(reader.name) === 'IGNORE';
    const mayBeReverted = !isIgnored || this.#mayRun(reader, around(reader, true), provider);
    return canRevert(reader) && mayBeReverted && revertSources.some(reaches);
  }

  /** By way of those that it shadows, too: past each that may give nothing, now or when it runs again. */
  #reaches(nearest: Source, provider: Atom): boolean {
    for (let source: Source | null = nearest; source !== null; source = source.previous) {
      if (source.node === provider) return true;
      const { node, take } = source;
      const { state, absent } = this.#storage.atomDetail(node.name);
      const mayChange = this.#mayRun(node, around(node, true), provider);
      if (!mayChange && state === 'SUCCESS' && !absent.includes(take)) return false;
    }
    return false;
  }

  /** It has not run, or a retry may put it back that does not put back the provider. */
  #mayRun(reader: Atom, retries: readonly Retry[], provider: Atom): boolean {
    const putBack = around(provider, true);
    const others = retries.filter((retry) => !putBack.includes(retry));
    return !this.isSettled(reader) || others.some((retry) => this.#isOpen(retry));
  }

  #isOpen(retry: Retry): boolean {
    return this.atoms.some((atom) => around(atom, true).includes(retry) && !this.isSettled(atom));
  }
}

function around(atom: Atom, isOwnToo: boolean): readonly Retry[] {
  const found: Retry[] = atom.kind === 'retry' && isOwnToo ? [atom] : [];
  for (let retry = atom.retry; retry !== null; retry = retry.retry) found.push(retry);
  return found;
}

function canRevert({ atom }: Atom): boolean {
  return atom.kind === 'task' ? atom.work.revert !== null : atom.kind === 'retry' && atom.revert !== null;
}

it.each(['provided', 'none'] as const)(
  '%s: what is there is what is needed',
  async (keep) => {
    let [compared, dropped] = [0, 0];
    const property = fc.asyncProperty(
      runnable({ late: false, delays: false }),
      fc.integer(),
      async ({ root, options }, seed) => {
        const executor = new ManualTaskExecutor();
        const built = build({ root, options: { ...options, keep } }, { executor });
        const oracle = new Oracle(built.engine, keep);
        const { storage } = built.engine;
        const random = randomFrom(seed);
        await runToEnd(built, async () => {
          for (;;) {
            await executor.idle();
            if (storage.flowState === 'RUNNING' && oracle.isGoingOn) {
              for (const atom of oracle.atoms.filter(({ name }) => storage.atomState(name) === 'SUCCESS')) {
                const wasDropped = storage.atomDetail(atom.name).dropped;
                if (!oracle.mayBeHeld(atom))
                  expect([atom.name, wasDropped]).toEqual([atom.name, !oracle.isNeeded(atom)]);
                else if (wasDropped) expect([atom.name, oracle.isNeeded(atom)]).toEqual([atom.name, false]);
                compared++;
                if (wasDropped) dropped++;
              }
            }
            const { waiting } = executor;
            if (waiting.length === 0) return;
            await executor.settle(waiting[Math.floor(random() * waiting.length)]!.atom);
          }
        });
      },
    );
    await fc.assert(property, { numRuns: RUNS });
    expect(Math.min(compared, dropped)).toBeGreaterThan(100);
  },
  300_000,
);
