/** The writer and the making safe of text, with streams that only remember. */
import { describe, expect, test } from 'vitest';
import { type Output, Terminal } from '../../src/cli/terminal.ts';
import { duration, nameList, oneLine, safeLines, shorten, width } from '../../src/cli/text.ts';
import { showValue, toJson } from '../../src/cli/values.ts';

function remember(isTTY: boolean): Output & { text: string } {
  return {
    isTTY,
    columns: 20,
    text: '',
    write(text, written) {
      this.text += text;
      written?.();
    },
  };
}

describe('the terminal', () => {
  test('draws the status below the lines and erases it at the end', async () => {
    const out = remember(true);
    const terminal = new Terminal(out, out, { NO_COLOR: '1' });
    terminal.follow(() => 'status');
    terminal.line('one');
    terminal.line('two');
    terminal.complain('bad');
    await terminal.end();
    expect(out.text).toBe('status\r\x1b[2Kone\nstatus\r\x1b[2Ktwo\nstatus\r\x1b[2Kbad\nstatus\r\x1b[2K');
  });
  test('writes plain lines when stdout is none, or a dumb one', async () => {
    for (const [tty, env] of [
      [false, {}],
      [true, { TERM: 'dumb' }],
    ] as const) {
      const out = remember(tty);
      const terminal = new Terminal(out, out, env);
      terminal.follow(() => 'status');
      terminal.line(terminal.paint('red', 'one'));
      await terminal.end();
      expect(out.text).toBe('one\n');
    }
  });
  test('cuts the status to the width of the terminal', async () => {
    const out = remember(true);
    const terminal = new Terminal(out, out, {});
    terminal.follow(() => '漢'.repeat(50));
    await terminal.end();
    expect(out.text).toBe(`${'漢'.repeat(9)}…\r\x1b[2K`);
  });
});

describe('text', () => {
  test('is made safe', () => {
    expect(oneLine('a\x1b[31m\n\u202e\u0000\ud800b\u0085')).toBe('a\\x1b[31m\\n\\u202e\\x00\\ud800b\\x85');
    expect(oneLine('héllo 👩‍👩‍👧 漢字')).toBe('héllo 👩‍👩‍👧 漢字');
    expect(oneLine('x'.repeat(1_000_000), 3)).toBe('xxx… (1000000 characters)');
    expect(safeLines('a\r\nb\nc\nd', 2)).toEqual(['a', 'b', '…']);
  });
  test('is measured and cut', () => {
    expect(width('a漢é')).toBe(4);
    expect(shorten('abc', 3)).toBe('abc');
    expect(shorten('abcd', 3)).toBe('ab…');
    expect(nameList(['a', 'b', 'c'], 2)).toBe('a, b and 1 more');
  });
  test('says times as one reads them', () => {
    expect([0.04, 9.94, 12.3, 3410, 125_000].map(duration)).toEqual([
      '0.0 ms',
      '9.9 ms',
      '12 ms',
      '3.41 s',
      '2 min 5 s',
    ]);
  });
});

describe('values', () => {
  test('are shown in few short lines', () => {
    expect(showValue(new Float64Array(8))).toEqual(['Float64Array(8)']);
    expect(showValue(new SharedArrayBuffer(8))).toEqual(['SharedArrayBuffer(8)']);
    const lines = showValue(
      Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`key${at}`, 'x'.repeat(300)])),
    );
    expect(lines).toHaveLength(10);
    expect(Math.max(...lines.map((line) => line.length))).toBe(120);
  });
  test('become JSON whatever they are', () => {
    expect(JSON.stringify(toJson(JSON.parse('{"__proto__":1}')))).toBe('{"__proto__":1}');
    let deep: unknown = 1;
    for (let at = 0; at < 10_000; at++) deep = [deep];
    expect(JSON.stringify(toJson(deep))).toContain('too deep');
    expect(toJson([undefined, new Date(0), /a/g, new TypeError('x')])).toEqual([
      { $type: 'undefined' },
      '1970-01-01T00:00:00.000Z',
      { $type: 'RegExp', value: '/a/g' },
      { $type: 'Error', name: 'TypeError', message: 'x' },
    ]);
  });
});
