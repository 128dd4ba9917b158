import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import * as v from 'valibot'
import { LockkeeperError } from '../model/errors.ts'
import type { Plan } from '../model/plan.ts'
import { plannedShape } from '../postgres/planned-shape.ts'

const text = v.string()
const plan = v.looseObject({
  format: v.literal(1),
  command: v.literal('plan'),
  project: text,
  touched: text,
  migrations: v.array(plannedShape),
  waiting: v.exactOptional(v.looseObject({ migration: text, behind: text, what: text })),
})

/** Reads what `plan --out` wrote. Throws `plan-unreadable`, naming the place that is wrong. */
export async function readPlanFile(cwd: string, path: string): Promise<Plan> {
  const text = await readFile(resolve(cwd, path), 'utf8').catch(() => {
    throw new LockkeeperError('plan-unreadable', `There is no plan file ${path}.`, { hint: 'Make it with lockkeeper plan --out FILE.' })
  })
  const result = v.safeParse(plan, parse(path, text))
  if (result.success) return result.output as unknown as Plan
  const where = result.issues[0].path?.map((item) => String(item.key)).join('.') ?? 'the document'
  throw new LockkeeperError('plan-unreadable', `${path} is no plan of this version: ${where} is not as expected.`)
}

function parse(path: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new LockkeeperError('plan-unreadable', `${path} is not JSON.`)
  }
}
