/**
 * The crash loop: a child process runs random durable flows, some at a time, is killed with SIGKILL at a random instant or at
 * one of its commits, and another one goes on; what all of them did is held against an unbroken run (crash-story.ts).
 *
 *   start ─▶ ready ─▶ go ─▶ SIGKILL ─▶ start … ─▶ go ─▶ until all flows have ended
 *
 * A round is a flow that was broken at least once, came to its end and was held against an unbroken run of it. One kill breaks
 * all flows that its process had in hand. The next child starts while one runs, since most of a child's life is its start.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { randomFrom } from '../../src/executor/manual-clock.ts';
import { type Drawing, drawings, orderOf } from './drawings.ts';
import { type End, endIn, isOver, linesByFlow, violations } from './crash-story.ts';

const CHILD = fileURLToPath(new URL('../fixtures/durability/crash-child.mjs', import.meta.url));
/** Lines that a child notes before it is killed, at most: a busy machine takes longer for them, and gets as far. */
const MOST_LINES = 300;
/** Of a child that gets as far. */
const MOST_COMMITS = 120;
/** ms that it lives beyond its last line, at most; so that it may be anywhere. */
const LINGERS = 4;
/** ms after which a child is killed that is still opening the database, at most. */
const OPENS = 60;
/** ms after which a child is killed in any case: it may have no more to do. */
const LONGEST = 5_000;
/** Flows that run at a time in a child, and that one kill hits. */
const ABREAST = 16;
/** A flow that was broken so often is left to the last child, which is not killed: others have their turn. */
const OFTEN = 5;

/** How flows are taken back by the process that goes on with them, in turn. */
const TAKEN_BACK = [null, 'rewind', 'abort', null, null, 'rewind', 'revert', null] as const;

interface LoopOptions {
  readonly seed: number;
  /** How many flows are to be broken, at least. */
  readonly rounds: number;
  readonly executor: 'serial' | 'threads';
  readonly durability?: 'full' | 'normal';
}

export interface LoopReport {
  readonly kills: Readonly<Record<Kill['at'], number>>;
  /** Flows that were broken, and held against an unbroken run. */
  readonly rounds: number;
  /** How often a flow was broken, over all flows. */
  readonly crashes: number;
  /** With those that no kill hit. */
  readonly flows: number;
  /** How often the flow was broken that was broken most often. */
  readonly most: number;
  readonly violations: readonly string[];
}

interface Flow {
  readonly id: string;
  readonly drawing: Drawing;
  /** How whoever goes on with it takes it back; null: it goes on. */
  readonly takenBack: (typeof TAKEN_BACK)[number];
  /** The atom from which it is rewound; null: only what failed or was reverted is put back. */
  readonly from: string | null;
}

