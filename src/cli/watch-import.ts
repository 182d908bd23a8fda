/** What becomes of a flow file that misbehaves while it is imported: one sentence, and the end. */
import { TaskloomError } from '../errors.ts';
import { EXIT } from './exit-codes.ts';
import { runsFlow } from './flow-file.ts';
import type { Guard, Watch } from './guard.ts';
import type { Report } from './report.ts';
import { oneLine } from './text.ts';
import { titleLine } from './user-error.ts';

/** A flow file whose import never ends, ends the process, or throws later on. */
export function watchImport(file: string, report: Report, guard: Guard): Watch {
  const refuse = (error: TaskloomError): number => {
    report.refused(error, EXIT.usage);
    return EXIT.usage;
  };
  const name = `The flow file '${oneLine(file)}'`;
  return {
    lost: (how) => {
      const message = `${name} ${how} when it is imported. A flow file only builds and exports a flow; work belongs into tasks.`;
      return refuse(new TaskloomError('FLOW_FILE_INVALID', message));
    },
    stray: (error) => {
      if (error instanceof TaskloomError && error.code === 'MODULE_RUNS_FLOW')
        guard.exit(refuse(runsFlow(file)));
      const message = `${name} threw when it was imported: ${titleLine(error)}`;
      guard.exit(refuse(new TaskloomError('FLOW_FILE_INVALID', message, { cause: error })));
    },
  };
}
