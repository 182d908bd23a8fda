/** What all patterns have in common: names, what add takes and refuses, and that a refusal leaves nothing behind. */
import { type AnyFlow, type AnyTask, type AnyUnit, graph, linear, task, unordered } from 'taskloom';
import { describe, expect, test } from 'vitest';
import { refused } from './refused.ts';

const make = (name: string): AnyTask => task(name, { execute: () => 1 });
/** ms of processor time, which other programs on the machine don't lengthen. */
const cpuNow = (): number => process.cpuUsage().user / 1000;
type Open = AnyFlow & { add(...units: unknown[]): unknown };

describe.each([
  ['linear', linear],
  ['unordered', unordered],
  ['graph', graph],
] as const)('%s', (pattern, flowOf) => {
  const open = (name: string): Open => flowOf(name) as Open;

  test('is plain to read', () => {
    const [a, b, c] = [make('a'), make('b'), make('c')];
    const flow = flowOf('f');
    expect(flow).toMatchObject({ kind: 'flow', name: 'f', pattern });
    expect([flow.units, flow.links]).toEqual([[], []]);
    expect(flow.add(a, [b, c])).toBe(flow);
    expect(flow.units).toEqual([a, b, c]);
    flow.add().add([]);
    expect(flow.units.length).toBe(3);
  });

  test.each([
    ['NAME_INVALID', [''], 'name of a flow'],
    ['NAME_INVALID', [undefined], 'undefined'],
    ['OPTION_INVALID', ['f', { retries: 3 }], "'retries'"],
    ['OPTION_INVALID', ['f', 5], "flow 'f'"],
  ] as const)('%s: %j', (code, args, words) => {
    const { message } = refused(code, () => (flowOf as (...args: unknown[]) => unknown)(...args));
    expect(message).toContain(words);
  });

  test.each([
    [undefined, 'undefined'],
    [null, 'null'],
    [() => 1, 'a function'],
    [make, "the function 'make'"],
    [Promise.resolve(1), 'a Promise (did you forget await?)'],
    [{ execute: () => 1 }, 'a task definition'],
    [{ kind: 'task', name: 'fake' }, 'an object'],
    ['decode', "the string 'decode'"],
    [[[make('x')]], 'an array where one unit is wanted'],
    [{ default: make('x') }, 'default export'],
  ])('UNIT_INVALID: %s', (junk, words) => {
    const flow = open('f');
    const { message } = refused('UNIT_INVALID', () => flow.add(make('a'), [make('b')], junk, make('c')));
    expect(message).toContain("Flow 'f', unit 3");
    expect(message).toContain(words);
    expect(flow.units).toEqual([]);
  });

  test('refuses units of another copy of the package', () => {
    const foreign = {
      kind: 'task',
      name: 'far',
      [Symbol.for('taskloom.unit')]: 'file:///other/recognise.js',
    };
    const { message } = refused('TASKLOOM_TWICE', () => open('f').add(foreign));
    expect(message).toContain("'far'");
    expect(message).toContain('file:///other/recognise.js');
  });

  test('refuses a task twice, a name twice, a flow twice, and itself', () => {
    const [a, twin, inner] = [make('a'), make('a'), linear('inner')];
    const flow = open('f');
    flow.add(inner, a);
    const before = [...flow.units];
    const again = refused('DUPLICATE_NAME', () => flow.add(make('b'), a));
    expect(again.message).toMatch(/'a'.*'f'.*\.as\(/);
    expect(refused('DUPLICATE_NAME', () => flow.add(make('b'), twin)).message).toMatch(/'a'.*'f'.*\.as\(/);
    refused('DUPLICATE_NAME', () => flow.add([make('b'), make('b')]));
    expect(refused('UNIT_TWICE', () => flow.add(make('b'), inner)).message).toMatch(/'inner'.*'f'.*\.as\(/);
    expect(refused('FLOW_CONTAINS_ITSELF', () => flow.add(make('b'), flow)).message).toContain("'f'");
    expect(flow.units).toEqual(before);
    flow.add(make('b'));
    expect(flow.units.length).toBe(3);
  });

  test('may hold flows and a task of one name, and flows of equal names', () => {
    expect(open('f').add(make('f'), linear('f'), unordered('f'))).toMatchObject({ units: { length: 3 } });
  });

  test('takes names that objects have by birth', () => {
    const names = ['__proto__', 'constructor', 'toString', 'length'];
    const flow = open('__proto__');
    flow.add(names.map(make));
    expect(flow.units.map(({ name }) => name)).toEqual(names);
    refused('DUPLICATE_NAME', () => flow.add(make('__proto__')));
  });

  test('takes 100,000 units at once, spread, and one by one', () => {
    const units: AnyUnit[] = Array.from({ length: 100_000 }, (_, at) => make(`t${at}`));
    const start = cpuNow();
    const single = open('one by one');
    for (const unit of units) single.add(unit);
    expect(open('at once').add(units)).toMatchObject({ units: { length: 100_000 } });
    expect(open('spread').add(...units)).toMatchObject({ units: { length: 100_000 } });
    expect(single.units.length).toBe(100_000);
    expect(cpuNow() - start).toBeLessThan(10_000);
  });
});

test('flows that contain each other are left to compile, and do no harm', () => {
  const [a, b] = [linear('a'), unordered('b')];
  a.add(b);
  b.add(a);
  expect(graph('g').add(a).units.length).toBe(1);
});
