import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { errorSpecs, LockkeeperError } from '../../src/model/errors.ts'
import { chanceOf, mutated } from './mutate.ts'

/** How many inputs in all: 20,000 in `npm test`, a million in `npm run test:full`; each target has its share. */
const total = Number(process.env['LOCKKEEPER_FUZZ'] ?? 20_000)
const seed = Number(process.env['LOCKKEEPER_FUZZ_SEED'] ?? 20_261_126)

/** A hundred times what the slowest good input takes, in time of this process and not of the machine, whose cores others share. */
const limitMs = 5000

export interface FuzzTarget {
  readonly name: string
  readonly corpus: readonly Buffer[]
  /** Of all inputs. */
  readonly share: number
  /** Ends, or throws a LockkeeperError. */
  readonly run: (input: Buffer) => void | Promise<void>
}

/** Gives a target its share of mutated inputs, and back come the first three that crashed, hung or gave an error without a code of ours. */
export async function faultsOf(target: FuzzTarget): Promise<readonly string[]> {
  const count = Math.ceil(total * target.share)
  console.log(`fuzz ${target.name}: ${count} inputs, seed ${seed}`)
  const faults: string[] = []
  for (let at = 0; at < count && faults.length < 3; at += 1) {
    const input = mutated(target.corpus, chanceOf(seed + at * 7919))
    const fault = await faultOf(target, input)
    if (fault !== undefined)
      faults.push(`${target.name} ${seed}/${at}: ${fault}\n${JSON.stringify(input.toString('latin1')).slice(0, 1500)}`)
  }
  return faults
}

async function faultOf({ run }: FuzzTarget, input: Buffer): Promise<string | undefined> {
  const before = process.cpuUsage()
  const fault = await outcome(run, input)
  const { user, system } = process.cpuUsage(before)
  const ms = (user + system) / 1000
  return fault ?? (ms > limitMs ? `took ${Math.round(ms)} ms` : undefined)
}

async function outcome(run: FuzzTarget['run'], input: Buffer): Promise<string | undefined> {
  try {
    await run(input)
    return undefined
  } catch (error) {
    if (error instanceof LockkeeperError && error.code in errorSpecs && error.code !== 'internal') return undefined
    return error instanceof Error ? `${error.message}\n${(error.stack ?? '').split('\n').slice(1, 6).join('\n')}` : String(error)
  }
}

const cases = resolve(import.meta.dirname, '../cases')

/** The SQL of all cases: files, and the forms of the lock matrix. */
export function sqlCases(): readonly string[] {
  const files = readdirSync(cases, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.sql'))
  const forms = readFileSync(join(cases, 'facts/forms.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { readonly sql: string })
  return [...files.map((file) => readFileSync(join(cases, file), 'utf8')), ...forms.map((form) => form.sql)]
}
