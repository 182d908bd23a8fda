/** What records hold as data, as errors again: for who reads them from outside, and for retries. */
import type { Failure } from '../failure.ts';
import { History } from '../flow/history.ts';
import { open } from '../protocol/codec.ts';
import { errorFrom } from '../revival.ts';
import type { AtomRecord } from './atom-record.ts';

export function errorsOf(failures: ReadonlyMap<string, Failure>): ReadonlyMap<string, Error> {
  return new Map([...failures].map(([atom, failure]) => [atom, errorFrom(failure)]));
}

export function historyIn({ history, failure }: AtomRecord): History {
  const attempts = history.map(({ provided, failures }) => ({
    provided: open(provided),
    failures: errorsOf(failures),
  }));
  return new History(attempts, failure === null ? null : errorFrom(failure));
}
