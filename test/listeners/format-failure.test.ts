/** The text that says what led to a failure. */
import { createEngine, formatFailure, linear, task, unordered } from 'taskloom';
import { describe, expect, it } from 'vitest';
import { refused } from '../flow/refused.ts';
import { runShop, shop } from './shop.ts';

const withoutStack = (text: string): string =>
  text.replace(/^ +at .*\n/gm, '').replace(/ \{\n {2}number/, ' { number');
const mask = ['token', 'password', 'number'];

describe('formatFailure', () => {
  it('draws the error and what ran before, after the revert too', async () => {
    const engine = shop();
    await runShop(engine);
    const text = formatFailure(engine, 'order', { mask });
    expect(text).toMatch(/^ +at .*shop\.ts/m);
    expect(text).not.toContain('s3cret');
    expect(text.slice(text.indexOf("task 'order': "))).toBe(
      [
        "task 'order': REVERTED, intention REVERT",
        "│ requires { session: { user: 'ada', token: '***', by: Map(1) { 'token' => '***' } }, book: 'graphs', amount: 2, card: { number: '***', owner: 'ada' } }",
        "└─ retry 'inner_retry': REVERTED, intention REVERT",
        "   ├─ task 'login': REVERTED, intention REVERT",
        "   │    requires { password: '***' }",
        "   │    provides { session: { user: 'ada', token: '***', by: Map(1) { 'token' => '***' } } }",
        "   └─ task 'basket': REVERTED, intention REVERT",
        "        provides { book: 'graphs', count: 2 }",
      ].join('\n'),
    );
    expect(withoutStack(text).split('\n').slice(0, 2)).toEqual(["task 'order' failed", 'Error: sold out']);
  });

  it('hides the values of an atom, wherever they went', async () => {
    const engine = shop();
    await runShop(engine);
    const text = formatFailure(engine, 'order', { hide: ['basket'] });
    expect(text).toContain('values hidden');
    expect(text).toContain("book: '***', amount: '***'");
    expect(text).not.toContain('graphs');
  });

  it('describes all that failed when no name is given; nothing when nothing has', async () => {
    const fails = (name: string) =>
      task(name, {
        execute: async () => {
          throw new Error(`${name} is out`);
        },
      });
    const engine = createEngine(unordered('f').add([fails('a'), fails('b')]), { executor: 'serial' });
    expect(formatFailure(engine)).toBe('');
    await engine.run().catch(() => {});
    expect(formatFailure(engine)).toContain('Error: a is out');
    expect(formatFailure(shop(), 'login')).toContain("task 'login' has not failed");
  });

  it('stays short, however long the flow and large the values are', async () => {
    const many = Array.from({ length: 3000 }, (_, at) =>
      task(`t${at}`, {
        provides: `s${at}`,
        execute: () => (at === 2998 ? new Uint8Array(3_000_000) : 'x'.repeat(1000)),
      }),
    );
    const last = task('last', {
      requires: ['s2998', 's2997'],
      execute(_args: { s2998: unknown; s2997: unknown }) {
        throw new Error('no\n'.repeat(1000));
      },
    });
    for (const flow of [
      linear('f').add([...many, last]),
      linear('g').add([unordered('u').add(many), last]),
    ]) {
      const engine = createEngine(flow, { executor: 'serial' });
      await engine.run().catch(() => {});
      const text = formatFailure(engine, 'last');
      expect(text.split('\n').length).toBeLessThan(200);
      expect(text).toContain('[3 MB]');
      expect(text).toMatch(/… \d+ more before it/);
    }
  });

  it('refuses an atom that is not there', () => {
    refused('ATOM_NOT_FOUND', () => formatFailure(shop(), 'none'));
    refused('OPTION_INVALID', () => formatFailure(shop(), 'order', { mask: 1 as never }));
  });
});
