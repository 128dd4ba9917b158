import { configDefaults, defineConfig } from 'vitest/config'

/** `npm test` runs the tier `fast`; `npm run test:full` asks for `full`, the files that take hours over all versions. */
const tier = process.env['LOCKKEEPER_TIER'] ?? 'fast'

// Vitest reads its configuration from a default export.
export default defineConfig({
  test: {
    include: tier === 'full' ? ['test/**/*.full.test.ts'] : ['src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, 'test/cases/**', ...(tier === 'full' ? [] : ['**/*.full.test.ts'])],
    // Each file in a process of its own: a test may kill what it started, and what it leaves dies with it.
    pool: 'forks',
    // Servers and load share the two cores that CI has.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // A test that hangs in a hook must end the run, not wait for someone to look.
    teardownTimeout: 20_000,
  },
})
