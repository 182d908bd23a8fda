/**
 * Restores an archive into an empty folder: bytes, modes, times and links. Each chunk is verified before it is written.
 *
 *   make tree ─▶ unpack × parts ─▶ finish tree
 */
import { createEngine, linear, type TaskExecutor, unordered } from 'taskloom';
import { type Index, readIndex } from './index-file.ts';
import type { FolderEntry } from './listing.ts';
import { finishTree, makeTree, type Placement, unpack } from './restore-tasks.ts';

export interface RestoreOptions {
  /** The archive's folder. */
  readonly from: string;
  /** The folder to make. Missing or empty. */
  readonly to: string;
  readonly executor: TaskExecutor;
  readonly signal?: AbortSignal;
}

/** Restores all, or takes back what was restored, and rejects. */
export async function restore({ from, to, executor, signal }: RestoreOptions): Promise<Index> {
  const index = readIndex(from);
  const engine = createEngine(restoreFlow(index), {
    store: {
      from,
      to,
      entries: index.entries,
      folders: foldersOf(index),
    },
    executor,
    ...(signal && { signal }),
  });
  try {
    await engine.run();
    return index;
  } finally {
    await engine.close();
  }
}

function restoreFlow(index: Index) {
  const placements = placementsOf(index);
  const unpackAll = index.parts.map((part, at) =>
    unpack.as(`unpack ${part.name}`, {
      inject: { part, placements: placements[at] ?? [] },
      priority: part.bytes,
    }),
  );
  return linear('restore').add(makeTree, unordered('parts').add(unpackAll), finishTree);
}

function foldersOf({ entries }: Index): FolderEntry[] {
  return entries.flatMap((entry) => (entry.kind === 'folder' ? [entry] : []));
}

/** For each part, where its chunks go. */
function placementsOf({ parts, entries }: Index): Placement[][] {
  const chunks = parts.flatMap((part, at) => part.chunks.map(({ length }, chunk) => ({ at, chunk, length })));
  const placements: Placement[][] = parts.map(() => []);
  for (const entry of entries) {
    if (entry.kind !== 'file') continue;
    let offset = 0;
    for (const number of entry.chunks) {
      const stored = chunks[number];
      if (stored === undefined) continue;
      placements[stored.at]?.push({ path: entry.path, offset, chunk: stored.chunk });
      offset += stored.length;
    }
  }
  return placements;
}
