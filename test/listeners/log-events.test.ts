/** Logging by outcome, without secrets, and without a way to touch the run. */
import { inspect } from 'node:util';
import { createEngine, formatFailure, type LogLevel, linear, logEvents, task } from 'taskloom';
import { describe, expect, it } from 'vitest';
import { refused } from '../flow/refused.ts';
import { runShop, shop } from './shop.ts';

type Line = readonly [level: LogLevel, message: string, details: unknown];

function recorder() {
  const lines: Line[] = [];
  const to = (level: LogLevel) => (message: string, details?: unknown) =>
    void lines.push([level, message, details]);
  const log = { debug: to('debug'), info: to('info'), warn: to('warn'), error: to('error') };
  return { lines, log };
}

const first = ([level, message]: Line): string => `${level} ${message.split('\n')[0]}`;

describe('logEvents', () => {
  it('says what goes well quietly and what fails aloud', async () => {
    const { lines, log } = recorder();
    const engine = shop();
    logEvents(engine, { log });
    await runShop(engine);
    const said = lines.map(first);
    expect(said).toContain("debug flow 'shop' PENDING → RUNNING");
    expect(said).toContain("debug task 'login' PENDING → RUNNING");
    expect(said).toContain("info task 'login' RUNNING → SUCCESS");
    expect(said).toContain("warn task 'order': ordering");
    expect(said).toContain("warn task 'order' RUNNING → FAILURE: Error: sold out");
    expect(said).toContain("warn task 'basket' REVERTING → REVERTED");
    expect(said.at(-1)).toBe("warn flow 'shop' RUNNING → REVERTED");
  });

  it('gives values as data, and the tree of what led to a failure', async () => {
    const { lines, log } = recorder();
    const engine = shop();
    logEvents(engine, { log });
    await runShop(engine);
    const of = (end: string) => lines.find((line) => first(line).endsWith(end))!;
    expect(of("'basket' RUNNING → SUCCESS")[2]).toMatchObject({
      flowId: engine.flowId,
      provides: { book: 'graphs', count: 2 },
    });
    expect(of("'basket' REVERTING → REVERTED")[2]).toMatchObject({ result: 'put back' });
    expect(of('sold out')[1]).toContain("└─ task 'basket': SUCCESS, intention EXECUTE");
  });

  it('shows no secret, neither masked nor hidden', async () => {
    const { lines, log } = recorder();
    const engine = shop();
    logEvents(engine, { log, hide: ['basket'], mask: ['token', 'password', 'number'] });
    await runShop(engine);
    const text = inspect(lines, { depth: 20 });
    expect(text).toContain("token: '***'");
    expect(text).not.toContain('s3cret');
    expect(text).not.toContain('graphs');
  });

  it('shows nothing that the engine is told is secret', async () => {
    const { lines, log } = recorder();
    const engine = shop({ secret: ['password', 'token', 'number'] });
    logEvents(engine, { log });
    await runShop(engine);
    const text = inspect(lines, { depth: 20 }) + formatFailure(engine);
    expect(text).toContain("password: '***'");
    expect(text).not.toContain('s3cret');
  });

  it('takes other levels, null for none', async () => {
    const { lines, log } = recorder();
    const engine = shop();
    logEvents(engine, {
      log,
      levels: { flow: { RUNNING: 'error' }, atom: { PENDING: null, RUNNING: null, SUCCESS: null } },
    });
    await runShop(engine);
    expect(first(lines[0]!)).toBe("error flow 'shop' PENDING → RUNNING");
    expect(lines.some((line) => /→ (RUNNING|SUCCESS)/.test(first(line)) && line[1].startsWith('task'))).toBe(
      false,
    );
  });

  it('says a failed revert and a failed flow as errors', async () => {
    const { lines, log } = recorder();
    const bad = task('bad', {
      execute: () => {
        throw new Error('first');
      },
      revert: () => {
        throw new Error('second');
      },
    });
    const engine = createEngine(linear('f').add(bad), { executor: 'serial' });
    logEvents(engine, { log });
    await engine.run().catch(() => {});
    const errors = lines.filter(([level]) => level === 'error').map(first);
    expect(errors).toEqual([
      "error task 'bad' REVERTING → REVERT_FAILURE: Error: second",
      "error flow 'f' RUNNING → FAILURE",
    ]);
  });

  it('stops, by its function and by using', async () => {
    const { lines, log } = recorder();
    const engine = shop();
    logEvents(engine, { log })();
    logEvents(engine, { log })[Symbol.dispose]();
    await runShop(engine);
    expect(lines).toEqual([]);
  });

  it('changes nothing when the logger throws or rejects', async () => {
    const warnings: unknown[] = [];
    const hear = (warning: unknown) => void warnings.push(warning);
    process.on('warning', hear);
    const no = () => {
      throw new Error('disk full');
    };
    const later = (() => Promise.reject(new Error('disk full'))) as () => void;
    const engine = createEngine(linear('f').add(task('a', { provides: 'a', execute: () => 1 })), {
      executor: 'serial',
    });
    logEvents(engine, { log: { debug: no, info: later, warn: no, error: no } });
    expect(await engine.run()).toEqual({ a: 1 });
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', hear);
    expect(warnings.length).toBeGreaterThan(2);
    expect(warnings.every((warning) => (warning as { code?: string }).code === 'LISTENER_THREW')).toBe(true);
  });

  it.each([
    [{}, "'log'"],
    [{ log: { info() {} } }, "'log'"],
    [{ log: console, levels: { atom: { DONE: 'info' } } }, 'DONE'],
    [{ log: console, levels: { flow: { SUCCESS: 'loud' } } }, 'SUCCESS'],
    [{ log: console, mask: 'token' }, "'mask'"],
    [{ log: console, masks: [] }, "'mask'"],
  ])('refuses %j', (options, said) => {
    expect(refused('OPTION_INVALID', () => logEvents(shop(), options as never)).message).toContain(said);
  });
});
