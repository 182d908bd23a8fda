/** Goes through a loop as fast as the caller asks for its steps; whatever the caller does, the loop comes to its end. */
import type { EngineState } from '../states.ts';
import type { Loop } from './loop.ts';
import type { RunClock } from './statistics.ts';

/** `next(true)` suspends, `throw(error)` fails the flow, `return()` suspends and waits for what runs. */
export async function* stepThrough(
  loop: Loop,
  clock: RunClock,
): AsyncGenerator<EngineState, void, boolean | undefined> {
  const states = loop.states();
  let step = await states.next();
  try {
    while (!step.done) {
      clock.enter(step.value);
      // As in TaskFlow a flow that failed yields no last state: it throws.
      if (step.value !== 'FAILURE') {
        try {
          if (yield step.value) loop.suspend();
        } catch (thrown) {
          loop.fail(thrown);
          while (!step.done) step = await states.next();
          return;
        }
      }
      step = await states.next();
    }
  } catch (thrown) {
    // A mistake of ours; the flow is left in a state from which it can be reset.
    loop.breakOff();
    throw thrown;
  } finally {
    if (!step.done) loop.suspend();
    while (!step.done) step = await states.next();
    clock.leave();
  }
}
