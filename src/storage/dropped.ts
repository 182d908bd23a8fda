/** What is said to who asks for a value that was dropped, as the engine's option `keep` says. */
import { TaskloomError } from '../errors.ts';

const WHY = 'it was dropped when nobody in the flow needed it any more, as the option keep says';
const AGAIN = 'reset() the flow and run it anew';

export function resultDropped(atom: string): TaskloomError {
  return dropped(`Atom '${atom}' has no result: ${WHY}. To read it later, run the flow with keep: 'all'.`, {
    atom,
  });
}

export function valueDropped(symbol: string, provider: string): TaskloomError {
  return dropped(
    `There is no value for '${symbol}', which '${provider}' gave: ${WHY}. To read it later, run the flow with keep: 'all'.`,
    { symbol, provider },
  );
}

/** For an atom that came into the flow, or was put back, after those that needed the value were done. */
export function argumentDropped(atom: string, symbol: string, provider: string): TaskloomError {
  return dropped(
    `'${atom}' requires '${symbol}', and there is no value of its provider '${provider}': ${WHY}. Give '${symbol}' in the store, or ${AGAIN}.`,
    { atom, symbol, provider },
  );
}

export function decisionDropped(atom: string, provider: string): TaskloomError {
  return dropped(
    `The decider before '${atom}' can't be shown the result of '${provider}': ${WHY}. To have it, ${AGAIN}.`,
    { atom, provider },
  );
}

export function revertDropped(atom: string): TaskloomError {
  return dropped(`'${atom}' can't be reverted without its result: ${WHY}. To begin again, ${AGAIN}.`, {
    atom,
  });
}

function dropped(message: string, details: Readonly<Record<string, unknown>>): TaskloomError {
  return new TaskloomError('SYMBOL_NOT_FOUND', message, { details: { ...details, dropped: true } });
}
