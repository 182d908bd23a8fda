/** What a pool learned of task modules while threads imported them: which cost a thread, and which are slow. */
import { TaskloomError } from '../errors.ts';
import { type Failure, failureFrom } from '../failure.ts';
import { pathOf } from '../protocol/loading.ts';
import { isTypeScript } from '../protocol/typescript.ts';
import { errorFrom } from '../revival.ts';
import type { Ticket } from './ticket.ts';

/** ms for which a module that cost a thread is not tried again. */
const UNLOADABLE_FOR = 60_000;
/** ms from which an import is worth a warning; that of TypeScript has the start of its compiler in it. */
const SLOW_IMPORT = 3000;
const SLOW_TYPESCRIPT = 5000;

export class ModuleCare {
  readonly #unloadable = new Map<string, { readonly failure: Failure; readonly until: number }>();
  readonly #slow = new Set<string>();

  /** The import of this module cost a thread. */
  noteUnloadable(module: string, failure: Failure): void {
    this.#unloadable.set(module, { failure, until: performance.now() + UNLOADABLE_FOR });
  }

  /** Why a task is not to be tried: its module has just cost a thread. Null when it is. */
  refusalOf(ticket: Ticket): Failure | null {
    if (this.#unloadable.size === 0) return null;
    const { module } = ticket.request.terms;
    const found = this.#unloadable.get(module);
    if (found === undefined) return null;
    if (found.until > performance.now()) return failureFrom(unloadableError(ticket, found.failure));
    this.#unloadable.delete(module);
    return null;
  }

  /** Warns of an import that took long, once. */
  noteLoaded(module: string, took: number): void {
    if (took < (isTypeScript(module) ? SLOW_TYPESCRIPT : SLOW_IMPORT) || this.#slow.has(module)) return;
    this.#slow.add(module);
    process.emitWarning(
      `The import of the task module ${pathOf(module)} took ${Math.round(took)} ms: it does work when it is imported. Move that into tasks; every worker thread imports the module.`,
      { type: 'TaskloomWarning' },
    );
  }
}

/** What was found for another task, said of this one. */
function unloadableError({ request }: Ticket, failure: Failure): TaskloomError {
  const {
    atom,
    terms: { module },
  } = request;
  const found = errorFrom(failure);
  const code = found instanceof TaskloomError ? found.code : 'MODULE_LOAD_FAILED';
  return new TaskloomError(
    code,
    `The task module ${pathOf(module)} of task '${atom}' cost a thread when it was imported less than a minute ago, and is not tried again.`,
    { cause: found, details: { module, atom } },
  );
}
