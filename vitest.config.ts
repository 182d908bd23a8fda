import { defineConfig } from 'vitest/config';

// Tests import the built package by its own name, so that threads load what users get: build first (npm test does).
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
