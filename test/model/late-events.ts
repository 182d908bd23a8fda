/**
 * With a backend an event is told when its change is written, and code of the user's has run meanwhile. Here both are put in the
 * order in which they happened: whenever code runs, it is noted where the engine's storage says that all atoms stand, and the
 * events that lead there come before it.
 *
 *   said      b RUNNING            b SUCCESS, c RUNNING
 *   code                 calls b                        calls c
 *   told                              b RUNNING                   b SUCCESS, c RUNNING
 *
 * What goes round in a circle between two calls, and ends where it began, would be told behind the first; the model then says so.
 */
import type { AnyUnit, Engine } from 'taskloom';
import { hear } from './build.ts';
import type { Notes } from './script.ts';
import type { Entry } from './words.ts';

/** The flow's state, under a name that no atom has, and those of its atoms; what is not there is PENDING. */
type Standing = ReadonlyMap<string, string>;
const FLOW = '';

export class LateEvents implements Notes {
  /** In the order in which they happened, as far as that is known. */
  readonly trace: Entry[] = [];
  #engine: Engine<AnyUnit> | null = null;
  #events: Entry[] = [];
  #code: { readonly entry: Entry; readonly stood: Standing }[] = [];
  readonly #told = new Map<string, string>();

  /** From now on it is this engine that runs. */
  follow(engine: Engine<AnyUnit>): void {
    this.#engine = engine;
    hear(engine, {
      push: (entry) => {
        this.#events.push(entry);
        this.#sort();
      },
    });
  }

  /** What no engine tells: what code does, and what is done to it. */
  push(entry: Entry): void {
    this.#code.push({ entry, stood: this.#standing() });
    this.#sort();
  }

  /** True when all that happened was told. */
  get isUpToDate(): boolean {
    return this.#code.length === 0 && this.#isTold(this.#standing());
  }

  #sort(): void {
    for (;;) {
      const [next] = this.#code;
      if (next !== undefined && this.#isTold(next.stood)) {
        this.trace.push(next.entry);
        this.#code.shift();
        continue;
      }
      const event = this.#events.shift();
      if (event === undefined) return;
      if (event.kind === 'flow') this.#told.set(FLOW, event.to);
      else if (event.kind === 'moved') this.#told.set(event.atom, event.to);
      this.trace.push(event);
    }
  }

  #isTold(stood: Standing): boolean {
    return [...stood].every(([name, state]) => (this.#told.get(name) ?? 'PENDING') === state);
  }

  #standing(): Standing {
    const { storage } = this.#engine as Engine<AnyUnit>;
    const atoms = [...storage.atomStates()].map(([name, { state }]) => [name, state] as const);
    return new Map<string, string>([[FLOW, storage.flowState], ...atoms]);
  }
}
