// Do the tests notice when a rule is broken? Each mutant breaks one, in a copy of the repository; then the model and the
// scenarios must fail. `npm run mutants`, or `npm run mutants -- selector` for those whose file or reason has that word.
// Exits with 1 when one survived. The seed is fixed, so that it says the same each time; TASKLOOM_SEED takes another.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** `find` stands once in its file; a test in test/house holds that. */
export const MUTANTS = [
  {
    file: 'src/engine/selector.ts',
    find: "return (state === 'SUCCESS' || state === 'IGNORE') &&",
    replace: "return state === 'SUCCESS' &&",
    why: 'what follows an ignored atom never runs',
  },
  {
    file: 'src/engine/selector.ts',
    find: 'if (this.#busy[node.index] !== 0) return false;',
    replace: '',
    why: 'an atom is reverted before what depends on it',
  },
  {
    file: 'src/engine/selector.ts',
    find: "state === 'REVERTED' || state === 'IGNORE';",
    replace: "state === 'REVERTED';",
    why: 'what was ignored holds up the reverts before it',
  },
  {
    file: 'src/engine/resolution.ts',
    find: "if (decision === 'REVERT_ALL') return REVERT_ALL;",
    replace: '',
    why: 'a retry around can overrule REVERT_ALL',
  },
  {
    file: 'src/engine/resolution.ts',
    find: 'givenUp ??= retry;',
    replace: 'givenUp = retry;',
    why: 'without deferReverts the outermost flow is taken back, not the innermost',
  },
  {
    file: 'src/engine/resolution.ts',
    find: 'givenUp === null || deferReverts',
    replace: 'givenUp === null',
    why: 'deferReverts has no effect',
  },
  {
    file: 'src/engine/completer.ts',
    find: "if (node.kind === 'retry') moves.forgetAttempts(node);",
    replace: '',
    why: 'a retry that was reverted goes on with its old history',
  },
  {
    file: 'src/engine/ending.ts',
    find: "if (state !== 'SUCCESS' && state !== 'IGNORE') done = false;",
    replace: "if (state !== 'SUCCESS') done = false;",
    why: 'a flow with ignored atoms ends REVERTED',
  },
  {
    file: 'src/engine/ending.ts',
    find: ' && (unresolved || selector.hasMore())',
    replace: '',
    why: 'a flow that is done when it was to be suspended ends SUSPENDED',
  },
  {
    file: 'src/engine/voting.ts',
    find: 'filter(({ from }) => !isIgnored(from, storage))',
    replace: 'filter(() => true)',
    why: 'the decider behind an ignored atom is asked',
  },
  {
    file: 'src/engine/voting.ts',
    find: 'return [node, ...[...nodesBehind(node)].filter(isAtom)];',
    replace: 'return [node];',
    why: 'a no of depth ALL reaches the atom alone',
  },
  {
    file: 'src/engine/keeping.ts',
    find: 'if (this.#isSettled[next.index] === 0 && this.#isDone(next)) done.add(next);',
    replace: 'if (next === start) done.add(next);',
    why: 'what was left out early holds its arguments for ever',
  },
  {
    file: 'src/engine/keeping.ts',
    find: 'found = inner;',
    replace: '',
    why: 'what a retry makes needed again was dropped',
  },
  {
    file: 'src/engine/keeping.ts',
    find: "const around = node.kind === 'retry' ? node : node.retry;",
    replace: 'const around = node.retry;',
    why: 'what a retry is asked with was dropped',
  },
  {
    file: 'src/engine/keeping.ts',
    find: 'if (takesItsResult(node)) this.#uses.need(node);',
    replace: '',
    why: 'a revert is not told the result, which was dropped',
  },
  {
    file: 'src/engine/keeping.ts',
    find: "for (const source of readToRevert(node)) this.#claim('revert', node, around, source);",
    replace: '',
    why: 'what a revert takes was dropped',
  },
  {
    file: 'src/engine/keeping.ts',
    find: "state === 'SUCCESS' && !absent.includes(use.source.take);",
    replace: "state === 'SUCCESS';",
    why: 'what stands in for a part that is lacking was dropped',
  },
  {
    file: 'src/engine/keeping.ts',
    find: "for (const source of shownToDeciders(node)) this.#claim('execute', node, node.retry, source);",
    replace: '',
    why: 'what a decider is shown was dropped',
  },
  {
    file: 'src/engine/keeping.ts',
    find: 'this.#holdAgain(this.#untilSettled[node.index]);',
    replace: '',
    why: 'what is to run again finds its arguments dropped',
  },
  {
    file: 'src/engine/keeping.ts',
    find: 'this.#holdAgain(this.#untilClosed[retry.index]);',
    replace: '',
    why: 'what a retry around may make needed once more was dropped',
  },
  {
    file: 'src/engine/keeping.ts',
    find: 'if (this.#outermost(around, node) === null) return;',
    replace: 'return;',
    why: 'what is shadowed was dropped, though a retry puts back what shadows it and its readers',
  },
  {
    file: 'src/engine/uses.ts',
    find: 'if (--use.users > 0) return;',
    replace: 'use.users--;',
    why: 'a result is dropped when the first of its readers is done',
  },
  {
    file: 'src/engine/asking.ts',
    find: 'if (about.has(node)) return true;',
    replace: '',
    why: 'what lies behind a retry starts while that has yet to say what a failure means',
  },
  {
    file: 'src/flow/decider.ts',
    find: 'DEPTHS.find((depth) =>',
    replace: '[...DEPTHS].reverse().find((depth) =>',
    why: 'of several depths the narrowest counts',
  },
  {
    file: 'src/flow/graph.ts',
    find: 'if (this.#target === null) return null;',
    replace: 'return null;',
    why: 'a target has no effect',
  },
  {
    file: 'src/flow/retry.ts',
    find: 'history.length < attempts ?',
    replace: 'history.length <= attempts ?',
    why: 'times(n) makes an attempt too many',
  },
  {
    file: 'src/flow/retry.ts',
    find: 'delay * backoff ** (attempts - 1)',
    replace: 'delay',
    why: 'the delay between attempts does not grow',
  },
  {
    file: 'src/flow/retry.ts',
    find: "revertAll ? 'REVERT_ALL' : 'REVERT'",
    replace: "'REVERT'",
    why: 'revertAll has no effect',
  },
  {
    file: 'src/compile/scopes.ts',
    find: "flow.pattern === 'linear' ? null",
    replace: "flow.pattern !== 'graph' ? null",
    why: 'in an unordered flow units see each other',
  },
  {
    file: 'src/compile/siblings.ts',
    find: 'a.position - b.position',
    replace: 'b.position - a.position',
    why: 'in a graph flow the first provider shadows the last',
  },
  {
    file: 'src/compile/graph.ts',
    find: "node.kind !== 'entry' || node.deciding.length === 0",
    replace: "node.kind !== 'exit' || node.deciding.length === 0",
    why: 'the decider of a link to a flow is not asked',
  },
  {
    file: 'src/storage/arguments.ts',
    find: 'if (node.atom.inject.has(name)) return',
    replace: 'if (node.atom.inject.has(name) && storage.values.store.get(symbol) === null) return',
    why: "the store beats a task's own inject",
  },
  {
    file: 'src/storage/arguments.ts',
    find: 'if (!storage.values.lacks(found)) return null;',
    replace: 'return null;',
    why: 'a result without the part hides the one that it shadows',
  },
  {
    file: 'src/storage/arguments.ts',
    find: 'if (within !== null && within.level !== level) return null;',
    replace: '',
    why: 'a part that a result lacks is looked for in the flows around',
  },
  {
    file: 'src/storage/adopt.ts',
    find: 'if (record.version !== versionOf(node)) changed.push(node);',
    replace: '',
    why: 'a kept flow does not see another version of a task',
  },
  {
    file: 'src/engine/held-up.ts',
    find: 'this.#retries = retries.filter((retry) => this.#isAskedAbout(retry));',
    replace: 'this.#retries = [];',
    why: 'a retry runs again before all that failed in its attempt is heard out',
  },
  {
    file: 'src/engine/loop.ts',
    find: 'this.#questions.drop(behind);',
    replace: '',
    why: 'what was asked about an attempt that is over holds up the next one',
  },
  {
    file: 'src/engine/moves.ts',
    find: 'found.failure !== record.failure) this.#known = null;',
    replace: 'found.failure !== record.failure) {}',
    why: 'reverts are told of the failures that were known when the first one began',
  },
  {
    file: 'src/engine/dispatch.ts',
    find: 'if (resting !== null) return',
    replace: 'if (false) return',
    why: 'a task begins though a failure waits to be looked at',
  },
  {
    file: 'src/executor/ranked-queue.ts',
    find: 'b.priority - a.priority || ',
    replace: '',
    why: 'what is urgent waits behind what is not',
  },
  {
    file: 'src/engine/map-run.ts',
    find: "if (this.#action === 'execute' && this.#items.stateOf(index) !== 'SUCCESS') return;",
    replace: '',
    why: 'an item that is tried again has lost its input',
  },
  {
    file: 'src/engine/map-run.ts',
    find: "else if (state === 'FAILURE' && nodes.retry === null) this.#giveUp(nodes.task);",
    replace: '',
    why: 'an item that fails beside another is not told of',
  },
  {
    file: 'src/engine/folding.ts',
    find: 'if (this.#reduce.inOrder) return early.has(next) ? next : null;',
    replace: '',
    why: 'results are folded as they come, whatever was asked for',
  },
  {
    file: 'src/protocol/perform.ts',
    find: 'absentTakes(value, request.terms.takes)',
    replace: '[]',
    why: 'a part that a result lacks passes for undefined',
  },
  {
    file: 'src/executor/ranked-queue.ts',
    find: 'b.rank - a.rank',
    replace: 'a.rank - b.rank',
    why: 'the shortest way goes first',
  },
];

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const TESTS = ['test/model', 'test/scenarios', 'test/engine/maps.properties.test.ts'];
/** ms; a run of the tests takes about 60,000, and 180,000 more when one hangs. */
const TIMEOUT = 600_000;

