// What is in the tarball, and what installing it brings along.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, sep } from 'node:path';
import { check } from './report.mjs';

const MUST = [
  'package.json',
  'README.md',
  'LICENSE',
  'CHANGELOG.md',
  'dist/src/index.js',
  'dist/src/index.d.ts',
  'dist/src/testing.js',
  'dist/src/testing.d.ts',
  'dist/src/cli/main.js',
  'dist/workers/task-entry.cjs',
  'dist/workers/database-worker.js',
];
/** Its script only looks for the binary that lies in the package, and is not missed. */
const MAY_HAVE_SCRIPT = 'node_modules/@photostructure/sqlite';
const MAY = /^(dist\/(src|workers)\/.*\.(c?js|d\.c?ts|c?js\.map|d\.c?ts\.map)|package\.json|[A-Z]+(\.md)?)$/;

export function checkTarball(packed) {
  const files = packed.files.map(({ path }) => path);
  check('holds what it must', () => {
    const missing = MUST.filter((file) => !files.includes(file));
    assert.deepEqual(missing, []);
    return `${files.length} files, ${Math.round(packed.size / 1024)} kB packed, ${Math.round(packed.unpackedSize / 1024)} kB unpacked`;
  });
  check('holds nothing else', () => {
    assert.deepEqual(
      files.filter((file) => !MAY.test(file)),
      [],
    );
  });
}

export function checkInstalled(project) {
  const folder = join(project, 'node_modules/taskloom');
  const files = readdirSync(folder, { recursive: true }).map((file) => file.split(sep).join('/'));
  check('no source map is pointed at and missing', () => {
    const dangling = files.filter((file) => {
      if (!/\.(js|d\.ts)$/.test(file)) return false;
      const url = /^\/\/# sourceMappingURL=(.+)$/m.exec(readFileSync(join(folder, file), 'utf8'))?.[1];
      return url !== undefined && !files.includes(posix.join(posix.dirname(file), url));
    });
    assert.deepEqual(dangling, []);
  });
  check('the command can be started', () => {
    assert.match(readFileSync(join(folder, 'dist/src/cli/main.js'), 'utf8'), /^#!\/usr\/bin\/env node\n/);
  });
  check('brings npm packages only, none with an install script that does anything, and not tsx', () => {
    const { packages } = JSON.parse(readFileSync(join(project, 'node_modules/.package-lock.json'), 'utf8'));
    const installed = Object.entries(packages).filter(([path]) => path !== 'node_modules/taskloom');
    const odd = installed.filter(
      ([path, { version, hasInstallScript }]) =>
        (hasInstallScript && path !== MAY_HAVE_SCRIPT) ||
        !/^\d+\.\d+\.\d+/.test(version ?? '') ||
        path === 'node_modules/tsx',
    );
    assert.deepEqual(odd, []);
    return `${installed.length} packages: ${installed.map(([path]) => path.replace('node_modules/', '')).join(', ')}`;
  });
}
