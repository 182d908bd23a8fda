/** Takes up what a backend keeps of a flow, a page of atoms at a time. */
import type { Backend } from '../persistence/backend.ts';
import type { AtomDetail, FlowDetail } from '../persistence/records.ts';

/** Atoms that are read, and taken in, at once: the event loop is not held up for longer. */
const PAGE = 1_000;

/** Where what is kept is taken in. */
export interface Reader {
  begin(flow: FlowDetail): void;
  takeInValues(values: ReadonlyMap<string, Uint8Array>): void;
  takeIn(atoms: readonly AtomDetail[]): void;
}

/** @throws (rejects) what the backend and the reader throw */
export async function takeUp(backend: Backend, flow: FlowDetail, reader: Reader): Promise<void> {
  const { flowId } = flow;
  reader.begin(flow);
  reader.takeInValues(await backend.values(flowId));
  const read = (after?: string): Promise<readonly AtomDetail[]> =>
    backend.atoms(flowId, after === undefined ? { limit: PAGE } : { limit: PAGE, after });
  for (let page = await read(), isLast = false; !isLast; ) {
    isLast = page.length < PAGE;
    // The next page is read while this one is taken in.
    const next = isLast ? null : read(page.at(-1)?.name);
    next?.catch(() => {});
    reader.takeIn(page);
    if (next !== null) page = await next;
  }
}
