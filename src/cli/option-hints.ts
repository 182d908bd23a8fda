/** Says of an error of the library what the command line has against it, and makes safe what its message quotes. */
import { type ErrorCode, TaskloomError } from '../errors.ts';
import { oneLine } from './text.ts';

/** Characters of a name or an id in a message. */
const SHOWN = 80;

/** The error as the command line tells it. */
export function forCommandLine(error: unknown): unknown {
  if (!(error instanceof TaskloomError)) return error;
  const message = `${safeMessage(error)}${wayOut(error)}`;
  if (message === error.message) return error;
  const { code, details, cause } = error;
  const told = new TaskloomError(code, message, { details, ...(cause === undefined ? {} : { cause }) });
  // Where it stands in the user's file.
  if (error.stack !== undefined) told.stack = error.stack;
  return told;
}

/** What details hold is data: an id may have line breaks, and be longer than a screen. */
function safeMessage({ message, details }: TaskloomError): string {
  let safe = message;
  for (const value of Object.values(details)) {
    if (typeof value !== 'string' || value === '' || value === oneLine(value, SHOWN)) continue;
    safe = safe.replaceAll(value, () => oneLine(value, SHOWN));
  }
  return safe;
}

function wayOut(error: TaskloomError): string {
  return WAYS[error.code]?.(error) ?? '';
}

const WAYS: Partial<Record<ErrorCode, (error: TaskloomError) => string>> = {
  MISSING_DEPENDENCIES: ({ details }) => ` On the command line: --store ${firstMissing(details)}=VALUE`,
  TASKLOOM_TWICE: () => ' Run the one that the flow file imports: npx taskloom, in its folder.',
  FLOW_CHANGED: () => ' On the command line: --adopt-changes',
  MODULE_NOT_ALLOWED: () => ' On the command line: --root DIR, and --allow DIR for further folders.',
  FLOW_OWNED: () => ' taskloom suspend asks it to stop.',
  FACTORY_INVALID: ({ message }) => {
    if (message.includes('kept without its factory'))
      return ' On the command line: taskloom run FLOW with the same --db and --id.';
    return message.includes('does not exist') ? ' --root DIR names the folder that it is kept under.' : '';
  },
  OPTION_INVALID: ({ details }) => (details['option'] === 'flowId' ? ' On the command line it is --id.' : ''),
};

function firstMissing(details: TaskloomError['details']): string {
  const [first] = details['missing'] as readonly { readonly symbol: string }[];
  return first === undefined ? 'SYMBOL' : oneLine(first.symbol, SHOWN);
}
