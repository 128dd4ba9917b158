import { writeFileSync } from 'node:fs'
import type { Reporter, TestModule } from 'vitest/node'

/** How a run of vitest ended: what the last line of `npm test` says. */
export interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/**
 * Writes the counts of a run as JSON into the file that LOCKKEEPER_COUNTS names, once everything is over. A file that could not be
 * loaded and an error outside any test count as failures, since vitest itself counts only tests. Vitest takes a reporter by path
 * from the default export.
 */
export default class CountingReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const file = process.env['LOCKKEEPER_COUNTS']
    if (file !== undefined) writeFileSync(file, JSON.stringify(count(modules, errors.length)))
  }
}

function count(modules: readonly TestModule[], errors: number): Counts {
  const states = modules.flatMap((module) => [...module.children.allTests()].map((test) => test.result().state))
  const of = (state: string): number => states.filter((each) => each === state).length
  const broken = modules.filter((module) => isBroken(module)).length
  return { passed: of('passed'), failed: of('failed') + of('pending') + broken + errors, skipped: of('skipped') }
}

// A module whose import or hooks failed has errors of its own; a suite's failed hook fails no test by itself either.
function isBroken(module: TestModule): boolean {
  return module.errors().length > 0 || [...module.children.allSuites()].some((suite) => suite.errors().length > 0)
}
