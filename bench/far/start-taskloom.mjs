/** A whole process: prints the first result of a flow of one task, as a user would have it. */
import { linear, run } from 'taskloom';
import { squareTask } from './square.mjs';

const { squared } = await run(linear('one').add(squareTask), { store: { n: 12 } });
process.stdout.write(`${squared}\n`);
