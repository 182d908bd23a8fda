/**
 * `taskloom suspend`: asks the process that runs a flow to stop between two tasks, and waits until it has.
 *
 * --json: {"flowId","asked","state","held","waited"}: asked: somebody ran it; waited: ms
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { FlowDetail } from '../persistence/records.ts';
import { type CommandOptions, inDatabase, writeJson } from './database-command.ts';
import type { Database } from './database.ts';
import { EXIT } from './exit-codes.ts';
import { heldBy } from './flow-header.ts';
import { needFlow } from './need-flow.ts';
import type { Surroundings } from './surroundings.ts';
import { duration, oneLine } from './text.ts';
import { wayOn } from './way-on.ts';

export interface SuspendOptions extends CommandOptions {
  /** ms. */
  readonly wait?: number;
}

/** ms. */
const USUAL_WAIT = 30_000;
/** ms between two looks. */
const POLL = 200;

/** Resolves to the exit code. */
export function suspendCommand(
  flowId: string,
  options: SuspendOptions,
  around: Surroundings,
): Promise<number> {
  return inDatabase(options, around, async (database, terminal) => {
    const found = await needFlow(database, flowId);
    const asked = await database.backend.askToSuspend(flowId);
    const began = performance.now();
    const patience = options.wait ?? USUAL_WAIT;
    if (asked && options.json !== true)
      terminal.line(`asked process ${found.owner?.pid ?? '?'} to suspend it: running tasks end first`);
    const detail = asked ? await whenLeft(found, database, patience) : found;
    const held = asked && detail.epoch === found.epoch ? heldBy(detail) : 'nobody';
    const waited = performance.now() - began;
    if (options.json === true)
      writeJson(terminal, { flowId, asked, state: detail.state, held, waited: Math.round(waited) });
    else for (const line of words(detail, held === 'runs', asked, database, waited)) terminal.line(line);
    return held === 'runs' ? EXIT.failed : EXIT.done;
  });
}

/** The flow when its owner has let it go, or when patience, in ms, is at its end. */
async function whenLeft(found: FlowDetail, database: Database, patience: number): Promise<FlowDetail> {
  const deadline = performance.now() + patience;
  for (;;) {
    const detail = await needFlow(database, found.flowId);
    // By a new epoch, somebody else has begun to run it since.
    if (detail.epoch !== found.epoch || heldBy(detail) !== 'runs') return detail;
    const left = deadline - performance.now();
    if (left <= 0) return detail;
    await sleep(Math.min(POLL, left));
  }
}

function words(
  detail: FlowDetail,
  stillRuns: boolean,
  asked: boolean,
  { words }: Database,
  waited: number,
): string[] {
  const { flowId, factory } = detail;
  const [name, state] = [oneLine(flowId, 80), oneLine(detail.state)];
  if (stillRuns)
    return [
      `${state}  run ${name} still runs after ${duration(waited)}; it is asked, and will suspend later`,
    ];
  const line = `${state}  run ${name}${asked ? '' : ': nobody runs it'}`;
  const way = factory === null ? null : wayOn(flowId, detail.state, { words, again: null });
  return way === null ? [line] : [line, `to go on: ${way}`];
}
