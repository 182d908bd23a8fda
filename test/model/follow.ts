/** A run of the library is driven in a random order, and the model follows: what it must see, and what must be on its way. */
import type { ManualTaskExecutor } from 'taskloom/testing';
import { expect } from 'vitest';
import type { Built } from './build.ts';
import { Model } from './model.ts';
import { type Drawing, PAUSE } from './shapes.ts';
import type { End, Entry } from './words.ts';

/** Follows what the library does; what it does that the rules don't allow is thrown with all that came before. */
export class Follower {
  readonly #model: Model;
  readonly #trace: readonly Entry[];
  #next = 0;

  constructor({ root, options }: Drawing, { trace }: Built, givesBack = false) {
    this.#model = new Model(root, options, givesBack);
    this.#trace = trace;
  }

  catchUp(): Model {
    for (; this.#next < this.#trace.length; this.#next++) {
      try {
        this.#model.observe(this.#trace[this.#next] as Entry);
      } catch (violation) {
        throw new Error(`${violation}\nafter: ${told(this.#trace.slice(0, this.#next))}`, {
          cause: violation,
        });
      }
    }
    return this.#model;
  }

  /** When the library waits for tasks, then for all that could be on its way; what it wants no more may lie there too. */
  atRest({ waiting }: ManualTaskExecutor): void {
    const model = this.catchUp();
    const wanted = [...model.inHand(), ...model.due()].map(({ atom, action }) => `${action} ${atom}`);
    const found = waiting.map(({ atom, action }) => `${action} ${atom}`);
    const left = wanted.filter((each) => !found.includes(each));
    expect(left, `what should be on its way after: ${told(this.#trace)}`).toEqual([]);
  }

  ended(end: End): void {
    const wanted = this.catchUp().end();
    expect(sorted(end), `the end after: ${told(this.#trace)}`).toEqual(sorted(wanted));
  }
}

export function sorted(end: End): End {
  return { ...end, thrown: end.thrown.toSorted() };
}

export function told(trace: readonly Entry[]): string {
  const word = (entry: Entry): string => {
    if (entry.kind === 'flow') return `FLOW ${entry.to}`;
    if (entry.kind === 'moved') return `${entry.atom} ${entry.to}`;
    if (entry.kind === 'consulted') return `${entry.retry} asked for ${entry.about}`;
    if (entry.kind === 'answered') return `question ${entry.question} answered`;
    if (entry.kind === 'passed') return `${entry.ms} ms`;
    if (entry.kind === 'asked') return `${entry.flow} ${entry.from}>${entry.to} asked`;
    return `${entry.action} ${entry.atom} ${entry.kind}`;
  };
  return trace.map(word).join('; ');
}

/**
 * Begins and settles what waits, gives answers and lets time pass, in a random order, and looks at each rest whether all
 * is on its way.
 *
 * @param rest - Resolves when nothing more happens by itself
 */
export async function drive(
  { answers, passed }: Built,
  executor: ManualTaskExecutor,
  follower: Follower,
  random: () => number,
  between?: () => void,
  rest = (): Promise<void> => executor.idle(),
): Promise<void> {
  const oneOf = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)];
  for (;;) {
    await rest();
    follower.atRest(executor);
    between?.();
    const waits = follower.catchUp().waitsFor();
    if (executor.waiting.length + waits.answers.length === 0 && !waits.time) return;
    const pick = oneOf(executor.waiting);
    const question = oneOf(waits.answers);
    if (question !== undefined && (pick === undefined || random() < 0.3)) answers.give(question);
    else if (waits.time && (pick === undefined || random() < 0.3)) {
      passed(PAUSE);
      await executor.advance(PAUSE);
    } else if (pick?.begun || random() < 0.4) await executor.settle(pick?.atom ?? '');
    else await executor.begin(pick?.atom ?? '');
  }
}
