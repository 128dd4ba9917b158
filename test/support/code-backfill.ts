import type { CodeBatch, CodeWork } from '../../src/backfill/code-batch.ts'
import type { Filled, FillJob } from './backfill.ts'
import { fill } from './backfill.ts'

export type Run = CodeBatch['run']

export interface CodeFill {
  readonly run: Run
  readonly relation?: string
  readonly where?: string
  readonly falsifies?: boolean
  readonly walk?: FillJob['walk']
  readonly code?: Partial<CodeBatch>
  readonly definition?: FillJob['definition']
  readonly job?: FillJob['job']
  readonly onBatch?: FillJob['onBatch']
}

const codeHash = 'h1'

/** One worker of a backfill by code over public.t (id), without a file. */
export function fillByCode(url: string, given: CodeFill): Promise<Filled> {
  const { relation = 'public.t', where = 'true', falsifies = false, walk = { by: 'key', columns: ['id'], types: ['integer'] } } = given
  const code: CodeBatch = { hash: codeHash, most: 1_000, concurrency: 1, timeoutMs: 20_000, run: given.run, ...given.code }
  const work: CodeWork = { kind: 'code', relation, where, falsifies, module: 'm.ts', export: 'fill', hash: code.hash }
  const { definition, job, onBatch } = given
  return fill(url, { work, walk, ...(definition && { definition }), job: { code, ...job }, ...(onBatch && { onBatch }) })
}

/** n = n + 1 for each row given. */
export const countEach: Run = async (rows, tx) => {
  await tx.query('update t set n = n + 1 where id = any($1)', [rows.map(({ id }) => id)])
}
