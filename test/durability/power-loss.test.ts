/**
 * The power is lost at any instant. With durability 'full' nothing that was announced is lost, with 'normal' the database is as it
 * was at some earlier moment; in both the flows go on from there to the end of an unbroken run.
 *
 * TASKLOOM_CUTS losses of power for each durability (default 120).
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DatabaseSync } from '@photostructure/sqlite';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { randomFrom } from '../../src/executor/manual-clock.ts';
import { type End, endIn, linesByFlow, violations } from './crash-story.ts';
import { type Drawing, drawings } from './drawings.ts';
import { fileLayer } from './file-layer.ts';
import { Disk, LUCKS, operationsIn } from './power-loss.ts';

const CHILD = fileURLToPath(new URL('../fixtures/durability/crash-child.mjs', import.meta.url));
const cuts = Number(process.env['TASKLOOM_CUTS'] ?? 120);
const seed = Number(process.env['TASKLOOM_SEED'] ?? Date.now() % 1_000_000_000);
/** Enough to write more than the log takes before it is put into the database. */
const FLOWS = 40;
/** How many of the databases that were found are gone on with. */
const RESUMED = 2;

interface Found {
  readonly flaws: readonly string[];
  /** As `crash-child.mjs` notes them. */
  readonly records: ReadonlyMap<string, string>;
}

/** What a program finds that opens the database after the power is back. */
function openAfterwards(file: string): Found {
  const database = new DatabaseSync(file);
  try {
    const flaws = (database.prepare('pragma integrity_check').all() as { integrity_check: string }[])
      .map((each) => each.integrity_check)
      .filter((each) => each !== 'ok');
    const hasSchema = database.prepare("select 1 from sqlite_schema where name = 'atom'").get() !== undefined;
    const records = new Map<string, string>();
    if (!hasSchema) return { flaws, records };
    const flows = database.prepare('select key, id, state from flow').all() as {
      key: number;
      id: string;
      state: string;
    }[];
    const atoms = database.prepare('select name, state, intention from atom where flow = ?');
    for (const { key, id, state } of flows) {
      const of = atoms.all(key) as { name: string; state: string; intention: string }[];
      const states = Object.fromEntries(of.map((each) => [each.name, [each.state, each.intention]]));
      records.set(id, `? ${JSON.stringify({ state, atoms: states })}`);
    }
    return { flaws, records };
  } finally {
    database.close();
  }
}

class Scene {
  readonly folder = mkdtempSync(join(tmpdir(), 'taskloom-power-'));
  readonly #flows: readonly { readonly id: string; readonly drawing: Drawing }[];
  readonly #durability: 'full' | 'normal';

  constructor(durability: 'full' | 'normal') {
    this.#durability = durability;
    const drawn = fc.sample(drawings, { seed, numRuns: FLOWS });
    this.#flows = drawn.map((drawing, at) => ({ id: `flow-${at}`, drawing }));
    onTestFinished(() => rmSync(this.folder, { recursive: true, force: true }));
  }

  get drawings(): ReadonlyMap<string, Drawing> {
    return new Map(this.#flows.map(({ id, drawing }) => [id, drawing]));
  }

  /** Lets a child run all flows, and returns what it noted. `folder`: where the database and the notes are. */
  run(folder: string, env: NodeJS.ProcessEnv = {}, hasDatabase = true): string {
    mkdirSync(folder, { recursive: true });
    const log = join(folder, 'notes');
    writeFileSync(log, '', { flag: 'a' });
    const spec = join(this.folder, 'spec.json');
    const db = hasDatabase ? join(folder, 'runs.db') : null;
    const rest = { executor: 'serial', durability: this.#durability, abreast: 3 };
    writeFileSync(spec, JSON.stringify({ db, log, flows: this.#flows, ...rest }));
    const { status, stderr } = spawnSync(process.execPath, [CHILD, spec, '{"at":"opening"}'], {
      input: '[]',
      env: { ...process.env, ...env },
    });
    expect(stderr.toString()).toBe('');
    expect(status).toBe(0);
    return readFileSync(log, 'utf8');
  }
}

describe.skipIf(fileLayer === null)(`after a loss of power, TASKLOOM_SEED=${seed}`, () => {
  it.each(['full', 'normal'] as const)(
    'with durability %s the flows go on',
    (durability) => {
      const scene = new Scene(durability);
      const unbroken = linesByFlow(scene.run(join(scene.folder, 'unbroken'), {}, false));
      const watched = join(scene.folder, 'watched');
      const log = join(scene.folder, 'operations');
      scene.run(watched, {
        LD_PRELOAD: fileLayer as string,
        FILE_LAYER_DIR: watched,
        FILE_LAYER_LOG: log,
      });
      const operations = operationsIn(readFileSync(log));
      const random = randomFrom(seed);
      // Much is decided at syncs and at what is announced: half of the cuts lie beside one of these.
      const decisive = operations.flatMap(({ kind, offset }, at) =>
        kind === 'S' || kind === 'D' || offset < 0 ? [at, at + 1] : [],
      );
      const at = new Set<number>();
      while (at.size < Math.min(cuts, operations.length)) {
        const any = Math.floor(random() * (operations.length + 1));
        at.add(random() < 0.5 ? any : (decisive[Math.floor(random() * decisive.length)] as number));
      }
      const disk = new Disk('notes');
      const resumed = new Set(
        [...at].sort((a, b) => a - b).filter((_, n) => n % Math.ceil(at.size / RESUMED) === 5),
      );
      for (let n = 0; n <= operations.length; n++) {
        if (at.has(n)) {
          const luck = LUCKS[Math.floor(random() * LUCKS.length)] ?? 'some';
          const folder = join(scene.folder, `cut-${n}`);
          mkdirSync(folder);
          disk.restore(folder, luck, random);
          const { flaws, records } = openAfterwards(join(folder, 'runs.db'));
          const where = `TASKLOOM_SEED=${seed}, cut ${n}, ${luck}`;
          expect(flaws, where).toEqual([]);
          if (durability === 'full')
            for (const [id, lines] of linesByFlow(disk.announced)) {
              const drawing = scene.drawings.get(id);
              if (drawing === undefined) continue;
              const record = records.get(id) ?? '? {"state":"none","atoms":{}}';
              expect(
                violations(drawing, [...lines.filter(isNoEnd), record], null),
                `${where}, ${id}`,
              ).toEqual([]);
              const end = endIn(lines);
              if (end !== null) expect(JSON.parse(record.slice(1)).state, `${where}, ${id}`).toBe(end.state);
            }
          if (resumed.has(n)) {
            const ends = linesByFlow(scene.run(folder));
            for (const [id, drawing] of scene.drawings)
              expect(
                violations(drawing, ends.get(id) ?? [], endIn(unbroken.get(id) ?? []) as End),
                `${where}, ${id}`,
              ).toEqual([]);
          }
          rmSync(folder, { recursive: true });
        }
        const operation = operations[n];
        if (operation !== undefined) disk.apply(operation);
      }
      expect(disk.announced).toContain(' end ');
      expect(disk.checkpointed).toBeGreaterThan(100);
    },
    120_000 + cuts * 500,
  );
});

function isNoEnd(line: string): boolean {
  return !line.startsWith('end ');
}
