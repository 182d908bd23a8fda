/**
 * Who provides each argument: the nearest earlier atom, by TaskFlow's scopes (`engines/action_engine/scopes.py`).
 * One walk over the flow tree with one table of symbols, in which the visible providers of a symbol form a chain,
 * nearest first.
 *
 * 1. In a linear flow a unit sees all units before it; a flow counts as its atoms.
 * 2. In an unordered flow a unit sees none of its siblings.
 * 3. In a graph flow a unit sees the siblings that it depends on, at any distance, the last added first.
 * 4. What stands before a flow is seen inside it, and what a flow provides is seen after it.
 */
import type { Argument } from '../flow/symbols.ts';
import type { AnyAtom, AnyFlow, AnyUnit } from '../flow/unit.ts';
import { ownSymbols } from '../flow/unit-symbols.ts';
import { type Graph, NO_SOURCES, type Span } from './graph.ts';
import {
  type AtomNode,
  type Draft,
  isAtom,
  type MapNode,
  type Node,
  type ScopeLevel,
  type Source,
} from './node.ts';
import { Siblings } from './siblings.ts';
import { SymbolTable } from './symbol-table.ts';

export interface Symbols {
  /** Who provides each symbol, in the order of the nodes. */
  readonly providers: ReadonlyMap<string, readonly Source[]>;
  /** For each provided symbol, the provider that a task after the whole flow would see. */
  readonly results: ReadonlyMap<string, Source>;
}

/** A flow whose units are being walked. */
interface Frame {
  readonly span: Span;
  readonly level: ScopeLevel | null;
  readonly siblings: Siblings | null;
  /** Rules 2 and 3: what each unit provides, by position, is taken off the table until the flow ends. */
  readonly kept: Map<number, readonly Source[]> | null;
  /** Positions in an order in which each unit comes after those that it sees; null for that of the units. */
  readonly order: Int32Array | null;
  next: number;
  /** The position of the unit in hand. */
  position: number;
  /** Where the table stood before the unit in hand, and before what it sees of its siblings. */
  before: number;
  /** How many sources of its siblings were put there for it. */
  seen: number;
}

/** Writes the sources of every atom of the graph, and returns who provides what. */
export function resolveSymbols(graph: Graph): Symbols {
  const table = new SymbolTable();
  const open: Frame[] = [];
  const enter = (unit: AnyUnit, head: Draft<Node>): void => {
    // A flow's retry is its first; a task with a retry stands as in a flow of its own.
    const level = open.at(-1)?.level ?? null;
    const isFlow = unit.kind === 'flow' || head.kind === 'retry';
    const inside = isFlow ? { start: table.mark(), outer: level } : level;
    if (isAtom(head as Node)) bind(head as Draft<AtomNode>, table, inside);
    if (unit.kind === 'flow') open.push(frameOf(unit, graph.spans.get(unit) as Span, inside));
    else if (head.kind === 'retry') bind(graph.atoms.get(unit.name) as Draft<AtomNode>, table, inside);
  };

  enter(graph.root, graph.spans.get(graph.root)?.head ?? (graph.nodes[0] as Draft<Node>));
  for (let frame = open.at(-1); frame !== undefined; frame = open.at(-1)) {
    const { span, siblings } = frame;
    leaveUnit(frame, table);
    if (frame.next === span.units.length) {
      open.pop();
      putKept(frame, table);
      continue;
    }
    frame.position = frame.order?.[frame.next] ?? frame.next;
    frame.next++;
    const unit = span.units[frame.position] as AnyUnit;
    frame.before = table.mark();
    if (siblings?.provide) table.putAll(siblings.visibleTo(frame.position, symbolsUsedIn(unit)));
    frame.seen = table.mark() - frame.before;
    enter(unit, span.heads[frame.position] as Draft<Node>);
  }
  markRead(graph);
  return { providers: listProviders(graph), results: table.visible() };
}

function frameOf(flow: AnyFlow, span: Span, level: ScopeLevel | null): Frame {
  const siblings = span.links === null ? null : new Siblings(span.links);
  const kept = flow.pattern === 'linear' ? null : new Map<number, readonly Source[]>();
  const order = siblings?.inOrder(span.units.length) ?? null;
  return { span, level, siblings, kept, order, next: 0, position: 0, before: 0, seen: 0 };
}

