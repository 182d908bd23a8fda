/** Looks up a run by its id, for commands to which nothing is an answer. */
import { TaskloomError } from '../errors.ts';
import { nearest } from '../hint.ts';
import type { FlowDetail } from '../persistence/records.ts';
import type { Database } from './database.ts';
import { oneLine } from './text.ts';
import { commandLine } from './way-on.ts';

/** The newest runs, among which one that was meant is looked for. */
const LOOKED_THROUGH = 50;

/** @throws TaskloomError FLOW_NOT_FOUND, and what the backend throws */
export async function needFlow({ backend, name, words }: Database, flowId: string): Promise<FlowDetail> {
  const detail = await backend.flow(flowId);
  if (detail !== null) return detail;
  const newest = await backend.flows({ limit: LOOKED_THROUGH });
  const meant = nearest(
    flowId,
    newest.map((each) => each.flowId),
  );
  const way =
    meant === null ? ` See: ${commandLine(['list', ...words])}` : ` Did you mean '${oneLine(meant)}'?`;
  const message = `There is no run with the id '${oneLine(flowId, 80)}' in ${name}.${way}`;
  throw new TaskloomError('FLOW_NOT_FOUND', message, { details: { flowId } });
}
