/**
 * Holds the house: who may import whom, no circles, and how files of src/ and workers/ are written.
 * It reads sources as text; TypeScript 7 has no JavaScript API that could read them for us.
 */
import { describe, expect, test } from 'vitest';
import { brokenFloors, brokenManners, circles, type Sources } from './rules.ts';
import { readTree } from './tree.ts';

const sources: Sources = readTree((path) => /^(src|workers)\/.*\.ts$/.test(path));

describe('the sources', () => {
  test('are found', () => {
    expect(sources.size).toBeGreaterThan(3);
  });
  test('import their own folder or a lower floor', () => {
    expect(brokenFloors(sources)).toEqual([]);
  });
  test('have no circles', () => {
    expect(circles(sources)).toEqual([]);
  });
  test('keep the manners of the house', () => {
    expect(brokenManners(sources)).toEqual([]);
  });
});

describe('the rules can fail', () => {
  const files = (entries: Record<string, string>): Sources => new Map(Object.entries(entries));

  test('upward, sideways, unknown rooms and the package by its own name', () => {
    const found = brokenFloors(
      files({
        'src/states.ts': "import { fail } from './failure.ts';",
        'src/flow/task.ts': "import type { Engine } from '../engine/engine.ts';",
        'src/compile/compilation.ts': "export { close } from '../protocol/codec.ts';",
        'src/engine/engine.ts': "import { run } from 'taskloom';\nimport x from '../utils/x.ts';",
        'workers/task-worker.ts': "const it = await import(\n  '../src/executor/threads.ts'\n);",
        'src/cli/main.ts': "import { run } from '../engine/run.ts'; // import '../index.ts'",
      }),
    );
    expect(found).toEqual([
      'src/states.ts imports src/failure.ts: states.ts imports nothing',
      'src/flow/task.ts (floor 2) imports src/engine/engine.ts (floor 5)',
      'src/compile/compilation.ts (floor 3) imports src/protocol/codec.ts (floor 3)',
      'src/engine/engine.ts imports taskloom: the package by its own name',
      'src/engine/engine.ts imports src/utils/x.ts: utils/ stands on no floor',
      'workers/task-worker.ts (floor 4) imports src/executor/threads.ts (floor 4)',
    ]);
  });

  test('circles, type imports counted, printed as a path', () => {
    const found = circles(
      files({
        'src/flow/a.ts': "import type { B } from './b.ts';",
        'src/flow/b.ts': "export * from './c.ts';",
        'src/flow/c.ts': "import { a } from './a.ts';\nimport './d.ts';",
        'src/flow/d.ts': "// import './a.ts';",
      }),
    );
    expect(found).toEqual(['src/flow/a.ts → src/flow/b.ts → src/flow/c.ts → src/flow/a.ts']);
  });

  test('manners', () => {
    const found = brokenManners(
      files({
        'src/flow/a.ts': '// no purpose\nexport const a: any = 1;',
        'src/flow/b.ts': '/** Fine: any word, "as any", enum in a comment. */\nexport const text = "x: any";',
        'src/flow/c.ts': '/** C. */\nexport default class C {}\nexport enum Colour { Red }',
        'src/flow/index.ts': '/** An index. */',
        'src/flow/types.ts': '/** Types. */',
        'src/flow/held.ts': '/** Held. */\nclass A { #f; constructor(b) { this.#f = (c: B): D => b; } }',
        'src/flow/long.ts': `/** Long. */\n${'\n'.repeat(400)}`,
        'workers/w.ts': '/** Piscina needs a default export. */\nexport default () => {};',
      }),
    );
    expect(found).toEqual([
      'src/flow/a.ts: no purpose comment on top',
      'src/flow/a.ts: any',
      'src/flow/c.ts: a default export',
      'src/flow/c.ts: an enum',
      'src/flow/index.ts: an index.ts inside a folder',
      'src/flow/types.ts: a name that says nothing',
      'src/flow/held.ts: a function written where it is assigned to a property',
      'src/flow/long.ts: 402 lines, more than 320',
    ]);
  });
});
