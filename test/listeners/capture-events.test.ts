/** The state changes as a list. */
import { captureEvents } from 'taskloom';
import { expect, it } from 'vitest';
import { runShop, shop } from './shop.ts';

it('keeps kind, name, state and the event, in order, until it is stopped', async () => {
  const engine = shop();
  const { events, stop } = captureEvents(engine);
  await runShop(engine);
  const of = (name: string) => events.filter((event) => event[1] === name).map(([kind, , to]) => [kind, to]);
  expect(of('shop')).toEqual([
    ['flow', 'RUNNING'],
    ['flow', 'REVERTED'],
  ]);
  expect(of('inner_retry')[1]).toEqual(['retry', 'SUCCESS']);
  const failed = events.find((event) => event[2] === 'FAILURE');
  expect(failed?.[3]).toMatchObject({ oldState: 'RUNNING', failure: { message: 'sold out' } });
  const { length } = events;
  stop();
  await runShop(engine);
  expect(events.length).toBe(length);
});
