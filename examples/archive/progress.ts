/** Shows how far a run is: one live line on a terminal, a plain line every few seconds elsewhere. */

const TERMINAL_INTERVAL = 80; // ms
const PLAIN_INTERVAL = 2000; // ms
const BAR_WIDTH = 24;

export class Progress implements Disposable {
  readonly #out: NodeJS.WriteStream;
  #title = '';
  #total = 0;
  #done = 0;
  #started = 0;
  #shown = 0;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  /** @param total - Bytes that are to be done; 0 when that isn't known */
  start(title: string, total: number): void {
    this.#title = title;
    this.#total = total;
    this.#done = 0;
    this.#started = performance.now();
    this.#shown = this.#out.isTTY ? 0 : this.#started;
    this.#show();
  }

  add(bytes: number): void {
    this.#done += bytes;
    this.#show();
  }

  /** Takes the live line away, so that other text can follow. */
  clear(): void {
    if (this.#out.isTTY && this.#title !== '') this.#out.write('\r\u001b[2K');
    this.#title = '';
  }

  [Symbol.dispose](): void {
    this.clear();
  }

  #show(): void {
    const now = performance.now();
    if (now - this.#shown < (this.#out.isTTY ? TERMINAL_INTERVAL : PLAIN_INTERVAL)) return;
    this.#shown = now;
    const line = this.#line((now - this.#started) / 1000);
    this.#out.write(
      this.#out.isTTY ? `\r\u001b[2K${line.slice(0, (this.#out.columns ?? 80) - 1)}` : `${line}\n`,
    );
  }

  #line(seconds: number): string {
    if (this.#total === 0) return this.#title;
    const part = Math.min(1, this.#done / this.#total);
    const filled = Math.round(part * BAR_WIDTH);
    const bar = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled);
    const speed = seconds > 0.5 ? `  ${megabytes(this.#done / seconds)}/s` : '';
    return `${this.#title.padEnd(16)} ${bar} ${Math.floor(part * 100)} %  ${megabytes(this.#total)}${speed}`;
  }
}

export function megabytes(bytes: number): string {
  if (bytes < 100_000) return `${Math.round(bytes / 100) / 10} kB`;
  return `${(bytes / 1e6).toFixed(bytes < 100e6 ? 1 : 0)} MB`;
}
