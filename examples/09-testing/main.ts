/**
 * A test that decides the order of events: the card is refused while the seat is still being reserved. On real threads
 * that happens once in a thousand runs; here it happens in each.
 *
 *   show ─▶ reserve-seat ─▶ seat      1. begins          3. ends well    4. is reverted
 *   card ─▶ charge-card  ─▶ receipt            2. fails
 */
import assert from 'node:assert/strict';
import { createEngine, unordered } from 'taskloom';
import { ManualTaskExecutor } from 'taskloom/testing';
import { chargeCard, reserveSeat } from './tasks.ts';

const executor = new ManualTaskExecutor();
const engine = createEngine(unordered('booking').add(reserveSeat, chargeCard), {
  executor,
  store: { show: 'Hamlet', card: '1234' },
});
engine.on('log', ({ name, message }) => console.log(`${name} ${message}`));
const ended = engine.run().catch((error: Error) => error);
const waiting = () => executor.waiting.map(({ atom, action }) => `${action} ${atom}`).join(', ');

await executor.idle();
console.log(`the engine handed in: ${waiting()}`);

await executor.begin('reserve-seat');
await executor.fail('charge-card', new Error('card refused'));
await executor.idle();
console.log(`after the failure, still awaited: ${waiting()}`);

await executor.finish('reserve-seat', '12A');
await executor.idle();
console.log(`after that: ${waiting()}`);

await executor.settleAll();
const error = await ended;
await engine.close();

assert(error instanceof Error);
assert.equal(error.message, 'card refused');
assert.equal(engine.storage.flowState, 'REVERTED');
assert.equal(engine.storage.atomState('reserve-seat'), 'REVERTED');
console.log(`passed: ${error.message}, and nobody holds a seat`);
