/**
 * Tasks that run side by side can fail side by side. One failure reaches the caller as itself; several reach it as one
 * WrappedFailure, which holds every task's own error.
 *
 *               ┌─▶ check-age ✗ ─────┐
 *   reserve ────┤                    ├─▶ run() rejects: WrappedFailure { check-age, check-address }
 *      ◀ revert └─▶ check-address ✗ ─┘
 */
import { createEngine, linear, unordered, WrappedFailure } from 'taskloom';
import { checkAddress, checkAge, FieldError, reserve } from './tasks.ts';

interface Form {
  readonly age: number;
  readonly address: string;
}

/** Lets nobody go on before both are there, so that neither check fails before the other has begun. */
function meeting(): () => Promise<void> {
  const waiting: (() => void)[] = [];
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      if (waiting.length === 2) for (const goOn of waiting) goOn();
    });
}

async function book(form: Form): Promise<void> {
  const flow = linear('booking').add(reserve, unordered('checks').add(checkAge, checkAddress));
  const engine = createEngine(flow, { store: form, threads: 2, services: { meet: meeting() } });
  engine.on('log', ({ name, message }) => console.log(`  ${name} ${message}`));
  try {
    await engine.run();
    console.log('  booked');
  } catch (error) {
    if (error instanceof WrappedFailure) console.log(`  ${error.name} of ${error.errors.length}`);
    // A single failure is no list of one: it is the error itself.
    for (const each of error instanceof WrappedFailure ? error.failures.values() : [error]) tell(each);
  } finally {
    await engine.close();
  }
}

function tell(error: unknown): void {
  if (!(error instanceof FieldError)) throw error;
  const cause = error.cause instanceof Error ? `, because of a ${error.cause.name}` : '';
  console.log(`  ${error.name}: ${error.field} ${error.message}${cause}`);
}

for (const form of [
  { age: 40, address: '"Main Street 1"' },
  { age: 12, address: '"Main Street 1"' },
  { age: 12, address: 'Main Street 1' },
]) {
  console.log(`age ${form.age}, address ${form.address}`);
  await book(form);
}
