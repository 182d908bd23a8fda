/** The tasks of a booking. Their tests run without a box office and without a bank. */
import { taskModule } from 'taskloom';

const task = taskModule(import.meta.url);

export const reserveSeat = task('reserve-seat', {
  requires: ['show'],
  provides: 'seat',
  execute({ show }: { show: string }): string {
    throw new Error(`there is no box office here that sells ${show}`);
  },
  revert({ show }, context, { result }) {
    context.log.info(`gives back seat ${result} of ${show}`);
  },
});

export const chargeCard = task('charge-card', {
  requires: ['card'],
  provides: 'receipt',
  execute({ card }: { card: string }): string {
    throw new Error(`there is no bank here that knows ${card}`);
  },
});
