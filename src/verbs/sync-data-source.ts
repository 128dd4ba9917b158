import { lineAt } from '../adapters/_files.ts'

/** The lines of a configuration of TypeORM for PostgreSQL on which `synchronize` is on, whatever the environment, or in production alone. */
export function synchronizedLines(text: string): readonly number[] {
  const code = withoutComments(text)
  if (!/typeorm|\bDataSource\b|\bcreateConnection\b/i.test(code) && !/"type"\s*:\s*"postgres"/.test(code)) return []
  if (!/["'`](?:postgres|aurora-postgres)["'`]/.test(code)) return []
  return [
    ...code.matchAll(
      /\bsynchronize["']?\s*:\s*(?:(?:true|!0)\s*(?=[,}\n]|$)|[\w.?]*NODE_ENV\s*===?\s*["'`]production["'`]\s*(?=[,}\n]|$))/g,
    ),
  ].map((found) => lineAt(code, found.index))
}

/** The same text, with blanks where comments are, so that every line stays; a string keeps what looks like one. */
function withoutComments(text: string): string {
  return text.replace(
    /("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)|\/\/[^\n]*|\/\*[\s\S]*?\*\//g,
    (whole, string?: string) => (string === undefined ? whole.replace(/[^\n]/g, ' ') : whole),
  )
}