/** A copy of what git knows or would take, with what is installed beside it. */
function copyRepository() {
  const copy = mkdtempSync(join(realpathSync(tmpdir()), 'taskloom-mutants-'));
  const listed = spawnSync('git', ['ls-files', '-z', '-co', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  if (listed.status !== 0) throw new Error(`git ls-files failed: ${listed.stderr}`);
  for (const file of listed.stdout.split('\0').filter(Boolean)) cpSync(join(ROOT, file), join(copy, file));
  symlinkSync(realpathSync(join(ROOT, 'node_modules')), join(copy, 'node_modules'), 'junction');
  return copy;
}

/** The name of the first test that fails; null when none does. Throws when what is there can't be built. */
function firstFailure(copy) {
  const node = (script, ...args) =>
    spawnSync(process.execPath, [join(copy, 'node_modules', script), ...args], {
      cwd: copy,
      encoding: 'utf8',
      timeout: TIMEOUT,
      killSignal: 'SIGKILL',
      env: { TASKLOOM_RUNS: '1500', TASKLOOM_SEED: '1', ...process.env, TASKLOOM_SHRINK: '0' },
    });
  // Types are not looked at: a mutant may leave something unused.
  const built = node('typescript/bin/tsc', '-p', 'tsconfig.build.json', '--noCheck');
  if (built.status !== 0) throw new Error(`it does not build:\n${built.stdout}${built.stderr}`);
  const report = join(copy, 'report.json');
  rmSync(report, { force: true });
  const run = node(
    'vitest/vitest.mjs',
    'run',
    ...TESTS,
    '--bail=1',
    '--reporter=json',
    `--outputFile=${report}`,
  );
  if (run.status === 0) return null;
  if (run.error !== undefined) return 'a run that does not end';
  const files = JSON.parse(readFileSync(report, 'utf8')).testResults;
  const failed = files.flatMap((file) => file.assertionResults).find(({ status }) => status === 'failed');
  return (
    failed?.fullName ??
    files.find(({ status }) => status === 'failed')?.name ??
    'a run that failed as a whole'
  );
}

/** The text of the mutant's file. Throws when what is to be found isn't there once. */
function textFor({ file, find }, folder) {
  const text = readFileSync(join(folder, file), 'utf8');
  const times = text.split(find).length - 1;
  if (times === 1) return text;
  throw new Error(
    `'${find}' stands ${times} times in ${file}, and not once. Mend the table in scripts/mutants.mjs.`,
  );
}

function tryMutant(copy, mutant) {
  const { file, find, replace } = mutant;
  const text = textFor(mutant, copy);
  writeFileSync(
    join(copy, file),
    text.replace(find, () => replace),
  );
  try {
    return firstFailure(copy);
  } finally {
    writeFileSync(join(copy, file), text);
  }
}

function main([word = '']) {
  const chosen = MUTANTS.filter(({ file, why }) => `${file} ${why}`.includes(word));
  if (chosen.length === 0) throw new Error(`No mutant has '${word}' in its file or its reason.`);
  for (const mutant of chosen) textFor(mutant, ROOT);
  const copy = copyRepository();
  try {
    const sound = firstFailure(copy);
    if (sound !== null) throw new Error(`Without any mutant, this fails: ${sound}`);
    const survivors = chosen.filter((mutant) => {
      const noticed = tryMutant(copy, mutant);
      console.log(`${noticed === null ? 'SURVIVED' : 'caught  '}  ${mutant.file}: ${mutant.why}`);
      if (noticed !== null) console.log(`          by: ${noticed}`);
      return noticed === null;
    });
    console.log(`\n${chosen.length - survivors.length} of ${chosen.length} mutants were caught.`);
    if (survivors.length > 0) process.exitCode = 1;
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv.slice(2));
