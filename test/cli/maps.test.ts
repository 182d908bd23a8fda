/** `taskloom run` on a flow with a map of 200 items: they are counted, and only those that fail are lines. */
import { describe, expect, test } from 'vitest';
import { taskloom } from './taskloom.ts';

const executors = [['serial'], ['threads']] as const;
const argsFor = (executor: string, failsAt: number): string[] => {
  const store = ['--store', `failsAt=${failsAt}`];
  return ['run', 'maps.mjs', ...store, '--executor', executor];
};

/** Of a line of a JSON report what is looked at here. */
interface Line {
  readonly event: string;
  readonly name?: string;
  readonly kind?: string;
  readonly index?: number | null;
  readonly state?: string;
  readonly [field: string]: unknown;
}

const linesOf = (out: string): Line[] =>
  out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

describe.each(executors)('a map of 200 items on %s', (executor) => {
  test('is one line, and its items are counted', async () => {
    const { code, out, err } = await taskloom(argsFor(executor, -1));
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const [first = '', second = '', ...rest] = out.split('\n');
    // The one that is tried again is told of; no other is.
    expect(first).toMatch(/^ ✗ halves\[7\] +[\d.]+ \S+ {2}Error: 7 is odd at first$/);
    expect(second).toMatch(/^ ✓ halves +[\d.]+ \S+$/);
    expect(rest.join('\n')).toMatch(
      /^\nSUCCESS {2}flow 'halving': 1 of 1 tasks done \(200 items\), 1 failed\n {2}.*\nresults\n {2}sum: 9950\n$/,
    );
  });

  test('that fails says which item, and shows no line for the others', async () => {
    const { code, out, err } = await taskloom(argsFor(executor, 150));
    expect(code).toBe(1);
    const shown = out
      .split('\n')
      .flatMap((line) => /^ (\S) (halves\S*) /.exec(line)?.slice(1).join(' ') ?? []);
    expect(shown).toEqual(['✗ halves[7]', '✗ halves[150]', '✗ halves[150]', '✗ halves', '↩ halves']);
    expect(out).toContain("REVERTED  flow 'halving': 0 of 1 tasks done, 2 failed, 1 reverted");
    expect(err).toMatch(/'halves\[150\]' failed: RangeError: 150 cannot be halved\n/);
    expect(err).toContain('reverted: halves');
    expect(err).not.toContain('halves[7]');
  });

  test('has events with kind and index under --json', async () => {
    const { code, out, err } = await taskloom([...argsFor(executor, -1), '--json']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const lines = linesOf(out);
    const done = lines.filter(({ event, state }) => event === 'atom' && state === 'SUCCESS');
    const items = done.filter(({ kind }) => kind === 'item');
    expect(items.map(({ index }) => Number(index)).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 200 }, (_, at) => at),
    );
    expect(items.filter(({ name, index }) => name !== `halves[${index}]`)).toEqual([]);
    expect(done.filter(({ kind }) => kind === 'map')).toMatchObject([{ name: 'halves', index: null }]);
    const retried = lines.find(({ kind, state }) => kind === 'retry' && state === 'RETRYING');
    expect(retried).toMatchObject({ name: 'halves[7]_retry', index: 7 });
    expect(lines.findLast(({ event }) => event === 'progress')).toMatchObject({
      name: 'halves',
      fraction: 1,
    });
    expect(lines.at(-1)).toMatchObject({
      event: 'end',
      tasks: { total: 1, done: 1, failed: 1 },
      items: { done: 200, reverted: 0 },
      failed: ['halves[7]'],
      results: { sum: 9950 },
    });
  });

  test('that fails counts under --json how many items were taken back', async () => {
    const { code, out } = await taskloom([...argsFor(executor, 150), '--json']);
    expect(code).toBe(1);
    const lines = linesOf(out);
    const states = new Map<number, string>();
    for (const { kind, index, state } of lines) {
      if (kind !== 'item' || typeof index !== 'number') continue;
      // An item that a thread had in hand when another failed is given back: it has not run.
      if (state === 'PENDING') states.delete(index);
      else states.set(index, String(state));
    }
    expect(new Set(states.values())).toEqual(new Set(['REVERTED']));
    expect(states.size).toBeGreaterThan(150);
    expect(lines.at(-1)).toMatchObject({
      event: 'end',
      state: 'REVERTED',
      items: { done: 0, reverted: states.size },
    });
  });
});
