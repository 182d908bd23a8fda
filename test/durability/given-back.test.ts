/** A revert that a dead process left in its midst is begun again by a worker, given back, and begun once more: it is one revert. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type AnyUnit,
  createEngine,
  type Engine,
  memory,
  SerialTaskExecutor,
  task,
  unordered,
} from 'taskloom';
import { expect, it } from 'vitest';
import { until } from './child.ts';

type Revert = SerialTaskExecutor['revert'];

/** Begins the revert of one atom, gives it back, and takes it up again when another one is done. */
class Hesitating extends SerialTaskExecutor {
  readonly #atom: string;
  #other: Promise<unknown> | null = null;

  constructor(atom: string) {
    super();
    this.#atom = atom;
  }

  override revert(...args: Parameters<Revert>): ReturnType<Revert> {
    if (args[0].name === this.#atom) return this.#hesitate(...args) as ReturnType<Revert>;
    const outcome = super.revert(...args);
    this.#other = Promise.resolve(outcome);
    return outcome;
  }

  async #hesitate(...args: Parameters<Revert>): Promise<unknown> {
    const call = args[4];
    expect(await call.begin()).toBe(true);
    call.returned?.();
    await until(() => this.#other !== null, 'the other one is sent off');
    await this.#other;
    for (let turn = 0; turn < 10; turn++) await nextTurn();
    return super.revert(...args);
  }
}

it('is reverted once', async () => {
  const undone: string[] = [];
  let isDying = true;
  const make = (name: string): AnyUnit =>
    task(name, {
      execute: () => name,
      revert: () => (isDying ? new Promise(() => {}) : undone.push(name)),
    }) as AnyUnit;
  const fails = task('c', {
    execute: () => {
      throw new RangeError('c failed');
    },
  });
  const build = (): AnyUnit => unordered('f').add([make('a'), make('b'), fails]) as AnyUnit;
  const backend = memory();
  const first = createEngine(build(), { backend, flowId: 'one', executor: 'serial' } as never) as Engine;
  void first.run();
  let left: string | undefined;
  await until(async () => {
    left = (await backend.atoms('one')).find(({ state }) => state === 'REVERTING')?.name;
    return left !== undefined;
  }, 'a revert has begun');
  // It dies here.
  await backend.release('one', 1);
  isDying = false;

  const executor = new Hesitating(left as string);
  const second = createEngine(build(), { backend, flowId: 'one', executor } as never) as Engine;
  await expect(second.run()).rejects.toThrow('c failed');
  expect(second.storage.flowState).toBe('REVERTED');
  expect(undone.sort()).toEqual(['a', 'b']);
});
