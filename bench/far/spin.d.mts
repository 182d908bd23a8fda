/** Each turn needs the result of the one before; returns the last. */
export function spin(turns: number): number;
