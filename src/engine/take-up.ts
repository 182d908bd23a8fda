/** Takes up what a backend keeps of a flow, a page of atoms at a time, and the next two asked for. */
import type { AtomQuery, Backend } from '../persistence/backend.ts';
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
  const read = (query: AtomQuery = {}): Promise<readonly AtomDetail[]> => {
    const page = backend.atoms(flowId, { limit: PAGE, ...query });
    // It may be one that nobody waits for any more.
    page.catch(() => {});
    return page;
  };
  const nextAfter = (page: readonly AtomDetail[], skip = 0): Promise<readonly AtomDetail[]> | null => {
    const after = page.at(-1)?.name;
    return page.length < PAGE || after === undefined ? null : read({ after, skip });
  };
  let page = await read();
  for (let next = nextAfter(page); next !== null; ) {
    // The backend has something to do all the while that pages are decoded and taken in here.
    const afterNext = nextAfter(page, PAGE);
    reader.takeIn(page);
    page = await next;
    next = page.length < PAGE ? null : afterNext;
  }
  reader.takeIn(page);
}
