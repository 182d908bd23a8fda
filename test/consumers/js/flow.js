// What `taskloom run flow.js` runs.
import { linear } from 'taskloom';
import { keep, square } from './tasks.js';

export default linear('squares').add(square, keep);
