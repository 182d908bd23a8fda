/** The far side of poolifier, as its README shows it. */
import { ThreadWorker } from 'poolifier';
import { noOp } from './naive-worker.mjs';

export const worker = new ThreadWorker({ noOp });
