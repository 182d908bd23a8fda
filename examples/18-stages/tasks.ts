/** The steps of a launch, and how each is taken back. */
import { type Context, taskModule } from 'taskloom';

const task = taskModule(import.meta.url);

/** What lies outside of the flow, and must be as it was before when the launch is called off. */
type Pad = Context<{ set(part: string, to: string): Promise<void> }>;

export const fill = task('fill', {
  requires: ['tank', 'litres'],
  provides: 'filled',
  async execute({ tank, litres }: { tank: string; litres: number }, { services }: Pad) {
    await services.set(tank, `${litres} l`);
    return litres;
  },
  async revert({ tank }, { services }: Pad) {
    await services.set(tank, 'empty');
  },
});

export const close = task('close', {
  requires: ['part'],
  async execute({ part }: { part: string }, { services }: Pad) {
    await services.set(part, 'closed');
  },
  async revert({ part }, { services }: Pad) {
    await services.set(part, 'open');
  },
});

export const ignite = task('ignite', {
  requires: ['fuel', 'oxygen', 'height'],
  provides: 'reached',
  execute({ fuel, oxygen, height }: { fuel: number; oxygen: number; height: number }) {
    const highest = Math.min(fuel, oxygen / 2);
    if (highest < height) throw new RangeError(`with this fuel, ${highest} km is all`);
    return height;
  },
});
