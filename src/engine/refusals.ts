/** What an engine refuses, in words. */
import { TaskloomError } from '../errors.ts';

export function wrongPhase(flow: string, method: string, before: string): TaskloomError {
  return new TaskloomError(
    'ENGINE_STATE_INVALID',
    `Flow '${flow}': call ${before}() before ${method}(), or just run().`,
    { details: { flow, method } },
  );
}

export function isRunning(flow: string): TaskloomError {
  return new TaskloomError('ENGINE_STATE_INVALID', `Flow '${flow}' is running: it can't be reset now.`);
}

export function locked(flow: string): TaskloomError {
  const message = `The engine of flow '${flow}' is running. Wait for that run, or make another engine.`;
  return new TaskloomError('ENGINE_LOCKED', message);
}

export function closed(flow: string): TaskloomError {
  return new TaskloomError('ENGINE_CLOSED', `The engine of flow '${flow}' was closed. Make a new one.`);
}
