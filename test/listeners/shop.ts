/** A flow that fails and is reverted, with secrets in it, for the tests of listeners. */
import { type AnyUnit, createEngine, type Engine, graph, linear, task, times } from 'taskloom';

const login = task('login', {
  requires: ['password'],
  provides: 'session',
  execute: ({ password }: { password: string }) => ({
    user: 'ada',
    token: `t-${password}`,
    by: new Map([['token', 's3cret']]),
  }),
});
const basket = task('basket', {
  provides: ['book', 'count'],
  execute: () => ['graphs', 2],
  revert: () => 'put back',
});
const order = task('order', {
  requires: ['session', 'book', 'amount', 'card'],
  rebind: { amount: 'count' },
  inject: { card: { number: 's3cret', owner: 'ada' } },
  execute(_args: { session: object; book: string; amount: number; card: object }, { log }) {
    log.warn('ordering', { token: 's3cret' });
    throw Object.assign(new Error('sold out'), { number: 's3cret' });
  },
});

/** Its atoms: login → order, basket → inner_retry → order (inside of `inner`). */
export function shop(options: object = {}): Engine {
  const inner = linear('inner', { retry: times(1) }).add([order]);
  const flow = graph('shop').add([login, basket, inner]);
  const store = { password: 's3cret' };
  return createEngine(flow as AnyUnit, { executor: 'serial', store, ...options } as object);
}

export async function runShop(engine: Engine): Promise<void> {
  await engine.run().catch(() => {});
}
