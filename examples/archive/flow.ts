/**
 * The flows of the archive. Their shape depends on what is in the folder, so each is made by a function.
 *
 *   make folders ─▶ ┬ pack 0 ─▶ verify 0 ┬ ─▶ assemble index ─▶ write index ─▶ verify index
 *                   ├ pack 1 ─▶ verify 1 ┤
 *                   └ …                  ┘
 */
import { type AnyFlow, type Flow, linear, task, unordered } from 'taskloom';
import { assembleIndex, type Index } from './index-file.ts';
import type { Listing } from './listing.ts';
import type { PackedPart } from './part.ts';
import type { Chunk, Hashed, PartPlan, Plan } from './plan.ts';
import { hash, type Mishap, makeFolders, mishap, pack, verify, verifyIndex, writeIndex } from './tasks.ts';

/** Reading back is about so much faster than compressing. Priorities are the work of a task: the largest goes first. */
const VERIFY_SHARE = 1 / 8;

/** Hashes batches of chunks; the symbols are named by `hashedSymbol`. */
export function hashFlow(batches: readonly (readonly Chunk[])[]) {
  return unordered('hash').add(
    batches.map((chunks, at) =>
      hash.as(`hash ${at}`, { inject: { chunks }, provides: hashedSymbol(at) as string }),
    ),
  );
}

/** What each batch of `hashFlow` found, in one list. */
export function hashedFrom(results: Readonly<Record<string, unknown>>, batches: number): Hashed[] {
  return Array.from({ length: batches }, (_, at) => results[hashedSymbol(at)] as Hashed[]).flat();
}

/** What the tasks of the archive flow need from outside. */
export interface ArchiveNeeds {
  readonly root: string;
  readonly out: string;
  readonly quality: number;
}

export interface ArchiveGives {
  readonly index: Index;
  readonly indexBytes: number;
}

export function archiveFlow(listing: Listing, plan: Plan, broken?: Mishap): Flow<ArchiveNeeds, ArchiveGives> {
  const { parts } = plan;
  const all = unordered('parts').add(parts.map(packAndVerify));
  // Among the parts by its priority: when about half of the work has been begun.
  if (broken !== undefined)
    all.add(mishap.as('mishap', { inject: { how: broken }, priority: middle(parts) }));
  const assembleAll = task('assemble index', {
    requires: parts.map(({ name }) => name),
    provides: 'index',
    execute: (packed: Readonly<Record<string, unknown>>) =>
      assembleIndex(
        listing,
        plan,
        parts.map(({ name }) => packed[name] as PackedPart),
      ),
  });
  const flow: AnyFlow = linear('archive').add(makeFolders, all, assembleAll, writeIndex, verifyIndex);
  // What parts need, and what the index task gives, is known at run time only; here it is said.
  return flow as Flow<ArchiveNeeds, ArchiveGives>;
}

/** The atom that packs a part, and the symbol of what it stored. */
export function packName({ name }: Pick<PartPlan, 'name'>): string {
  return `pack ${name}`;
}

/** Without types: its symbols are named at run time. */
function packAndVerify(part: PartPlan): AnyFlow {
  const { name, bytes } = part;
  return linear(name).add(
    pack.as(packName(part), { inject: { part }, provides: name, priority: bytes }),
    verify.as(`verify ${name}`, { rebind: { packed: name }, priority: bytes * VERIFY_SHARE }),
  );
}

function middle(parts: readonly PartPlan[]): number {
  const sizes = parts.map(({ bytes }) => bytes).sort((a, b) => a - b);
  return sizes[Math.floor(sizes.length / 2)] ?? 0;
}

function hashedSymbol(at: number): string {
  return `hashed ${at}`;
}
