/** Many runs that are begun in one go: they begin in turns of the event loop. */
import { createEngine, linear, run, SerialTaskExecutor, task } from 'taskloom';
import { describe, expect, it } from 'vitest';
import { Turn } from '../../src/engine/turns.ts';

const work = (name: string, did: string[]) =>
  task(name, { provides: name, execute: () => void did.push(name) });

/** Holds this thread up for longer than runs may begin in one turn. */
function linger(): void {
  const end = performance.now() + 20;
  while (performance.now() < end);
}

/** A run that has begun, and an engine whose run is still to begin. */
async function twoRuns() {
  const did: string[] = [];
  const executor = new SerialTaskExecutor();
  const [first, second] = ['first', 'second'].map((name) =>
    createEngine(linear(name).add(work(name, did)), { executor }),
  ) as [ReturnType<typeof createEngine>, ReturnType<typeof createEngine>];
  const firstRun = first.run();
  linger();
  const secondRun = second.run();
  secondRun.catch(() => {});
  await new Promise<void>((resolve) => queueMicrotask(resolve));
  return { did, second, firstRun, secondRun };
}

describe('a run that is to begin when others have long been beginning', () => {
  it('begins in another turn of the event loop, and all end', async () => {
    const { did, firstRun, secondRun } = await twoRuns();
    await firstRun;
    expect(did).toEqual(['first']);
    await secondRun;
    expect(did).toEqual(['first', 'second']);
  });

  it('may be suspended before it begins', async () => {
    const { did, second, firstRun, secondRun } = await twoRuns();
    second.suspend();
    await Promise.all([firstRun, secondRun]);
    expect(did).toEqual(['first']);
    expect(second.storage.flowState).toBe('SUSPENDED');
    await second.run();
    expect(did).toEqual(['first', 'second']);
  });

  it('does not begin when its engine is closed before', async () => {
    const { did, second, secondRun, firstRun } = await twoRuns();
    await second.close();
    await expect(secondRun).rejects.toMatchObject({ code: 'ENGINE_CLOSED' });
    await firstRun;
    expect(did).toEqual(['first']);
  });

  it('holds its engine meanwhile', async () => {
    const { second, firstRun, secondRun } = await twoRuns();
    await expect(second.run()).rejects.toMatchObject({ code: 'ENGINE_LOCKED' });
    await Promise.all([firstRun, secondRun]);
  });
});

it('runs that wait for one another all begin, however many they are', async () => {
  const many = 1_000;
  let begun = 0;
  let open = (): void => {};
  const all = new Promise<void>((resolve) => {
    open = resolve;
  });
  const wait = task('wait', {
    async execute() {
      if (++begun === many) open();
      await all;
    },
  });
  await Promise.all(
    Array.from({ length: many }, (_, at) =>
      // Some are begun by `run`, some by an engine of their own.
      at % 2 === 0 ? run(wait, { executor: 'serial' }) : createEngine(wait, { executor: 'serial' }).run(),
    ),
  );
  expect(begun).toBe(many);
});

/** Lets all that wait for their turn come to it. */
async function drain(): Promise<void> {
  const last = new Turn();
  await last.come();
  last.end();
  await new Promise((resolve) => setImmediate(resolve));
}

/** How many of so many may begin at once, where one has just ended; all end before they begin. */
async function atOnce(many: number): Promise<number> {
  const first = new Turn();
  await first.come();
  first.end();
  const turns = Array.from({ length: many }, () => new Turn());
  const coming = turns.map((turn) => turn.come());
  for (const turn of turns) turn.end();
  await drain();
  return coming.filter((each) => each === undefined).length;
}

it('a turn that is given up before it comes takes no place from others', async () => {
  expect(await atOnce(1_000)).toBeLessThan(1_000);
  // The machine may do other things for so long that few come in one go: not each time.
  let most = 0;
  for (let tries = 0; tries < 10; tries++) {
    most = Math.max(most, await atOnce(1_000));
  }
  expect(most).toBeGreaterThan(30);
});

it('where many go on that do not end, each that ends makes room for another', async () => {
  const long = Array.from({ length: 300 }, () => new Turn());
  for (const turn of long) await turn.come();
  let come = 0;
  for (let at = 0; at < 50; at++) {
    const [short, next] = [new Turn(), new Turn()];
    await short.come();
    short.end();
    // Without the room of the one that has just ended, this one would wait until none has for long.
    const coming = next.come();
    if (coming === undefined) come++;
    await coming;
    next.end();
    await drain();
  }
  for (const turn of long) turn.end();
  expect(come).toBeGreaterThan(10);
});

it('a run that is refused gives its turn to the next', async () => {
  const wrong = { executor: 'serial', flowId: 7 as unknown as string } as const;
  const runs = Array.from({ length: 1_000 }, () => run(work('never', []), wrong));
  for (const each of runs) await expect(each).rejects.toMatchObject({ code: 'OPTION_INVALID' });
});

it('thousands of runs leave the event loop its turns', async () => {
  const executor = new SerialTaskExecutor();
  const did: string[] = [];
  const flow = (at: number) => linear('flow').add(work(`a${at}`, did), work(`b${at}`, did));
  let isOver = false;
  let turns = 0;
  const turn = (): void => {
    turns++;
    if (!isOver) setImmediate(turn);
  };
  const runs = Promise.all(
    Array.from({ length: 3_000 }, (_, at) => createEngine(flow(at), { executor }).run()),
  );
  setImmediate(turn);
  await runs;
  isOver = true;
  expect(did.length).toBe(6_000);
  expect(turns).toBeGreaterThan(5);
});
