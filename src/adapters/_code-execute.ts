import type { CodeRun } from '../model/adapter.ts'
import { LockkeeperError } from '../model/errors.ts'
import { placed } from './_files.ts'
import { inChild, type Conversation } from './_code-child.ts'
import type { ChildAnswer, CodeRequest, Stopped } from './_code-protocol.ts'

/**
 * Runs one `up` for good: the child has no way to the database, and each query comes here to be answered. The first query that `answer`
 * refuses or the server fails is told to the code, as the driver would, and ends the run in any case, since the transaction is lost.
 */
export async function execute(request: CodeRequest, { migration, answer, signal }: CodeRun): Promise<void> {
  let lost: { readonly error: unknown } | undefined
  const ask = async (query: Extract<ChildAnswer, { readonly kind: 'query' }>, { reply }: Conversation<void>): Promise<void> => {
    try {
      const { sql, parameters, line } = query
      reply({ kind: 'answers', answers: await answer({ sql, parameters, ...(line === undefined ? {} : { line }) }) })
    } catch (error) {
      lost ??= { error }
      reply({ kind: 'failed', message: error instanceof Error ? error.message : String(error), fields: fieldsOf(error) })
    }
  }
  await inChild<void>(request, signal, (heard, conversation) => {
    if (heard.kind === 'query') void ask(heard, conversation)
    if (heard.kind !== 'executed') return
    if (lost !== undefined) conversation.fail(lost.error)
    else if (heard.failure !== undefined) conversation.fail(failed(migration.file, heard.failure))
    else conversation.end()
  })
}

/** What code looks at in an error of the driver: all of it is plain. */
const told = ['code', 'detail', 'constraint', 'table', 'column', 'schema', 'severity', 'routine'] as const

function fieldsOf(error: unknown): { readonly [field: string]: unknown } {
  if (typeof error !== 'object' || error === null) return {}
  const fields = error as { readonly [field: string]: unknown }
  return Object.fromEntries(told.filter((field) => fields[field] !== undefined).map((field) => [field, fields[field]]))
}

function failed(file: string, failure: Stopped): LockkeeperError {
  const line = failure.line === undefined ? {} : { line: failure.line }
  const why = failure.kind === 'failed' ? failure.message : failure.call
  return new LockkeeperError('code-failed', `${placed({ file, ...line })} failed, and what it had done was rolled back: ${why}`, {
    details: { file, ...line },
  })
}
