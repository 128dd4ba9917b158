import { parseYaml } from '../adapters/_yaml.ts'
import { isProduction } from './schema-sync.ts'

/** Lines of a pipeline, 1-based and inclusive. */
export interface JobLines {
  readonly name: string
  readonly from: number
  readonly to: number
}

/**
 * The jobs of a GitHub workflow or a GitLab pipeline that work on a database that stays: by their names, or those of their stage, environment
 * and file. One with services brings its own database, which is thrown away.
 */
export function deployJobs(file: string, text: string): readonly JobLines[] {
  const { value, lineOf } = parseYaml(file, text)
  if (!isRecord(value)) return []
  const path = isRecord(value['jobs']) ? ['jobs'] : []
  const jobs = Object.entries(isRecord(value['jobs']) ? value['jobs'] : value)
  // Not in the order of the lines: JavaScript puts names that are numbers first.
  const starts = jobs.map(([name]) => lineOf([...path, name]))
  return jobs.flatMap(([name, job], at) => {
    if (!isRecord(job) || 'services' in job || !deploys([name, ...wordsOf(job)], [file, value['name']])) return []
    const from = starts[at] ?? 1
    return [{ name, from, to: Math.min(...starts.filter((start) => start > from)) - 1 }]
  })
}

function wordsOf(job: { readonly [key: string]: unknown }): readonly unknown[] {
  const environment = job['environment']
  return [job['name'], job['stage'], isRecord(environment) ? environment['name'] : environment]
}

/** What the job says of itself comes first; the file and the name of the whole speak where it says nothing. */
function deploys(own: readonly unknown[], around: readonly unknown[]): boolean {
  for (const names of [own, around]) {
    const says = names.map((name) => (typeof name === 'string' ? isProduction(name.replace(/^.*\//, '')) : undefined))
    if (says.includes(false)) return false
    if (says.includes(true)) return true
  }
  return false
}

function isRecord(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
