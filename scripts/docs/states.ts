/** Prints docs/states.md: the tables of src/states.ts as matrices and diagrams, with a sentence for each state. */
import {
  type AtomState,
  type EngineState,
  FLOW_MOVES,
  type FlowState,
  type Intention,
  MAP_MOVES,
  type Moves,
  RESETTABLE,
  RETRY_MOVES,
  TASK_MOVES,
} from '../../src/states.ts';

type Sentences<S extends string> = Readonly<Record<S, string>>;

const FLOW: Sentences<FlowState> = {
  PENDING: 'Nothing of it ran yet, or all of it was reset.',
  RUNNING: 'An engine runs it: atoms execute, revert or wait for their turn.',
  SUCCESS: 'Every atom succeeded or was ignored.',
  FAILURE: 'Something failed and could not be taken back, or was told not to be: look at what is left.',
  REVERTED: 'Something failed, and what ran was taken back.',
  SUSPENDING: 'It was asked to stop: running atoms finish, no further one starts.',
  SUSPENDED: 'It stopped before its end; running it again goes on from there.',
  RESUMING: 'It was found in the midst of a run that ended with its process, and is made ready to go on.',
};

const ATOM: Sentences<AtomState> = {
  PENDING: 'It has not run, or was put back to run again.',
  RUNNING: 'A worker has it.',
  SUCCESS: 'It executed, and its result is kept.',
  FAILURE: 'Executing it failed, and its failure is kept.',
  REVERTING: 'What it did is being taken back.',
  REVERTED: 'What it did was taken back; its result is no longer given to anyone.',
  REVERT_FAILURE: 'Taking it back failed; this is final, and the flow ends in FAILURE.',
  RETRYING: 'A retry lets its flow run once more.',
  PARTIAL: 'A map stopped in its midst: some of its items ran, or were taken back, and none runs now.',
  IGNORE: 'A decider left it out; it counts as done and is never reverted.',
};

const INTENTION: Sentences<Intention> = {
  EXECUTE: 'Run it when all before it are done. Every atom starts with this.',
  REVERT: 'Take it back when all after it are back.',
  RETRY: 'Take back what follows this retry, then run it again.',
  IGNORE: 'Leave it out.',
};

const ENGINE: Sentences<EngineState> = {
  RESUMING: 'Looks at what is kept: what goes on from an earlier run, and what comes first.',
  SCHEDULING: 'Sends ready atoms to the executor.',
  WAITING: 'Waits until one of them ends.',
  ANALYZING: 'Takes outcomes back, decides what a failure means, and looks who is ready now.',
  SUCCESS: 'The end: the flow is SUCCESS.',
  REVERTED: 'The end: the flow is REVERTED.',
  SUSPENDED: 'The end for now: the flow is SUSPENDED.',
  FAILURE: 'The end: the flow is FAILURE. Not yielded: the run throws instead.',
};

const HEAD = `# States

Printed from \`src/states.ts\` by \`npm run docs\`; change it there. In the tables a row is where something stands, a column where it
may go, and ● a legal move; what has none is never done.
`;

export function printStates(): string {
  return [
    HEAD,
    '## Flows\n',
    sentences(FLOW),
    matrix(FLOW_MOVES),
    diagram(FLOW_MOVES),
    `\`engine.reset()\` puts a flow and its atoms back to PENDING from ${listed(RESETTABLE)}.\n`,
    '## Tasks\n',
    sentences(ATOM, keysOf(TASK_MOVES)),
    matrix(TASK_MOVES),
    diagram(TASK_MOVES),
    '## Retries\n',
    `A retry moves as a task does, and ${beyondTasks(RETRY_MOVES)}.\n`,
    sentences(ATOM, ['RETRYING']),
    matrix(RETRY_MOVES),
    diagram(RETRY_MOVES),
    '## Maps\n',
    `A map moves as a task does, and ${beyondTasks(MAP_MOVES)}. Its items move as tasks do.\n`,
    sentences(ATOM, ['PARTIAL']),
    matrix(MAP_MOVES),
    diagram(MAP_MOVES),
    '## Intentions\n',
    'The state of an atom says what happened to it, its intention what should happen next.\n',
    sentences(INTENTION),
    "## The engine's loop\n",
    '`engine.runIter()` yields these, in turns, and last the state in which the run ended, but for FAILURE.\n',
    sentences(ENGINE),
  ]
    .join('\n')
    .trimEnd()
    .concat('\n');
}

/** The moves that tasks don't know. */
function beyondTasks<S extends AtomState>(moves: Moves<S>): string {
  const known: Partial<Record<AtomState, readonly AtomState[]>> = TASK_MOVES;
  return keysOf(moves)
    .flatMap((from) =>
      moves[from].filter((to) => !known[from]?.includes(to)).map((to) => `from ${from} to ${to}`),
    )
    .join(', ');
}

function sentences<S extends string>(table: Sentences<S>, only: readonly S[] = keysOf(table)): string {
  return only.map((state) => `- **${state}**: ${table[state]}\n`).join('');
}

function matrix<S extends string>(moves: Moves<S>): string {
  const states = keysOf(moves);
  const rows = states.map((from) => [from, ...states.map((to) => (moves[from].includes(to) ? '●' : ''))]);
  const head = ['from \\ to', ...states];
  return [head, head.map((_, at) => (at === 0 ? '---' : ':---:')), ...rows]
    .map((row) => `| ${row.join(' | ')} |\n`)
    .join('');
}

function diagram<S extends string>(moves: Moves<S>): string {
  const lines = keysOf(moves).flatMap((from) => moves[from].map((to) => `  ${from} --> ${to}\n`));
  return `\`\`\`mermaid\nstateDiagram-v2\n  [*] --> PENDING\n${lines.join('')}\`\`\`\n`;
}

function listed(words: readonly string[]): string {
  return words.join(', ').replace(/, ([^,]*)$/, ' and $1');
}

function keysOf<S extends string>(table: Readonly<Record<S, unknown>>): readonly S[] {
  return Object.keys(table) as S[];
}
