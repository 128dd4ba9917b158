import type { CheckReport } from '../model/verdict.ts'
import { printable } from './style.ts'

/** The document of `check --json`. */
export function checkJson({ server, versions, summary, project, migrations, notes }: CheckReport): string {
  return jsonText({ format: 1, command: 'check', server, versions, summary, project, migrations, notes })
}

/** JSON for people and programs: characters that would steer a terminal stand as escapes, which JSON reads as the same characters. */
export function jsonText(value: unknown): string {
  return `${printable(JSON.stringify(value, null, 2))}\n`
}

/** The same in one line. */
export function jsonLine(value: unknown): string {
  return `${printable(JSON.stringify(value))}\n`
}
