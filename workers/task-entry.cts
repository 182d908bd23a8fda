/**
 * What Piscina loads on a worker thread. It loads by `require` first, and Node 20 ends the whole process when a thread is
 * stopped while it requires an ES module; so this is none, and imports the worker.
 */
module.exports = async (duty: import('../src/protocol/messages.ts').Duty): Promise<void> => {
  const worker = await import('./task-worker.ts');
  return worker.default(duty);
};
