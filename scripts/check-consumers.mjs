// Packs the package and uses the tarball from outside, as users do: a JavaScript and a TypeScript project, on every
// major of Node that is supported. Prints a line per check, and the count at the end. Writes to temporary folders only.
//
//   node scripts/check-consumers.mjs [--keep]      --keep leaves the folder, to look at it
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkInstalled, checkTarball } from './consumers/package-checks.mjs';
import { count, section } from './consumers/report.mjs';
import { installNodes, npm } from './consumers/tools.mjs';
import { checkAcross, checkOn, checkTypes } from './consumers/usage-checks.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const home = mkdtempSync(join(tmpdir(), 'taskloom-consumers-'));

try {
  section('the tarball');
  const { stdout } = npm(['pack', '--json', '--silent', '--pack-destination', home], root);
  const [packed] = JSON.parse(stdout.slice(stdout.indexOf('[')));
  const tarball = join(home, packed.filename);
  checkTarball(packed);

  section('installing it with --ignore-scripts');
  const js = project('js', [tarball]);
  const ts = project('ts', [tarball, ...['typescript', 'tsx', '@types/node'].map(pinned)]);
  // A second copy of the TypeScript sources where tsx is not installed.
  cpSync(join(root, 'test/consumers/ts'), join(js, 'typed'), { recursive: true });
  checkInstalled(js);
  checkTypes(ts);

  const nodes = installNodes(home);
  for (const node of nodes) {
    section(`Node ${node.version}`);
    checkOn(node, { js, ts });
  }
  section('a run that one Node begins and another goes on with');
  for (const writer of nodes) for (const reader of nodes) checkAcross(writer, reader, js);
} finally {
  if (process.argv.includes('--keep')) console.log(`\nleft in ${home}`);
  else rmSync(home, { recursive: true, force: true, maxRetries: 3 });
}
process.exitCode = count() ? 0 : 1;

/** Copies a fixture out of the repository and installs packages there. */
function project(name, packages) {
  const folder = join(home, name);
  cpSync(join(root, 'test/consumers', name), folder, { recursive: true });
  npm(['install', '--ignore-scripts', '--prefer-offline', ...packages], folder);
  return folder;
}

/** A package in the version that this repository itself is tested with. */
function pinned(name) {
  const { version } = JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8'));
  return `${name}@${version}`;
}
