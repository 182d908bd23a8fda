/** Backends by their URL, as the command line and configuration files name them. */
import { TaskloomError } from '../errors.ts';
import type { Backend } from './backend.ts';
import { memory } from './memory.ts';
import { sqlite } from './sqlite.ts';

const WAYS = "'memory:', 'sqlite:runs.db', 'sqlite:/path/runs.db?durability=normal&busyTimeout=1000'";

/**
 * @param url - The path in it stands as it is: nothing is decoded
 * @throws TaskloomError OPTION_INVALID
 */
export function openBackend(url: string): Backend {
  const [, scheme, path = '', search = ''] = /^(\w+):([^?]*)(?:\?(.*))?$/s.exec(String(url)) ?? [];
  if (scheme === 'memory' && path === '' && search === '') return memory();
  if (scheme === 'sqlite' && path !== '') return sqlite(path, optionsFrom(search));
  throw new TaskloomError('OPTION_INVALID', `There is no backend '${url}'. There are: ${WAYS}.`, {
    details: { url },
  });
}

/** What each value may be, `sqlite()` says. */
function optionsFrom(search: string): Record<string, never> {
  const options = [...new URLSearchParams(search)].map(([name, value]) => [
    name,
    /^\d+$/.test(value) ? Number(value) : value,
  ]);
  return Object.fromEntries(options) as Record<string, never>;
}
