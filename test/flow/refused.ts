/** For tests of refusals: calls something that must throw, and returns the error, its code checked. */
import { type ErrorCode, TaskloomError } from 'taskloom';
import { expect } from 'vitest';

export function refused(code: ErrorCode, act: () => unknown): TaskloomError {
  try {
    act();
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(TaskloomError);
    expect((thrown as TaskloomError).message).toSatisfy((text: string) => text.length > 10);
    expect((thrown as TaskloomError).code).toBe(code);
    return thrown as TaskloomError;
  }
  throw new Error(`nothing was thrown, where ${code} was expected`);
}
