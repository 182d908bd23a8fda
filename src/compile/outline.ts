/** A flow's units by name, as text: to be shown and compared by who has not the flow itself. */
import type { Compilation } from './compilation.ts';
import { isAtom, type Node } from './node.ts';

/** One unit: how deep it lies, what it is, and its name. */
export type OutlineLine = readonly [depth: number, kind: string, name: string];

/** JSON of the lines, each unit before those in it. Flat, since a flow may be deeper than JSON can be nested. */
export function outlineOf({ nodes }: Compilation): string {
  const lines: OutlineLine[] = [];
  let depth = 0;
  for (const node of nodes) {
    if (node.kind === 'exit') depth--;
    else lines.push([depth, kindOf(node), node.name]);
    if (node.kind === 'entry') depth++;
  }
  return JSON.stringify(lines);
}

export function readOutline(outline: string): readonly OutlineLine[] {
  return JSON.parse(outline) as OutlineLine[];
}

function kindOf(node: Node): string {
  return isAtom(node) ? node.kind : node.unit.pattern;
}
