/** What every flow is to those who are given one, whatever its pattern. */
import type { Typed } from './symbols.ts';
import type { AnyFlow, Link } from './unit.ts';

/** A flow by the symbols that it needs from outside and that it gives. */
export interface Flow<Needs = unknown, Gives = unknown> extends AnyFlow, Typed<Needs, Gives> {}

/** The links of a pattern that has none. */
export const NO_LINKS: readonly Link[] = Object.freeze([]);
