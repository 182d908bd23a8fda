/** What `taskloom run flow.ts` runs. */
import { linear } from 'taskloom';
import { keep, square } from './tasks.ts';

export default linear('squares').add(square, keep);
