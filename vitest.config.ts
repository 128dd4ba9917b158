import { configDefaults, defineConfig } from 'vitest/config'

const slow = '**/*.full.test.ts'
const scripts = 'test/scripts/**'
const fuzz = 'test/fuzz/**'

/** `npm test` runs `fast`; `npm run test:full` runs it in its three parts, then `full`: the files that take hours over all versions. */
const tiers: Readonly<Record<string, { readonly include: readonly string[]; readonly exclude: readonly string[] }>> = {
  fast: { include: ['src/**/*.test.ts', 'test/**/*.test.ts'], exclude: [slow] },
  pure: { include: ['src/**/*.test.ts', `${scripts}/*.test.ts`], exclude: [slow] },
  servers: { include: ['test/**/*.test.ts'], exclude: [slow, scripts, fuzz] },
  fuzz: { include: [`${fuzz}/*.test.ts`], exclude: [] },
  full: { include: [`test/${slow}`], exclude: [] },
}
const name = process.env['LOCKKEEPER_TIER'] ?? 'fast'
const tier = tiers[name]
if (tier === undefined) throw new Error(`LOCKKEEPER_TIER is "${name}"; there are ${Object.keys(tiers).join(', ')}`)

// Vitest reads its configuration from a default export.
export default defineConfig({
  test: {
    include: [...tier.include],
    exclude: [...configDefaults.exclude, 'test/cases/**', ...tier.exclude],
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
