/** The units of one flow: takes more of them, all of a call or none. */
import { TaskloomError } from '../errors.ts';
import { checkOptions, type OptionRules } from '../options.ts';
import { refuseClosed } from './closing.ts';
import { checkName } from './names.ts';
import { A_RETRY } from './read-definition.ts';
import { checkUnit } from './recognise.ts';
import type { Retry } from './retry.ts';
import type { AnyFlow, AnyMap, AnyRetry, AnyTask, AnyUnit } from './unit.ts';

/** What `add` of every pattern takes: units, and arrays of units. */
export type Addable = AnyUnit | readonly AnyUnit[];

export interface FlowOptions<Needs = unknown, Gives = unknown> {
  /** Decides what a failure inside the flow means. Default: all is reverted, or the flow around decides. */
  readonly retry?: Retry<Needs, Gives>;
}

const RULES: OptionRules<FlowOptions> = { retry: A_RETRY };

/** A flow's name and its retry. Throws NAME_INVALID or OPTION_INVALID. */
export function readFlow(
  name: unknown,
  options: FlowOptions,
): { readonly name: string; readonly retry: AnyRetry | null } {
  const known = checkName(name, 'The name of a flow');
  checkOptions(options, RULES, `flow '${known}'`);
  return { name: known, retry: options.retry ?? null };
}

export class UnitList {
  /** In the order in which they were added. */
  readonly all: AnyUnit[] = [];
  readonly #flow: AnyFlow;
  readonly #flows = new Set<AnyFlow>();
  /** Tasks and maps. */
  readonly #tasks = new Map<string, AnyTask | AnyMap>();

  constructor(flow: AnyFlow) {
    this.#flow = flow;
  }

  has(unit: AnyUnit): boolean {
    return unit.kind === 'flow' ? this.#flows.has(unit) : this.#tasks.get(unit.name) === unit;
  }

  /**
   * Appends units, and returns them as one list. When one of them is refused, none is there.
   * Throws UNIT_INVALID, TASKLOOM_TWICE, DUPLICATE_NAME, UNIT_TWICE, FLOW_CONTAINS_ITSELF, FLOW_CLOSED.
   */
  append(given: readonly unknown[]): readonly AnyUnit[] {
    refuseClosed(this.#flow);
    const start = this.all.length;
    try {
      for (const each of given) {
        if (!Array.isArray(each)) this.#appendOne(each, this.all.length - start);
        else for (const unit of each) this.#appendOne(unit, this.all.length - start);
      }
    } catch (refusal) {
      this.cut(start);
      throw refusal;
    }
    return this.all.slice(start);
  }

  /** Takes off all units but the first `count`. */
  cut(count: number): void {
    for (const unit of this.all.splice(count)) {
      if (unit.kind === 'flow') this.#flows.delete(unit);
      else this.#tasks.delete(unit.name);
    }
  }

  #appendOne(unit: unknown, position: number): void {
    const name = this.#flow.name;
    checkUnit(unit, `flow '${name}', unit ${position + 1} of this add()`);
    if (unit.kind === 'flow') this.#noteFlow(unit);
    else this.#noteTask(unit);
    this.all.push(unit);
  }

  #noteFlow(flow: AnyFlow): void {
    const outer = this.#flow.name;
    const details = { flow: flow.name, inside: outer };
    if (flow === this.#flow) {
      throw new TaskloomError('FLOW_CONTAINS_ITSELF', `Flow '${outer}' was added to itself.`, { details });
    }
    if (this.#flows.has(flow)) {
      throw new TaskloomError(
        'UNIT_TWICE',
        `Flow '${flow.name}' was added to flow '${outer}' twice. Build it twice, by a function; a task can be used again with .as(name).`,
        { details },
      );
    }
    this.#flows.add(flow);
  }

  #noteTask(task: AnyTask | AnyMap): void {
    const twin = this.#tasks.get(task.name);
    if (twin !== undefined) {
      const { kind, name } = task;
      const inFlow = `to flow '${this.#flow.name}'`;
      const what =
        twin === task
          ? `${kind === 'task' ? 'Task' : 'Map'} '${name}' was added ${inFlow} twice. Add it again`
          : `Two ${twin.kind === kind ? `${kind}s` : 'units'} named '${name}' were added ${inFlow}. Rename one, or add it`;
      const way = kind === 'task' ? ": .as('another name')." : ': make a second map.';
      throw new TaskloomError('DUPLICATE_NAME', `${what} under another name${way}`, {
        details: { name, flow: this.#flow.name },
      });
    }
    this.#tasks.set(task.name, task);
  }
}
