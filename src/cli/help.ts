/** What the commands' helps say beyond their options: examples first. */

export const PROGRAM_HELP: string = `
A first run, one that survives, and what became of it:
  taskloom run flow.ts --store folder=src
  taskloom run flow.ts --store folder=src --db runs.db --id nightly
  taskloom resume nightly --db runs.db
  taskloom show nightly --db runs.db

taskloom COMMAND --help has more.`;

const DATABASE = `
Without --db the database is that of TASKLOOM_DB, else taskloom.db in this folder.`;

const GOING_ON_CODES = `

Exit codes are those of taskloom run.`;

export const RUN_HELP: string = `
The flow file exports a flow, or a function that returns one: by default, under the name
of --export, or as its only flow. TypeScript needs Node 22.18 or the package tsx.

Examples:
  taskloom run flow.ts
  taskloom run flow.ts --store folder=src --store level=9 --threads 4
  taskloom run flows.js --export nightly --store-file values.json
  taskloom run flow.ts --json | tail -n 1
  taskloom run flow.ts --db runs.db --id nightly

--store takes JSON where the value is JSON (3, true, [1,2], {"a":1}, "3"), else a string.
--json writes one event a line; the last is {"event":"end", ...} with state and results.

With --db the run is kept in a database, step by step, under its id. It survives Ctrl-C, a
crash and a loss of power: taskloom resume ID goes on, and what was done is not done again.
To be imported then, the flow file must lie under --root, as seen from which it is kept.
A run that is there already under --id goes on.

Exit codes:
  0    done
  1    a task failed: what ran was reverted, as the report says
  2    wrong use: nothing ran
  3    with --db: suspended, because taskloom suspend asked for it
  130  interrupted: Ctrl-C lets running tasks finish and reverts what ran, or, with --db,
       suspends the run; a second one ends at once (143 for SIGTERM, 129 for SIGHUP)
  141  nobody reads the output any more: stopped as by Ctrl-C`;

export const RESUME_HELP: string = `
Goes on with a run that was suspended, or whose process died. One that is done is told with
its results, and nothing runs; one that was reverted begins anew. The flow file is imported
from below --root, the folder as seen from which it was kept.

Examples:
  taskloom resume nightly --db runs.db
  taskloom resume nightly --db runs.db --store level=3
${DATABASE}${GOING_ON_CODES}`;

export const RETRY_HELP: string = `
Puts back what failed or was reverted, and all that comes after it, and goes on from there;
what is done stays done. With --from, that atom and all that comes after it run once more.

Examples:
  taskloom retry nightly --db runs.db
  taskloom retry nightly --db runs.db --from compress
${DATABASE}${GOING_ON_CODES}`;

export const REVERT_HELP: string = `
Takes back what the run did, in reverse order, also when it is done.

Example:
  taskloom revert nightly --db runs.db
${DATABASE}

Exit codes are those of taskloom run: 0 when all is taken back.`;

export const SUSPEND_HELP: string = `
Asks the process that runs it, through the database; running tasks end first.

Example:
  taskloom suspend nightly --db runs.db --wait 5000
${DATABASE}

Exit codes: 0 when nobody runs it any more, 1 when somebody still does, 2 for wrong use.`;

export const LIST_HELP: string = `
Example:
  taskloom list --db runs.db --limit 10
${DATABASE}`;

export const SHOW_HELP: string = `
Of many siblings it shows the first and those that failed, and counts the others.

Examples:
  taskloom show nightly --db runs.db
  taskloom show nightly --db runs.db --failures
${DATABASE}`;

export const REMOVE_HELP: string = `
What somebody runs is not removed; then none of the others is, either.

Example:
  taskloom rm nightly --db runs.db
${DATABASE}`;

export const PRUNE_HELP: string = `
Only runs that ended (SUCCESS, REVERTED, FAILURE), and that nobody runs.

Example:
  taskloom db prune --db runs.db --older-than 30d
${DATABASE}`;

export const CHECK_HELP: string = `${DATABASE}

Exit codes: 0 when it is sound, 1 when something is broken, 2 for wrong use.`;

export const DATABASE_HELP: string = DATABASE;
