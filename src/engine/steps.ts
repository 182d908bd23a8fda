/** Goes through a loop; whatever the caller does, the loop comes to its end. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EngineState } from '../states.ts';
import type { Loop } from './loop.ts';
import type { RunClock } from './statistics.ts';

/** ms for which steps may follow each other without letting the event loop do anything else. */
const TURN = 5;

/** As fast as it goes. */
export async function goThrough(loop: Loop, clock: RunClock): Promise<void> {
  try {
    let since = 0;
    let before: EngineState | null = null;
    for (const step of loop.steps()) {
      clock.enter(step);
      if (step === 'WAITING') await loop.arrival();
      else if (step === 'SCHEDULING') {
        // Not before something is sent off: the executor would choose without it.
        if (before !== step) since = performance.now();
        else if (performance.now() - since >= TURN) {
          await nextTurn();
          since = performance.now();
        }
      }
      before = step;
    }
  } catch (thrown) {
    // A mistake of ours; the flow is left in a state from which it can be reset.
    loop.breakOff();
    throw thrown;
  } finally {
    clock.leave();
  }
}

/**
 * As fast as the caller asks for its steps. `next(true)` suspends, `throw(error)` fails the flow, `return()` suspends and waits
 * for what runs.
 */
export async function* stepThrough(
  loop: Loop,
  clock: RunClock,
): AsyncGenerator<EngineState, void, boolean | undefined> {
  const steps = loop.steps();
  const next = async (): Promise<IteratorResult<EngineState, void>> => {
    // Not before the step is asked for that comes after it: until then nothing goes on.
    if (step?.value === 'WAITING') await loop.arrival();
    return steps.next();
  };
  let step: IteratorResult<EngineState, void> | null = null;
  step = await next();
  try {
    while (!step.done) {
      clock.enter(step.value);
      // As in TaskFlow a flow that failed yields no last state: it throws.
      if (step.value !== 'FAILURE') {
        try {
          if (yield step.value) loop.suspend();
        } catch (thrown) {
          loop.fail(thrown);
          while (!step.done) step = await next();
          return;
        }
      }
      step = await next();
    }
  } catch (thrown) {
    // A mistake of ours; the flow is left in a state from which it can be reset.
    loop.breakOff();
    throw thrown;
  } finally {
    if (!step.done) loop.suspend();
    while (!step.done) step = await next();
    clock.leave();
  }
}
