/** The report as lines for people. */
import type { Figure } from './figure.ts';
import type { Comparison } from './floors.ts';
import { type Conditions, goalText, verdictOf } from './goal.ts';
import type { Machine } from './machine.ts';

export function machineLine({ cpu, cores, node, load }: Machine): string {
  return `${cpu}, ${cores} ${cores === 1 ? 'core' : 'cores'}, Node ${node}, load before ${load.toFixed(2)}`;
}

export function loadWarning({ load, cores }: Machine): string {
  return `Warning: the load was ${load.toFixed(2)} on ${cores} cores before anything began. Do not trust these figures.`;
}

/** One line a figure, in columns. */
export function table(figures: readonly Figure[], conditions: Conditions): string {
  return columns(
    figures.map((each) => [
      each.case,
      number(each.value),
      each.unit,
      ratioOf(each),
      noiseOf(each),
      each.goal === null ? '' : `goal ${goalText(each.goal)}`,
      verdictOf(each, conditions) ?? '',
    ]),
  );
}

/** One line a floor, in columns. */
export function floorTable(comparisons: readonly Comparison[]): string {
  return columns(
    comparisons.map((each) => [
      `${each.bench}: ${each.case}`,
      each.ratio === null ? '–' : number(each.ratio),
      '×',
      `floor ${number(each.floor)} ×`,
      noiseOf(each),
      each.verdict,
    ]),
  );
}

/** The second column is of numbers. */
function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) => {
      const cells = row.map((cell, column) => {
        const width = widths[column] ?? 0;
        return column === 1 ? cell.padStart(width) : cell.padEnd(width);
      });
      return `  ${cells.join('  ')}`.trimEnd();
    })
    .join('\n');
}

function ratioOf({ ratio, against }: Figure): string {
  return ratio === null ? '' : `${number(ratio)} × ${against}`;
}

function noiseOf({ noise }: { readonly noise: number }): string {
  return `± ${(noise * 50).toFixed(0)} %`;
}

/** Three digits that count, or all before the point. */
function number(value: number): string {
  const digits = value >= 100 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.max(value, 0.001))));
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