export async function crashLoop(options: LoopOptions): Promise<LoopReport> {
  const folder = mkdtempSync(join(tmpdir(), 'taskloom-crash-'));
  try {
    return await new CrashLoop(folder, options).run();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

class CrashLoop {
  readonly #folder: string;
  readonly #options: LoopOptions;
  readonly #flows: readonly Flow[];
  readonly #log: string;
  readonly #hits = new Map<string, number>();
  /** A number from 0 to 1 for each that is asked for, by the seed. */
  readonly #random: () => number;

  constructor(folder: string, options: LoopOptions) {
    const { seed, rounds } = options;
    this.#folder = folder;
    this.#options = options;
    // More than will run.
    const drawn = fc.sample(drawings, { seed, numRuns: rounds * 4 + ABREAST });
    const random = randomFrom(seed);
    this.#flows = drawn.map((drawing, at) => ({
      id: `flow-${at}`,
      drawing,
      takenBack: TAKEN_BACK[at % TAKEN_BACK.length] ?? null,
      from: random() < 0.5 ? null : atomIn(drawing, random),
    }));
    this.#log = join(folder, 'log');
    this.#random = random;
  }

  async run(): Promise<LoopReport> {
    writeFileSync(this.#log, '');
    const spec = this.#spec('broken', this.#log, 'db', this.#flows);
    const kills = { opening: 0, anywhere: 0, before: 0, within: 0, after: 0 };
    let next = this.#start(spec);
    while (this.#hits.size < this.#options.rounds) {
      const { child, kill } = await next.ready;
      next = this.#start(spec);
      const from = statSync(this.#log).size;
      await this.#letLive(child, kill);
      kills[kill.at]++;
      for (const id of this.#brokenSince(from)) this.#hits.set(id, (this.#hits.get(id) ?? 0) + 1);
    }
    (await next.ready).child.kill('SIGKILL');
    // What has begun goes on to its end.
    const begun = linesByFlow(readFileSync(this.#log, 'utf8'));
    const flows = this.#flows.filter(({ id }) => begun.has(id));
    await this.#toTheEnd(this.#spec('last', this.#log, 'db', flows));
    const unbroken = join(this.#folder, 'unbroken');
    writeFileSync(unbroken, '');
    await this.#toTheEnd(this.#spec('unbroken', unbroken, null, flows));
    const hits = [...this.#hits.values()];
    return {
      kills,
      rounds: hits.length,
      crashes: hits.reduce((sum, each) => sum + each, 0),
      flows: flows.length,
      most: Math.max(...hits),
      violations: this.#judge(flows, unbroken),
    };
  }

  /** Until it is dead. */
  async #letLive(child: ChildProcess, kill: Kill): Promise<void> {
    const gone = once(child, 'exit').then(() => true);
    const spent = [...this.#hits].flatMap(([id, hits]) => (hits < OFTEN ? [] : [id]));
    child.stdin?.end(JSON.stringify(spent));
    const deadline = performance.now() + LONGEST;
    if (kill.at === 'opening') await Promise.race([gone, pause(kill.after)]);
    else {
      const lines = kill.at === 'anywhere' ? kill.lines : Number.POSITIVE_INFINITY;
      const seen = new LineCounter(this.#log);
      while (seen.count() < lines && performance.now() < deadline)
        if (await Promise.race([gone, pause(1)])) break;
      if (kill.at === 'anywhere') await Promise.race([gone, pause(kill.lingers)]);
    }
    child.kill('SIGKILL');
    await gone;
    if (child.exitCode !== null) throw new Error(`a child ended by itself with ${child.exitCode}`);
  }

  /** The flows of which the last process has done something, and not all; `from`: where the log then ended. */
  #brokenSince(from: number): readonly string[] {
    const lines = linesByFlow(readFileSync(this.#log).subarray(from).toString());
    const isBroken = (of: readonly string[]): boolean =>
      of.some((line) => !line.startsWith('?')) && !isOver(of);
    return this.#flows.flatMap(({ id }) => (isBroken(lines.get(id) ?? []) ? [id] : []));
  }

  #judge(flows: readonly Flow[], unbroken: string): readonly string[] {
    const lines = linesByFlow(readFileSync(this.#log, 'utf8'));
    const references = linesByFlow(readFileSync(unbroken, 'utf8'));
    const found: string[] = (lines.get('db') ?? []).map((line) => `the database is ${line}`);
    for (const { id, drawing } of flows) {
      const of = lines.get(id) ?? [];
      for (const each of violations(drawing, of, endIn(references.get(id) ?? []) as End))
        found.push(`${id}: ${each}\n    ${JSON.stringify(drawing)}\n    ${of.join('\n    ')}`);
    }
    return found;
  }

  #spec(name: string, log: string, db: string | null, flows: readonly Flow[]): string {
    const { executor, durability = 'normal' } = this.#options;
    const file = join(this.#folder, `${name}.json`);
    const path = db === null ? null : join(this.#folder, db);
    writeFileSync(file, JSON.stringify({ db: path, durability, log, executor, abreast: ABREAST, flows }));
    return file;
  }

  async #toTheEnd(spec: string): Promise<void> {
    const { child } = await this.#start(spec, { at: 'opening', after: 0 }).ready;
    const exit = once(child, 'exit');
    child.stdin?.end('[]');
    const [code] = await exit;
    if (code !== 0) throw new Error(`the last child ended with ${code}`);
  }

  #start(spec: string, kill = this.#drawKill()): { ready: Promise<{ child: ChildProcess; kill: Kill }> } {
    const child = spawn(process.execPath, [CHILD, spec, JSON.stringify(kill)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    child.stdin?.on('error', () => {});
    const ready = once(child.stdout as NonNullable<typeof child.stdout>, 'data');
    return { ready: ready.then(() => ({ child, kill })) };
  }

  #drawKill(): Kill {
    const random = this.#random;
    if (random() < 0.1) return { at: 'opening', after: random() * OPENS };
    if (random() < 0.5) return { at: 'anywhere', lines: random() * MOST_LINES, lingers: random() * LINGERS };
    const places = ['before', 'within', 'after'] as const;
    const at = places[Math.floor(random() * places.length)] ?? 'before';
    return { at, commit: 1 + Math.floor(random() * MOST_COMMITS) };
  }
}

type Kill =
  | { readonly at: 'opening'; readonly after: number }
  | { readonly at: 'anywhere'; readonly lines: number; readonly lingers: number }
  | { readonly at: 'before' | 'within' | 'after'; readonly commit: number };

/** A task or a map of it, if it has any that does something. */
function atomIn(drawing: Drawing, random: () => number): string | null {
  const names = [...orderOf(drawing).keys()].map((name) => name.replace(/\[.*/, ''));
  return names[Math.floor(random() * names.length)] ?? null;
}

/** Counts the lines that a file has gained. */
class LineCounter {
  readonly #file: string;
  readonly #chunk = Buffer.alloc(65_536);
  #at: number;
  #lines = 0;

  constructor(file: string) {
    this.#file = file;
    this.#at = statSync(file).size;
  }

  count(): number {
    const descriptor = openSync(this.#file, 'r');
    for (;;) {
      const read = readSync(descriptor, this.#chunk, 0, this.#chunk.length, this.#at);
      if (read === 0) break;
      this.#at += read;
      for (const byte of this.#chunk.subarray(0, read)) if (byte === NEWLINE) this.#lines++;
    }
    closeSync(descriptor);
    return this.#lines;
  }
}

const NEWLINE = 10;