/** Rules 2 and 3: hides what the unit in hand provided from its siblings. */
function leaveUnit(frame: Frame, table: SymbolTable): void {
  if (frame.next === 0 || frame.kept === null || table.mark() === frame.before) return;
  const provided = table.takeOff(frame.before).slice(frame.seen);
  if (provided.length === 0) return;
  frame.kept.set(frame.position, provided);
  frame.siblings?.keep(frame.position, provided);
}

/** Rule 4: what the units provided is seen after their flow, in the order in which they were added. */
function putKept({ span, kept }: Frame, table: SymbolTable): void {
  if (kept === null || kept.size === 0) return;
  for (const position of span.units.keys()) table.putAll(kept.get(position) ?? []);
}

/** An atom sees what is on the table; then it puts there what it provides. A flow's retry is its first. */
function bind(
  node: Draft<AtomNode>,
  table: SymbolTable,
  level: ScopeLevel | null,
  own: readonly string[] = [],
): void {
  const { atom } = node;
  node.level = level;
  const sourcesOf = (args: readonly Argument[]): (Source | null)[] =>
    args.length === 0
      ? NO_SOURCES
      : args.map(({ name, symbol }) =>
          atom.inject.has(name) || own.includes(symbol) ? null : table.find(symbol),
        );
  node.sources = sourcesOf(atom.args);
  node.revertSources = atom.revertArgs === atom.args ? node.sources : sourcesOf(atom.revertArgs);
  if (node.kind === 'map') bindInside(node, table, level);
  for (const { symbol, take } of atom.provides) table.put(symbol, node as AtomNode, take);
}

/** The task of a map sees what the map sees, its own retry, and first of all its item, which no source gives. */
function bindInside({ atom, inner }: Draft<MapNode>, table: SymbolTable, level: ScopeLevel | null): void {
  const before = table.mark();
  const own = ownSymbols(atom);
  if (inner.retry !== null) bind(inner.retry as Draft<AtomNode>, table, level, own);
  bind(inner.task as Draft<AtomNode>, table, level, own);
  table.takeOff(before);
}

/** Every symbol that an atom inside the unit takes. */
function symbolsUsedIn(root: AnyUnit): ReadonlySet<string> {
  const used = new Set<string>();
  const open: AnyUnit[] = [root];
  for (let unit = open.pop(); unit !== undefined; unit = open.pop()) {
    if (unit.kind === 'flow') {
      if (unit.retry !== null) addUsed(unit.retry, used);
      for (const each of unit.units) open.push(each);
    } else addUsed(unit, used);
  }
  return used;
}

function addUsed(atom: AnyAtom, used: Set<string>): void {
  for (const arg of atom.args) used.add(arg.symbol);
  for (const arg of atom.revertArgs) used.add(arg.symbol);
  if (atom.kind === 'map') addUsed(atom.task, used);
  else if (atom.kind === 'task' && atom.retry !== null) addUsed(atom.retry, used);
}

function markRead(graph: Graph): void {
  const used = new Set<string>();
  for (const { atom } of graph.atoms.values()) addUsed(atom, used);
  for (const node of graph.atoms.values()) {
    const task = node.kind === 'map' ? node.atom.task : node.atom;
    const undone = task.kind === 'task' && task.work.revert !== null;
    node.read = undone || node.atom.provides.some(({ symbol }) => used.has(symbol));
    if (node.kind === 'map') (node.inner.task as Draft<AtomNode>).read = node.read;
  }
}

function listProviders(graph: Graph): ReadonlyMap<string, readonly Source[]> {
  const providers = new Map<string, Source[]>();
  for (const node of graph.atoms.values()) {
    for (const { symbol, take } of node.atom.provides) {
      const source = { symbol, take, node: node as AtomNode, previous: null, at: 0 };
      const list = providers.get(symbol);
      if (list === undefined) providers.set(symbol, [source]);
      else list.push(source);
    }
  }
  return providers;
}
