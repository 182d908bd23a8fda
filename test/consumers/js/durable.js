// A flow that one Node begins and another goes on with: node durable.js write|read FILE. Prints one line of JSON.
import assert from 'node:assert/strict';
import { createEngine, linear, sqlite } from 'taskloom';
import { compare, make, makeNew } from './values.js';

const [, , what, file] = process.argv;
const backend = sqlite(file);

/** The first task runs where it is written, the second where it is read. */
async function go(flowId, ...tasks) {
  const engine = createEngine(linear(flowId).add(...tasks), { backend, flowId, threads: 1 });
  if (what === 'write') {
    engine.on('atom', ({ name, state }) => {
      if (name === tasks[0].name && state === 'SUCCESS') engine.suspend();
    });
  }
  try {
    const { same } = await engine.run();
    return what === 'write' ? engine.storage.flowState : same;
  } catch (error) {
    return error.code;
  } finally {
    await engine.close();
  }
}

const answers = { values: await go('values', make, compare) };
if (what === 'write' && 'Float16Array' in globalThis) answers.float16 = await go('new', makeNew, compare);
if (what === 'read' && (await backend.flow('new')) !== null)
  answers.float16 = await go('new', makeNew, compare);
assert.equal(typeof answers.values, what === 'write' ? 'string' : 'boolean');
console.log(JSON.stringify(answers));
await backend.close();
