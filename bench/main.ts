/**
 * Asks the questions, all of them or those that are named, and prints the figures.
 *
 *   npm run bench -- [names…] [--quick] [--json]
 */
import { parseArgs } from 'node:util';
import type { Figure } from './figure.ts';
import { importTime } from './import-time.ts';
import { largeFlows } from './large-flows.ts';
import { readMachine } from './machine.ts';
import { noOps } from './no-ops.ts';
import { loadWarning, machineLine, table } from './print.ts';
import { FULL, QUICK, type Question } from './question.ts';
import { smallFlows } from './small-flows.ts';
import { speedUp } from './speed-up.ts';
import { startUp } from './start-up.ts';

const QUESTIONS: readonly Question[] = [speedUp, noOps, startUp, importTime, smallFlows, largeFlows];

const { questions, json, quick } = readCommandLine();
const machine = readMachine();
if (!json) console.log(`${machineLine(machine)}\n`);
if (machine.busy) console.error(`${loadWarning(machine)}\n`);

const results: Figure[] = [];
for (const { name, asks, answer } of questions) {
  if (!json) console.log(`${name}: ${asks}`);
  const figures = await answer(quick ? QUICK : FULL);
  if (!json) console.log(`${table(figures)}\n`);
  results.push(...figures);
}
if (json) console.log(JSON.stringify({ machine, quick, results }));

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
    const names = QUESTIONS.map(({ name }) => name).join(', ');
    console.error(
      `${(error as Error).message}\nnpm run bench -- [names…] [--quick] [--json]\nnames: ${names}`,
    );
    process.exit(2);
  }
}

function pick(names: readonly string[]): readonly Question[] {
  if (names.length === 0) return QUESTIONS;
  return names.map((name) => {
    const found = QUESTIONS.find((question) => question.name === name);
    if (found === undefined) throw new Error(`There is no bench '${name}'.`);
    return found;
  });
}
