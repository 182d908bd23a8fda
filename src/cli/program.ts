/** The command line as commander reads it. Each command is imported when it is called, so that helps load no engine. */
import { createRequire } from 'node:module';
import { Command } from 'commander';
import * as help from './help.ts';
import { collect, parseAge, parseExecutor, parseDurability, parseTime, parseWhole } from './parse-options.ts';
import type { Surroundings } from './surroundings.ts';
import { oneLine } from './text.ts';

const GROUPS = {
  run: 'Run flows:',
  kept: 'Go on with kept runs:',
  look: 'Look at kept runs:',
  care: 'Clean up:',
};

/** @param ended - Takes the exit code of the command */
export function newProgram(around: Surroundings, ended: (code: number) => void): Command {
  const program = new Command('taskloom')
    .description('Runs flows of CPU-heavy tasks in parallel on worker threads, and keeps them if asked to.')
    .version(version(), '-v, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .showHelpAfterError('taskloom --help shows how it is used.')
    .configureOutput({ outputError: (text, write) => write(`${text.trimEnd()}${wayOut(text)}\n`) })
    .addHelpText('after', help.PROGRAM_HELP)
    .exitOverride();
  addRun(program, around, ended);
  addGoingOn(program, around, ended);
  addLooking(program, around, ended);
  addCare(program, around, ended);
  return program;
}

type Ended = (code: number) => void;

function addRun(program: Command, around: Surroundings, ended: Ended): void {
  const run = command(program, 'run', GROUPS.run, 'run the flow that a file exports', help.RUN_HELP)
    .argument('<flow>', 'a .ts, .mts, .js or .mjs file')
    .option('--store <key=value>', 'give the flow a value; may be repeated', collect)
    .option('--store-file <file>', 'give the flow the values of a JSON object; --store wins over it');
  withExecutor(run)
    .option('--export <name>', 'the export that is the flow (default: the default export)')
    .option('--json', 'write events as JSON lines')
    .option('--db <file>', 'keep the run in this database: a path, or a URL such as sqlite:runs.db')
    .option('--id <id>', 'the id of the run: with one that is there it goes on (default: a new one)')
    .option('--root <dir>', 'as seen from which the flow file is kept (default: this folder)')
    .option('--durability <kind>', DURABILITY, parseDurability)
    .action(async (file, options) => {
      const { runCommand } = await import('./run.ts');
      ended(await runCommand(file, options, around));
    });
}

function addGoingOn(program: Command, around: Surroundings, ended: Ended): void {
  const goingOn = (name: string, words: string, more: string): Command => {
    const added = command(program, name, GROUPS.kept, words, more)
      .argument('<id>', 'the id of a run')
      .option('--db <file>', DB)
      .option('--store <key=value>', 'give the flow a value, in the place of the kept one', collect)
      .option('--store-file <file>', 'give the flow the values of a JSON object; --store wins over it');
    return withExecutor(added)
      .option('--root <dir>', 'as seen from which the flow file was kept (default: this folder)')
      .option('--allow <dir>', 'a further folder from which it may be imported; may be repeated', collect)
      .option('--adopt-changes', 'go on though the flow has other atoms now than those that were kept')
      .option('--durability <kind>', DURABILITY, parseDurability)
      .option('--json', 'write events as JSON lines');
  };
  goingOn('resume', 'go on with a run that was suspended or left', help.RESUME_HELP).action(
    async (id, options) => {
      const { resumeCommand } = await import('./resume.ts');
      ended(await resumeCommand(id, options, around));
    },
  );
  goingOn('retry', 'put a failed run back to where it can go on, and go on', help.RETRY_HELP)
    .option('--from <atom>', 'run this atom once more, and all that comes after it')
    .action(async (id, options) => {
      const { retryCommand } = await import('./retry.ts');
      ended(await retryCommand(id, options, around));
    });
  goingOn('revert', 'take back all that a run did', help.REVERT_HELP).action(async (id, options) => {
    const { revertCommand } = await import('./revert.ts');
    ended(await revertCommand(id, options, around));
  });
  command(
    program,
    'suspend',
    GROUPS.kept,
    'ask the process of a run to stop, and wait for that',
    help.SUSPEND_HELP,
  )
    .argument('<id>', 'the id of a run')
    .option('--db <file>', DB)
    .option('--wait <ms>', 'how long to wait until it has (default: 30000)', parseTime)
    .option('--json', JSON_OBJECT)
    .action(async (id, options) => {
      const { suspendCommand } = await import('./suspend.ts');
      ended(await suspendCommand(id, options, around));
    });
}

function addLooking(program: Command, around: Surroundings, ended: Ended): void {
  command(program, 'list', GROUPS.look, 'list the runs, the newest first', help.LIST_HELP)
    .option('--db <file>', DB)
    .option('--logbook <name>', 'only those of this logbook')
    .option('--limit <n>', 'at most so many (default: 50)', parseWhole)
    .option('--json', 'write an object for each, one a line')
    .action(async (options) => {
      const { listCommand } = await import('./list.ts');
      ended(await listCommand(options, around));
    });
  command(program, 'show', GROUPS.look, 'show a run: its atoms, their states, what failed', help.SHOW_HELP)
    .argument('<id>', 'the id of a run')
    .option('--db <file>', DB)
    .option('--failures', 'with the errors of what failed, whole')
    .option('--all', 'show every atom, however many there are')
    .option('--json', JSON_OBJECT)
    .action(async (id, options) => {
      const { showCommand } = await import('./show.ts');
      ended(await showCommand(id, options, around));
    });
}

function addCare(program: Command, around: Surroundings, ended: Ended): void {
  command(program, 'rm', GROUPS.care, 'forget runs, and all that is kept of them', help.REMOVE_HELP)
    .argument('<id...>', 'ids of runs')
    .option('--db <file>', DB)
    .option('--json', JSON_OBJECT)
    .action(async (ids, options) => {
      const { removeCommand } = await import('./remove.ts');
      ended(await removeCommand(ids, options, around));
    });
  const db = command(program, 'db', GROUPS.care, 'check, upgrade, vacuum or prune a database', '');
  const care = (name: string, words: string, more: string = help.DATABASE_HELP): Command =>
    command(db, name, 'Commands:', words, more).option('--db <file>', DB).option('--json', JSON_OBJECT);
  care('check', 'go through the whole file, and tell what is broken', help.CHECK_HELP).action(
    async (options) => {
      const { checkCommand } = await import('./maintain.ts');
      ended(await checkCommand(options, around));
    },
  );
  care('upgrade', 'give it the newest schema').action(async (options) => {
    const { upgradeCommand } = await import('./maintain.ts');
    ended(await upgradeCommand(options, around));
  });
  care('vacuum', 'make the file as small as it can be').action(async (options) => {
    const { vacuumCommand } = await import('./maintain.ts');
    ended(await vacuumCommand(options, around));
  });
  care('prune', 'forget runs that ended long ago', help.PRUNE_HELP)
    .requiredOption('--older-than <age>', 'such as 30d, 12h or 90m', parseAge)
    .action(async (options) => {
      const { pruneCommand } = await import('./maintain.ts');
      ended(await pruneCommand(options, around));
    });
}

const DB = 'the database: a path, or a URL such as sqlite:runs.db';
const JSON_OBJECT = 'write an object';
const DURABILITY = 'full, or normal: a loss of power may cost the last steps (default: full)';

function command(parent: Command, name: string, group: string, words: string, more: string): Command {
  const full = `taskloom ${parent.name() === 'taskloom' ? '' : `${parent.name()} `}${name}`;
  const added = parent
    .command(name)
    .description(words)
    .helpGroup(group)
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .showHelpAfterError(`${full} --help shows how it is used.`);
  return more === '' ? added : added.addHelpText('after', more);
}

function withExecutor(command: Command): Command {
  return command
    .option('--threads <n>', 'worker threads (default: as many as the machine can use)', parseWhole)
    .option('--executor <kind>', 'threads, or serial for the main thread (default: threads)', parseExecutor);
}

/** What commander's sentence leaves open. */
function wayOut(text: string): string {
  const file = /unknown command '([^']+\.[cm]?[jt]s)'/.exec(text)?.[1];
  if (file !== undefined) return `\nTo run it: taskloom run ${oneLine(file)}`;
  return text.includes("too many arguments for 'run'")
    ? '\nRepeat --store for each value: --store a=1 --store b=2'
    : '';
}

function version(): string {
  const { version } = createRequire(import.meta.url)('taskloom/package.json') as { version: string };
  return version;
}
