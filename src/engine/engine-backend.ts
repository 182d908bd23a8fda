/** The backend of one engine: opened from a URL, and then closed with the engine, or given, and left to who gave it. */
import type { Compilation } from '../compile/compilation.ts';
import { outlineOf } from '../compile/outline.ts';
import { newId } from '../ids.ts';
import type { Backend, ClaimRequest } from '../persistence/backend.ts';
import { openBackend } from '../persistence/open.ts';
import { thisProcess } from '../persistence/ownership.ts';
import { Commits, type CommitsHost } from './commits.ts';
import { type FlowFactory, keptFactory } from './kept-factory.ts';
import type { EngineSettings } from './options.ts';

/** ms for which a flow is an engine's own after each commit. */
const LEASE = 30_000;

export interface EngineBackend {
  commits(flowId: string, host: CommitsHost): Commits;
  /** Closes what was opened for this engine. */
  closeOwn(): Promise<void>;
}

/** @throws TaskloomError OPTION_INVALID for a URL of no backend */
export function openEngineBackend({ backend: given, lease = LEASE }: EngineSettings): EngineBackend | null {
  if (given === undefined) return null;
  const backend: Backend = typeof given === 'string' ? openBackend(given) : given;
  return {
    commits: (flowId, host) => new Commits(backend, flowId, thisProcess(newId()), lease, host),
    closeOwn: async () => {
      if (typeof given === 'string') await backend.close();
    },
  };
}

/** A flow as it is kept from the beginning. @throws TaskloomError FACTORY_INVALID, OPTION_INVALID */
export function freshFlow(
  compilation: Compilation,
  logbook: string,
  factory: FlowFactory | undefined,
): NonNullable<ClaimRequest['fresh']> {
  return {
    name: compilation.root.name,
    logbook,
    atoms: compilation.atoms.size,
    outline: outlineOf(compilation),
    factory: factory === undefined ? null : keptFactory(factory, "the option 'factory'"),
  };
}
