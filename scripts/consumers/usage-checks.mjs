// What a user does with the installed package, on one Node.
import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { check } from './report.mjs';
import { majorOf, npxTaskloom, runNode, start, stripsTypes } from './tools.mjs';

const FAILED_AS_THROWN = { range: true, message: 'too far', code: 'E_TOO_FAR' };
const TYPESCRIPT = {
  squared: 144,
  onThread: true,
  written: '144',
  error: FAILED_AS_THROWN,
  revertedFile: true,
};

/** Type-checks the project with the declarations of its dependencies, and builds it for all Nodes. */
export function checkTypes(ts) {
  check('TypeScript: type-checks and builds', () => {
    const built = start(process.execPath, ['node_modules/typescript/bin/tsc', '-p', '.'], { cwd: ts });
    assert.equal(built.code, 0, built.stdout);
  });
}

export function checkOn(node, { js, ts }) {
  check('import', () => {
    const code = "const t = performance.now(); await import('taskloom'); console.log(performance.now() - t)";
    const ended = runNode(node, ['--input-type=module', '-e', code], js);
    assert.equal(ended.code, 0, ended.stderr);
    return `${Math.round(Number(ended.stdout))} ms`;
  });
  check('JavaScript: runs, fails, reverts, ends by itself', () => {
    assert.deepEqual(answerOf(runNode(node, ['main.js'], js)), {
      ...TYPESCRIPT,
      engine: { squared: 16, states: ['RUNNING', 'SUCCESS'] },
    });
  });
  check('JavaScript: npx taskloom run flow.js', () => runsByCommand(node, js, 'flow.js'));
  check('JavaScript: a file that is not there is wrong use', () => {
    const ended = npxTaskloom(node, ['run', 'nothing.js'], js);
    assert.equal(ended.code, 2, ended.stderr);
    assert.match(ended.stderr, /nothing\.js/);
    assert.doesNotMatch(ended.stderr, /^\s+at /m, 'a stack of ours');
  });

  check('TypeScript: built by tsc', () => {
    const { thrownAt, ...rest } = answerOf(runNode(node, ['built/main.js'], ts));
    assert.deepEqual(rest, { ...TYPESCRIPT, missing: 'MISSING_DEPENDENCIES' });
    assert.match(thrownAt, /^tasks\.js:\d+$/);
  });

  if (stripsTypes(node)) {
    checkTypeScript(node, join(js, 'typed'), 'as it is, without tsx', ['main.ts']);
  } else {
    checkTypeScript(node, ts, 'through tsx', ['--import', 'tsx', 'main.ts']);
    check('TypeScript: one clear sentence where tsx is missing', () => {
      const ended = npxTaskloom(node, ['run', 'flow.ts'], join(js, 'typed'));
      assert.notEqual(ended.code, 0);
      assert.match(ended.stderr, /install tsx/i);
      assert.match(ended.stderr, /TYPESCRIPT_UNAVAILABLE/);
      assert.doesNotMatch(ended.stderr, /^\s+at /m, 'a stack of ours');
      return ended.stderr.split('\n').find((line) => /install tsx/i.test(line));
    });
  }
}

/** Everything that structured clone carries comes back as it was, or is refused clearly where one Node has not what another has. */
export function checkAcross(writer, reader, js) {
  check(`written by Node ${writer.version}, read by ${reader.version}`, () => {
    const file = `from-${writer.version}-to-${reader.version}.db`;
    const written = answerOf(runNode(writer, ['durable.js', 'write', file], js));
    assert.equal(written.values, 'SUSPENDED');
    const read = answerOf(runNode(reader, ['durable.js', 'read', file], js));
    assert.equal(read.values, true);
    if (written.float16 === undefined) return undefined;
    assert.equal(read.float16, majorOf(reader) >= 24 ? true : 'VALUE_UNREADABLE');
    return read.float16 === true ? undefined : 'but for a Float16Array, which is refused';
  });
}

function checkTypeScript(node, folder, how, args) {
  check(`TypeScript: ${how}`, () => {
    const lines = readFileSync(join(folder, 'tasks.ts'), 'utf8').split('\n');
    const line = lines.findIndex((text) => text.includes('throw Object.assign')) + 1;
    assert.deepEqual(answerOf(runNode(node, args, folder)), {
      ...TYPESCRIPT,
      thrownAt: `tasks.ts:${line}`,
      missing: 'MISSING_DEPENDENCIES',
    });
  });
  check(`TypeScript: npx taskloom run flow.ts, ${how}`, () => runsByCommand(node, folder, 'flow.ts'));
}

function runsByCommand(node, folder, flow) {
  rmSync(join(folder, 'by-command.txt'), { force: true });
  const ended = npxTaskloom(node, ['run', flow, '--store', 'n=5', '--store', 'file=by-command.txt'], folder);
  assert.equal(ended.code, 0, ended.stdout + ended.stderr);
  assert.equal(readFileSync(join(folder, 'by-command.txt'), 'utf8'), '25');
}

/** The last line of what a process printed, which must have ended well. */
function answerOf(ended) {
  assert.equal(ended.code, 0, ended.stdout + ended.stderr);
  return JSON.parse(ended.stdout.trim().split('\n').at(-1));
}
