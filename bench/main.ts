/**
 * Asks the questions, all of them or those that are named, and prints the figures with their goals.
 *
 *   npm run bench -- [names…] [--quick] [--json]
 */
import { readCommandLine } from './command-line.ts';
import type { Figure } from './figure.ts';
import { verdictOf } from './goal.ts';
import { readMachine } from './machine.ts';
import { loadWarning, machineLine, table } from './print.ts';
import { FULL, QUICK } from './question.ts';

const { questions, json, quick } = readCommandLine('bench', ['quick', 'json']);
const machine = readMachine();
const conditions = { busy: machine.busy, quick };
if (!json) console.log(`${machineLine(machine)}\n`);
if (machine.busy) console.error(`${loadWarning(machine)}\n`);

const all: Figure[] = [];
for (const { name, asks, answer } of questions) {
  if (!json) console.log(`${name}: ${asks}`);
  const figures = await answer(quick ? QUICK : FULL);
  if (!json) console.log(`${table(figures, conditions)}\n`);
  all.push(...figures);
}
if (json) {
  const results = all.map((each) => ({ ...each, verdict: verdictOf(each, conditions) }));
  console.log(JSON.stringify({ machine, quick, results }));
}
