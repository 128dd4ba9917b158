import * as v from 'valibot'
import { LockkeeperError } from '../model/errors.ts'

/**
 * A value from a table of ours, held against its shape. The rows are in the user's database, where a restore, a merge of two databases or a
 * hand may have changed them: what they lead to runs as SQL. Throws `journal-unreadable`, naming the place.
 */
export function believed<Shape extends v.GenericSchema>(shape: Shape, value: unknown, where: string): v.InferOutput<Shape> {
  const result = v.safeParse(shape, value)
  if (result.success) return result.output
  const path = result.issues[0].path?.map((item) => String(item.key)).join('.') ?? 'it'
  throw unreadable(where, `${path} is not as it was written`)
}

export function unreadable(where: string, what: string): LockkeeperError {
  return new LockkeeperError('journal-unreadable', `the journal in the schema lockkeeper was changed: ${where}: ${what}`)
}
