/** Checks that have nothing to do with each other, so several of them can fail. */
import { type Context, registerError, taskModule } from 'taskloom';

const task = taskModule(import.meta.url);

/** An error with a field of its own; registered, so that it arrives with its class. */
export class FieldError extends Error {
  override readonly name = 'FieldError';
  readonly field: string;

  constructor(field: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.field = field;
  }
}
registerError(FieldError);

type Meeting = Context<{ meet(): Promise<void> }>;

export const reserve = task('reserve', {
  execute(_args, context) {
    context.log.info('holds a place');
  },
  revert(_args, context, { failures }) {
    context.log.info(`gives the place back: ${[...failures.keys()].join(' and ')} failed`);
  },
});

export const checkAge = task('check-age', {
  requires: ['age'],
  async execute({ age }: { age: number }, { services }: Meeting) {
    await services.meet();
    if (age < 18) throw new FieldError('age', `${age} is too young`);
  },
});

export const checkAddress = task('check-address', {
  requires: ['address'],
  async execute({ address }: { address: string }, { services }: Meeting) {
    await services.meet();
    try {
      JSON.parse(address);
    } catch (cause) {
      throw new FieldError('address', 'cannot be read', { cause });
    }
  },
});
