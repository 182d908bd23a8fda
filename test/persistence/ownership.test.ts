/** Who may have a flow: living and dead processes, for real. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { isDead, isHeld, refuseHeld, thisProcess } from '../../src/persistence/ownership.ts';
import type { Owner } from '../../src/persistence/records.ts';

const OWNERSHIP = new URL('../../dist/src/persistence/ownership.js', import.meta.url).href;
const SAY = `import(${JSON.stringify(OWNERSHIP)}).then(({ thisProcess }) => {
  console.log(JSON.stringify(thisProcess('child')));
  setInterval(() => {}, 1000);
})`;
const onLinux = describe.runIf(process.platform === 'linux');

describe('an owner', () => {
  test('is this process, which lives', () => {
    const owner = thisProcess('me');
    expect(owner).toMatchObject({ id: 'me', host: hostname(), pid: process.pid });
    expect(thisProcess('me')).toEqual(owner);
    expect(isDead(owner)).toBe(false);
  });
  test('lives until its process ends', async () => {
    const { child, owner } = await ownerOf(process.execPath);
    expect(owner.pid).toBe(child.pid);
    expect(isDead(owner)).toBe(false);
    await end(child);
    expect(isDead(owner)).toBe(true);
  });
  test('elsewhere is never known to be dead', () => {
    expect(isDead({ ...thisProcess('me'), host: 'elsewhere.example', pid: 2 ** 30 })).toBe(false);
  });

  onLinux('on Linux', () => {
    test('is dead when its pid is another process’s now', () => {
      const owner = thisProcess('me');
      expect(isDead({ ...owner, process: owner.process.replace(/\d+$/, '1') })).toBe(true);
    });
    test('of another boot or another namespace of pids is not known to be dead', () => {
      const [boot, space, start] = thisProcess('me').process.split('/');
      const dead = { ...thisProcess('me'), pid: 2 ** 30 };
      expect(isDead(dead)).toBe(true);
      expect(isDead({ ...dead, process: `another/${space}/${start}` })).toBe(false);
      expect(isDead({ ...dead, process: `${boot}/pid:[1]/${start}` })).toBe(false);
      expect(isDead({ ...dead, process: '' })).toBe(false);
    });
    test('may be called what it likes', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'taskloom-owner-'));
      const program = join(folder, 'a) R 1 (b');
      symlinkSync(process.execPath, program);
      const { child, owner } = await ownerOf(program);
      rmSync(folder, { recursive: true });
      expect(isDead(owner)).toBe(false);
      expect(owner.process).toMatch(/\/\d+$/);
      await end(child);
      expect(isDead(owner)).toBe(true);
    });
    test('is dead when nobody has collected it yet', async () => {
      // A shell that starts a process, becomes one that collects nobody, and then lets the first one end.
      const child = spawn('sh', ['-c', 'cat <&3 >/dev/null & echo $!; exec sleep 1000'], {
        stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
      });
      const [line] = (await once(createInterface(child.stdout!), 'line')) as [string];
      const pid = Number(line);
      await until(() => readFileSync(`/proc/${child.pid}/comm`, 'utf8') === 'sleep\n');
      (child.stdio[3] as Writable).end();
      await until(() => statOf(pid)[0] === 'Z');
      const me = thisProcess('me');
      const owner = { ...me, pid, process: me.process.replace(/\d+$/, `${statOf(pid)[19]}`) };
      expect(isDead(owner)).toBe(true);
      await end(child);
    });
  });
});

describe('a flow', () => {
  const NOW = 1_000;
  const held = (owner: Owner | null, expiresAt: number) => ({ flowId: 'f', owner, expiresAt });

  test('is held while its owner lives and its lease runs', () => {
    const owner = thisProcess('me');
    expect(isHeld(held(owner, NOW + 1), NOW)).toBe(true);
    expect(isHeld(held(owner, NOW), NOW)).toBe(false);
    expect(isHeld(held(null, Number.POSITIVE_INFINITY), NOW)).toBe(false);
    expect(isHeld(held({ ...owner, pid: 2 ** 30 }, NOW + 1), NOW)).toBe(false);
  });
  test('that is held is its owner’s to claim, and nobody else’s', () => {
    const mine = held(thisProcess('me'), NOW + 1);
    expect(() => refuseHeld(mine, 'me', NOW)).not.toThrow();
    expect(() => refuseHeld(mine, 'other', NOW)).toThrow(
      /'f' is run by engine me .* until 1970-01-01T00:00:01/,
    );
    expect(() => refuseHeld(mine, null, NOW)).toThrow(/engine me/);
    expect(() => refuseHeld(held(mine.owner, Number.POSITIVE_INFINITY), 'other', NOW)).toThrow(/on \S+\.$/);
    expect(() => refuseHeld(held(mine.owner, 1e300), 'other', NOW)).toThrow(/until 1e\+300/);
  });
});

/** A child as an owner; it lives until it is ended. */
async function ownerOf(program: string): Promise<{ child: ChildProcess; owner: Owner }> {
  const child = spawn(program, ['-e', SAY], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface(child.stdout!), 'line')) as [string];
  return { child, owner: JSON.parse(line) as Owner };
}

async function end(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

/** For what other processes do, who tell nobody. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

/** The fields behind the name. */
function statOf(pid: number): string[] {
  return readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)!.split(' ');
}
