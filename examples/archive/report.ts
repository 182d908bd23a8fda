/** What the demo says at the end. Every number was counted or measured in this run. */
import type { Archived, Survey } from './archive.ts';
import { type Note, noteLine } from './listing.ts';
import { megabytes } from './progress.ts';
import type { SpeedUp } from './speed-up.ts';

/** Notes that are listed one by one; of more, how many. */
const NOTES_SHOWN = 10;
/** Load from which a measurement deserves a word: one core is taken half of the time. */
const BUSY = 0.5;

export interface Report {
  readonly folder: string;
  readonly survey: Survey;
  readonly archived: Archived;
  readonly threads: number;
  readonly quality: number;
  /** null: not measured. */
  readonly speedUp: SpeedUp | null;
  readonly place: string;
  /** Of the machine over the minute before the run, by its load average; 0 where that isn't known. */
  readonly load: number;
}

export function reportLines(report: Report): string[] {
  const { folder, survey, archived, threads, quality } = report;
  const { entries, parts, notes } = archived.index;
  const count = (kind: string): number => entries.filter((entry) => entry.kind === kind).length;
  const bytesIn = entries.reduce((sum, entry) => sum + (entry.kind === 'file' ? entry.size : 0), 0);
  const { duplicates } = survey.plan;
  const { list, hash } = survey.times;
  const total = list + hash + archived.time;
  return [
    `Archived ${folder}`,
    row(
      'files',
      `${thousands(count('file'))}, ${counted(count('folder'), 'folder')}, ${counted(count('link'), 'link')}`,
    ),
    row('in', megabytes(bytesIn)),
    row(
      'out',
      `${megabytes(archived.bytes)} in ${counted(parts.length, 'part')} and an index; brotli quality ${quality}`,
    ),
    row('ratio', archived.bytes === 0 ? '-' : (bytesIn / archived.bytes).toFixed(2)),
    row(
      'duplicates',
      `${counted(duplicates.chunks, 'chunk')} stored once, ${megabytes(duplicates.bytes)} saved`,
    ),
    row(
      'time',
      `${seconds(total)} (list ${seconds(list)}, hash ${seconds(hash)}, pack and verify ${seconds(archived.time)})`,
    ),
    row('threads', String(threads)),
    row('verified', 'every part was read back, decompressed and compared by SHA-256; so was the index'),
    ...speedUpLines(report),
    row('where', report.place),
    ...noteLines(notes),
  ];
}

function noteLines(notes: readonly Note[]): string[] {
  if (notes.length === 0) return [];
  const more = notes.length - NOTES_SHOWN;
  return [
    row('noted', `${thousands(notes.length)} not archived, or not as listed:`),
    ...notes.slice(0, NOTES_SHOWN).map((note) => row('', noteLine(note))),
    ...(more > 0 ? [row('', `and ${thousands(more)} more, in the index`)] : []),
  ];
}

export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(2)} s`;
}

function speedUpLines({ speedUp, threads, load }: Report): string[] {
  if (threads === 1) return [row('speed-up', 'not measured: there is one thread only')];
  if (speedUp === null) return [row('speed-up', 'not measured')];
  const { one, many, ratio, rounds, parts, bytes } = speedUp;
  return [
    row(
      'speed-up',
      `${ratio.toFixed(2)} over one thread: ${seconds(one)} with 1, ${seconds(many)} with ${threads}`,
    ),
    row('', `medians of ${rounds} rounds each, in turns, on warm threads: pack and verify of a sample,`),
    row('', `${counted(parts, 'part')} from all over the folder, ${megabytes(bytes)}`),
    ...(load > BUSY
      ? [row('', `the machine was busy with other work: load ${load.toFixed(1)} before the run`)]
      : []),
  ];
}

function row(title: string, text: string): string {
  return `  ${title.padEnd(11)}${text}`;
}

function counted(number: number, what: string): string {
  return `${thousands(number)} ${what}${number === 1 ? '' : 's'}`;
}

function thousands(number: number): string {
  return number.toLocaleString('en-US');
}
