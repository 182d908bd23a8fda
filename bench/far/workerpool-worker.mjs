/** The far side of workerpool, as its README shows it. */
import workerpool from 'workerpool';
import { noOp } from './naive-worker.mjs';

workerpool.worker({ noOp });
