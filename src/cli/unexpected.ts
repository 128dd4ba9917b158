import { LockkeeperError } from '../model/errors.ts'

/** Any thrown value as the one error class. What is none of ours is a defect, save the file errors of the operating system. */
export function toLockkeeperError(error: unknown): LockkeeperError {
  if (error instanceof LockkeeperError) return error
  const { name, code, path } = error as { readonly name?: unknown; readonly code?: unknown; readonly path?: unknown }
  if (name === 'AbortError') return new LockkeeperError('interrupted', 'Stopped.', { cause: error })
  if (typeof code === 'string' && typeof path === 'string') {
    return new LockkeeperError('usage', `${path} cannot be used: ${code}.`, { cause: error, hint: 'Check the path and its rights.' })
  }
  const text = error instanceof Error ? error.message : String(error)
  const where = error instanceof Error ? error.stack?.split('\n').find((line) => line.includes(' at '))?.trim() : undefined
  return new LockkeeperError('internal', `Something unexpected happened: ${text}`, { cause: error, details: where === undefined ? {} : { where } })
}
