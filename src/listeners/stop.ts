/** What ends the listening: a function, which `using` calls too. */

/** Call it, or hold it with `using`, to hear no more. Any number of times. */
export interface Stop extends Disposable {
  (): void;
}

/** One stop for several. */
export function stopOf(...stops: readonly (() => void)[]): Stop {
  const stop = (): void => {
    for (const each of stops) each();
  };
  return Object.assign(stop, { [Symbol.dispose]: stop });
}
