/**
 * Asks the questions, all of them or those that are named, and prints the figures with their goals.
 *
 *   npm run bench -- [names…] [--quick] [--json]
 */
import { parseArgs } from 'node:util';
import type { Figure } from './figure.ts';
import { verdictOf } from './goal.ts';
import { readMachine } from './machine.ts';
import { loadWarning, machineLine, table } from './print.ts';
import { FULL, QUICK } from './question.ts';
import { NAMES, pick } from './questions.ts';

const { questions, json, quick } = readCommandLine();
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

function readCommandLine() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        quick: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    });
    return { ...values, questions: pick(positionals) };
  } catch (error) {
    console.error(
      `${(error as Error).message}\nnpm run bench -- [names…] [--quick] [--json]\nnames: ${NAMES}`,
    );
    process.exit(2);
  }
}
