/**
 * An execution graph as a text for Graphviz: every flow inside as a cluster, between a point where it begins and one where
 * it ends, as in compile/. Reads only; the same flow always gives the same text.
 */
import type { Compilation } from '../compile/compilation.ts';
import { type AtomNode, type FlowNode, isAtom, type Node } from '../compile/node.ts';
import { TaskloomError } from '../errors.ts';
import type { Depth } from '../flow/decider.ts';
import { checkOptions, type OptionRules } from '../options.ts';
import type { AtomState } from '../states.ts';
import type { Storage } from '../storage/storage.ts';

export interface DotOptions {
  /** The storage of the same engine: atoms are drawn with the state that they have now. Default: without states. */
  readonly storage?: Storage;
}

const RULES: OptionRules<DotOptions> = {
  storage: {
    fits: (value) => typeof (value as Partial<Storage> | null)?.atomState === 'function',
    words: 'the storage of an engine',
  },
};

/** Characters kept of one name. */
const CHARACTERS = 80;
/** Symbols named on one link. */
const SYMBOLS = 8;

const SHAPES = { task: 'box', retry: 'hexagon', map: 'box3d' } as const;
const COLOURS: Readonly<Record<AtomState, string>> = {
  PENDING: '#ffffff',
  RUNNING: '#cfe2ff',
  SUCCESS: '#d1e7dd',
  FAILURE: '#f5b5ba',
  REVERTING: '#ffe0c2',
  REVERTED: '#d6d8db',
  REVERT_FAILURE: '#e8868f',
  PARTIAL: '#e2d9f3',
  RETRYING: '#fff3cd',
  IGNORE: '#f4f4f4',
};

/** The first half of a character whose second half was cut off. */
const HALF = /[\uD800-\uDBFF]$/;
/** Control characters, line ends, marks of direction, halves of characters. */
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}]/gu;

/**
 * Draws an execution graph in DOT, the language of Graphviz: `dot -Tsvg`. Tasks are boxes, maps boxes with depth, retries hexagons. A link names
 * the symbols that pass over it; one with a decider is dashed, and says how far its no reaches. Long names are cut.
 *
 * @param compilation - `engine.compilation`
 * @throws TaskloomError OPTION_INVALID; ATOM_NOT_FOUND when the storage is that of another flow
 */
export function toDot(compilation: Compilation, options: DotOptions = {}): string {
  checkOptions(options, RULES, 'toDot()');
  if (!Array.isArray((compilation as Partial<Compilation> | null)?.nodes)) {
    throw new TaskloomError('OPTION_INVALID', 'toDot(compilation) takes engine.compilation.');
  }
  const { root, nodes } = compilation;
  return [
    'digraph {',
    `  label=${quoted(`${root.kind} '${cut(root.name)}'`)};`,
    '  labelloc=t;',
    ...nodeLines(nodes, options.storage),
    ...edgeLines(compilation),
    '}',
    '',
  ].join('\n');
}

/** The nodes of a flow stand between its two ends, so that the clusters open and close as they come. */
function nodeLines(nodes: readonly Node[], storage: Storage | undefined): string[] {
  const lines: string[] = [];
  let depth = 1;
  const put = (line: string): void => void lines.push(`${'  '.repeat(Math.min(depth, 20))}${line}`);
  for (const node of nodes) {
    // The outermost flow is the drawing itself.
    if (node.kind === 'entry' && node.flow !== null) {
      put(`subgraph cluster_${node.index} {`);
      depth++;
      put(`label=${quoted(`flow '${cut(node.name)}'`)};`);
    }
    put(isAtom(node) ? atomLine(node, storage) : `n${node.index} [shape=point];`);
    if (node.kind === 'exit' && node.flow !== null) {
      depth--;
      put('}');
    }
  }
  return lines;
}

function atomLine({ index, kind, name }: AtomNode, storage: Storage | undefined): string {
  const shape = `shape=${SHAPES[kind]}`;
  if (storage === undefined) return `n${index} [${shape}, label=${quoted(cut(name))}];`;
  const state = storage.atomState(name);
  const look = state === 'IGNORE' ? 'style="filled,dashed"' : 'style=filled';
  return `n${index} [${shape}, ${look}, fillcolor="${COLOURS[state]}", label=${quoted(cut(name), state)}];`;
}

function edgeLines({ nodes, atoms }: Compilation): string[] {
  const symbols = symbolsOverEdges(nodes, atoms.values());
  const depths = new Map<string, Depth>();
  for (const node of nodes) for (const { from, depth } of node.deciding) depths.set(edge(from, node), depth);
  return nodes.flatMap((from) =>
    from.successors.map((to) => {
      const key = edge(from, to);
      const names = [...(symbols.get(key) ?? [])];
      const depth = depths.get(key);
      const label = names.slice(0, SYMBOLS).map(cut);
      if (names.length > SYMBOLS) label.push(`… ${names.length - SYMBOLS} more`);
      const lines = [
        ...(label.length > 0 ? [label.join(', ')] : []),
        ...(depth === undefined ? [] : [`decides: ${depth}`]),
      ];
      const attributes = [
        ...(lines.length > 0 ? [`label=${quoted(...lines)}`] : []),
        ...(depth === undefined ? [] : ['style=dashed']),
      ];
      return `  ${key}${attributes.length > 0 ? ` [${attributes.join(', ')}]` : ''};`;
    }),
  );
}

/** By edge, the symbols that pass over it: from a unit to the one right behind it, for whoever inside takes them. */
function symbolsOverEdges(
  nodes: readonly Node[],
  atoms: Iterable<AtomNode>,
): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  const tree = new FlowTree(nodes);
  for (const atom of atoms) {
    for (const source of new Set([...atom.sources, ...atom.revertSources])) {
      if (source === null || source.node === atom) continue;
      const key = tree.edgeBetween(source.node, atom);
      found.set(key, (found.get(key) ?? new Set()).add(source.symbol));
    }
  }
  return found;
}

/** Where each node stands among the flows. */
class FlowTree {
  readonly #depths = new Map<Node | null, number>([[null, 0]]);
  readonly #exits = new Map<FlowNode['unit'], FlowNode>();

  constructor(nodes: readonly Node[]) {
    for (const node of nodes) {
      this.#depths.set(node, (this.#depths.get(node.flow) as number) + 1);
      if (node.kind === 'exit') this.#exits.set(node.unit, node);
    }
  }

  /** The edge between the two units that hold these atoms and stand in one flow, if they are linked directly. */
  edgeBetween(from: AtomNode, to: AtomNode): string {
    let [before, after]: [Node, Node] = [from, to];
    while (before.flow !== after.flow) {
      if (this.#depth(before) >= this.#depth(after)) before = before.flow as FlowNode;
      else after = after.flow as FlowNode;
    }
    return edge(isAtom(before) ? before : (this.#exits.get(before.unit) as FlowNode), after);
  }

  #depth(node: Node): number {
    return this.#depths.get(node) as number;
  }
}

/** Both as the key of an edge and as it is written. */
function edge(from: Node, to: Node): string {
  return `n${from.index} -> n${to.index}`;
}

/** A name in one line, with what can't be shown written out. */
function cut(name: string): string {
  const start = name.slice(0, CHARACTERS).replace(HALF, '');
  const shown = start.replace(UNSAFE, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
  return name.length > CHARACTERS ? `${shown}…` : shown;
}

/** Lines as a string of DOT, in which a backslash begins an escape and & an entity. */
function quoted(...lines: readonly string[]): string {
  const escaped = lines.map((line) =>
    line.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('&', '&amp;'),
  );
  return `"${escaped.join('\\n')}"`;
}
