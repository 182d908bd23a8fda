import { configDefaults, defineConfig } from 'vitest/config';

/** Databases, and what starts, kills and stops many processes: a suite of its own, `npm run test:durability`, so that this one stays short. */
export const DURABILITY = [
  'test/durability/**/*.test.ts',
  'test/model/kept.test.ts',
  'test/persistence/*.test.ts',
  'test/examples/archive.test.ts',
  'test/{docs/readme,types/messages}.test.ts',
  'test/cli/{kept-runs,looking,care,bad-input}.test.ts',
];

/** Tests import the built package by its own name, so that threads load what users get: build first (npm test does). */
export const SETTINGS = {
  testTimeout: 30_000,
  hookTimeout: 60_000,
  pool: 'forks',
  maxWorkers: 2,
} as const;

export default defineConfig({
  test: {
    ...SETTINGS,
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...DURABILITY],
  },
});
