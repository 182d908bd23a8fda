/**
 * What an atom's failure means for the others (TaskFlow `completer.py`, `_determine_resolution`). Decides; the engine
 * applies. Without a retry around the atom the whole flow is taken back.
 */
import type { Compilation } from '../compile/compilation.ts';
import type { Moves } from './moves.ts';

/** Gives every atom the intention REVERT, so that no more start and all that ran are undone. Linear in atoms. */
export function revertAll(compilation: Compilation, moves: Moves): void {
  for (const node of compilation.atoms.values()) moves.setIntention(node, 'REVERT');
}
