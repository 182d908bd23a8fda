/**
 * Asks the questions and holds each ratio that has a floor in floors.json against it. Exits with 1 when one is worse by
 * more than the noise. On a machine with other work nothing can be said, so nothing is asked.
 *
 *   npm run bench:check -- [names…] [--quick] [--write]
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { readCommandLine } from './command-line.ts';
import type { Figure } from './figure.ts';
import { compare, type Floors, floorsOf } from './floors.ts';
import { readMachine } from './machine.ts';
import { floorTable, loadWarning, machineLine, table } from './print.ts';
import { FULL, QUICK_CHECK } from './question.ts';

const FILE = new URL('./floors.json', import.meta.url);

/** Of full runs and of quick ones: other sizes have other ratios. */
type Kept = Readonly<Record<'full' | 'quick', Floors>>;

const { questions, quick, write } = readCommandLine('bench:check', ['quick', 'write']);
const size = quick ? 'quick' : 'full';
const machine = readMachine();
console.log(`${machineLine(machine)}\n`);
if (machine.busy) {
  console.error(loadWarning(machine));
  console.log(write ? 'not written: busy' : 'not judged: busy');
  process.exit(write ? 1 : 0);
}

const figures: Figure[] = [];
for (const { name, asks, answer } of questions) {
  console.log(`${name}: ${asks}`);
  const answered = await answer(quick ? QUICK_CHECK : FULL);
  console.log(`${table(answered, { busy: false, quick })}\n`);
  figures.push(...answered);
}
if (write) writeFloors();
else judge();

function judge(): void {
  const comparisons = compare(readFloors()[size], figures);
  console.log(`floors of ${size} runs:`);
  console.log(comparisons.length === 0 ? '  none' : floorTable(comparisons));
  const lost = comparisons.filter(({ verdict }) => verdict === 'lost' || verdict === 'missing');
  for (const each of lost) console.error(`${each.verdict}: ${each.bench}, ${each.case}`);
  process.exitCode = lost.length === 0 ? 0 : 1;
}

/** Of the benches that were asked; the others keep theirs. */
function writeFloors(): void {
  const kept = readFloors();
  const written: Kept = { ...kept, [size]: { ...kept[size], ...floorsOf(figures) } };
  writeFileSync(FILE, `${JSON.stringify(written, null, 2)}\n`);
  console.log(`Floors of ${size} runs are written.`);
}

function readFloors(): Kept {
  return JSON.parse(readFileSync(FILE, 'utf8')) as Kept;
}
