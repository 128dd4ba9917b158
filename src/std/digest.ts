import { createHash } from 'node:crypto'

/** The first 32 hexadecimal digits of the text's SHA-256: an identity, not a secret. */
export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}
