/** The check of a task module's URL: worker threads must be able to import it. */
import { TaskloomError } from '../errors.ts';
import { describe } from './names.ts';

/** Returns `url` if it is the URL of a file. Throws MODULE_URL_INVALID. */
export function checkModuleUrl(url: unknown): string {
  if (typeof url === 'string' && url.startsWith('file:') && URL.canParse(url)) return url;
  throw new TaskloomError(
    'MODULE_URL_INVALID',
    `taskModule() was given ${given(url)}: pass import.meta.url of a file on disk.`,
    { details: typeof url === 'string' ? { url: url.slice(0, 200) } : {} },
  );
}

function given(url: unknown): string {
  if (url === undefined)
    return 'undefined (is this file compiled to CommonJS, which has no import.meta.url?)';
  if (typeof url !== 'string') return `${describe(url)}, which is no URL`;
  // C:\x parses as a URL with the scheme c.
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(url)?.[1];
  if (scheme === 'file') return `${describe(url)}, which is no valid URL`;
  if (scheme !== undefined) {
    return `${describe(url)}, and worker threads cannot import ${scheme}: URLs (in a bundle, make the task module an entry point of its own)`;
  }
  return `${describe(url)}, which is a path or a name and no URL`;
}
