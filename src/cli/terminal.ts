/**
 * The one writer to stdout and stderr. Keeps a live status line below the lines when stdout is a terminal, and writes
 * plain text when it is none. What it is given must be safe already (see text.ts).
 */
import { shorten } from './text.ts';

/** What is used of a stream, so that tests can hand over their own. */
export interface Output {
  write(text: string, written?: () => void): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export type Environment = Readonly<Record<string, string | undefined>>;

const STYLES = { red: 31, green: 32, yellow: 33, dim: 2, bold: 1 } as const;
export type Paint = (style: keyof typeof STYLES, text: string) => string;

/** ms between two drawings of the status line. */
const REDRAW = 100;
/** ms that lines wait for others, so that a thousand quick tasks don't cost a thousand writes. */
const GATHER = 20;
const ERASE = '\r\x1b[2K';

export class Terminal {
  /** True when there is a status line. */
  readonly live: boolean;
  /** Colours for stdout; the text itself where there are none. */
  readonly paint: Paint;
  /** Colours for stderr. */
  readonly paintError: Paint;
  readonly #out: Output;
  readonly #err: Output;
  #pending: string[] = [];
  #flushed = 0;
  #flushing: NodeJS.Immediate | null = null;
  #status: (() => string) | null = null;
  #drawn = '';
  #redrawing: NodeJS.Timeout | null = null;

  constructor(out: Output, err: Output, env: Environment) {
    this.#out = out;
    this.#err = err;
    this.live = out.isTTY === true && env['TERM'] !== 'dumb';
    this.paint = painter(hasColours(out, env));
    this.paintError = painter(hasColours(err, env));
  }

  /** A line on stdout. */
  line(text: string): void {
    this.#pending.push(text);
    if (performance.now() - this.#flushed > GATHER) this.flush();
    else this.#flushing ??= setImmediate(() => this.flush());
  }

  /** A line on stderr, after all lines that came before it. */
  complain(text: string): void {
    this.flush();
    const status = this.#erase();
    this.#err.write(`${text}\n`);
    this.#draw(status);
  }

  /** Shows what `status` says below the lines, drawn anew at most ten times a second; null for nothing. */
  follow(status: (() => string) | null): void {
    if (!this.live) return;
    this.#status = status;
    if (status === null) {
      if (this.#redrawing !== null) clearInterval(this.#redrawing);
      this.#redrawing = null;
      this.flush();
      this.#erase();
      return;
    }
    // Unreferenced: a status line must not keep a process alive that has nothing left to do.
    this.#redrawing ??= setInterval(() => this.#redraw(), REDRAW).unref();
    this.#redraw();
  }

  /** Writes the lines that wait. */
  flush(): void {
    if (this.#flushing !== null) clearImmediate(this.#flushing);
    this.#flushing = null;
    this.#flushed = performance.now();
    if (this.#pending.length === 0) return;
    const text = `${this.#pending.join('\n')}\n`;
    this.#pending = [];
    this.#out.write(this.#drawn === '' ? text : `${ERASE}${text}${this.#drawn}`);
  }

  /** Erases the status line, writes what waits, and resolves when the streams have taken everything. */
  async end(): Promise<void> {
    this.follow(null);
    this.flush();
    await Promise.all([this.#out, this.#err].map(drained));
  }

  #redraw(): void {
    if (this.#status === null) return;
    const text = shorten(this.#status(), Math.max(10, (this.#out.columns || 80) - 1));
    if (text === this.#drawn) return;
    this.#erase();
    this.#draw(text);
  }

  #draw(text: string): void {
    if (text === '') return;
    this.#out.write(text);
    this.#drawn = text;
  }

  #erase(): string {
    const drawn = this.#drawn;
    if (drawn !== '') this.#out.write(ERASE);
    this.#drawn = '';
    return drawn;
  }
}

function drained(stream: Output): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', () => resolve());
  });
}

/** FORCE_COLOR wins over NO_COLOR, as in Node itself; else a terminal has colours unless it is a dumb one. */
function hasColours(stream: Output, env: Environment): boolean {
  const forced = env['FORCE_COLOR'];
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  if ((env['NO_COLOR'] ?? '') !== '') return false;
  return stream.isTTY === true && env['TERM'] !== 'dumb';
}

function painter(colours: boolean): Paint {
  return colours ? (style, text) => `\x1b[${STYLES[style]}m${text}\x1b[0m` : (_, text) => text;
}
