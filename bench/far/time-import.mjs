/** Prints how many ms the import of the module that the command line names takes in a fresh process. */
const [specifier] = process.argv.slice(2);
const began = performance.now();
await import(specifier);
process.stdout.write(`${performance.now() - began}\n`);
