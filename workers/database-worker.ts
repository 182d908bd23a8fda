/** What runs on the database's thread: it enters, and src/persistence/sqlite-desk.ts does the work. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { DatabaseStart } from '../src/persistence/database-messages.ts';
import { serveDatabase } from '../src/persistence/sqlite-desk.ts';

serveDatabase(parentPort as MessagePort, workerData as DatabaseStart);
