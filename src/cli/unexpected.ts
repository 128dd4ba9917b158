import type { ErrorCode } from '../model/errors.ts'
import { LockkeeperError } from '../model/errors.ts'

/** Any thrown value as the one error class. What is none of ours, of the server or of the file system is a defect. */
export function toLockkeeperError(error: unknown): LockkeeperError {
  if (error instanceof LockkeeperError) return error
  const { name, code, path } = (typeof error === 'object' && error !== null ? error : {}) as { readonly [key: string]: unknown }
  if (name === 'AbortError') return new LockkeeperError('interrupted', 'Stopped.', { cause: error })
  if (typeof code === 'string' && typeof path === 'string')
    return new LockkeeperError('usage', `${path} cannot be used: ${code}.`, { cause: error, hint: 'Check the path and its rights.' })
  if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code)) return fromServer(error, code)
  return defect(error)
}

const serverCodes: { readonly [sqlstate: string]: ErrorCode } = {
  '25006': 'read-only-server',
  '42501': 'no-rights',
  '53300': 'too-many-connections',
  '55P03': 'lock-not-had',
  '57014': 'interrupted',
}

// Reached only by what is read or recorded outside a step; a step's own error is wrapped where its name is known.
function fromServer(error: unknown, sqlstate: string): LockkeeperError {
  const text = textOf(error)
  const code = serverCodes[sqlstate]
  if (code !== undefined) return new LockkeeperError(code, `The server says: ${text}.`, { cause: error, details: { sqlstate } })
  return new LockkeeperError('internal', `The server refused something that lockkeeper asked of it: ${text}`, {
    cause: error,
    details: { sqlstate },
  })
}

function defect(error: unknown): LockkeeperError {
  const where =
    error instanceof Error
      ? error.stack
          ?.split('\n')
          .find((line) => line.includes(' at '))
          ?.trim()
      : undefined
  return new LockkeeperError('internal', `Something unexpected happened: ${textOf(error)}`, {
    cause: error,
    details: where === undefined ? {} : { where },
  })
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
