// One line per check; a check that fails says why and the others go on.
let passed = 0;
let failed = 0;

export function section(title) {
  console.log(`\n${title}`);
}

/** Runs a check. What it returns is printed behind its name; what it throws is its failure. */
export function check(name, body) {
  try {
    const note = body();
    passed += 1;
    console.log(`  ok      ${name}${note ? `: ${note}` : ''}`);
  } catch (error) {
    failed += 1;
    console.log(`  FAILED  ${name}\n${String(error.message).replace(/^/gm, '          ')}`);
  }
}

export function note(text) {
  console.log(`  --      ${text}`);
}

/** Prints the count. True when all is well. */
export function count() {
  console.log(`\nconsumers: ${passed} passed, ${failed} failed`);
  return passed > 0 && failed === 0;
}
