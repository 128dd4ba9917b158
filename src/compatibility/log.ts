import { csvRecords } from './csv.ts'

/**
 * The statements in a log of PostgreSQL, once for each time that they ran: lines of `log_statement` and `log_min_duration_statement` in the
 * formats stderr, csvlog and jsonlog. Of the extended protocol the execution counts, not parse and bind.
 */
export function statementsInLog(text: string): readonly string[] {
  return messagesOf(text).flatMap((message) => {
    const found = logged.exec(message)?.[1]?.trim()
    return found === undefined || found === '' ? [] : [found]
  })
}

const logged = /^(?:duration: [\d.]+ ms {2})?(?:statement|execute [^:\n]*): ([^]*)$/

function messagesOf(text: string): readonly string[] {
  const start = text.trimStart()
  if (start.startsWith('{')) return jsonMessages(start)
  return csvStart.test(start) ? csvMessages(start) : stderrMessages(text)
}

/** `2026-11-24 10:00:00.123 UTC,"app","shop",4711,...` */
const csvStart = /^\d{4}-\d\d-\d\d [\d:.]+ [^,\n]*,(?:"[^"\n]*")?,/

function jsonMessages(text: string): readonly string[] {
  return text.split('\n').flatMap((line) => {
    const { message } = jsonOrNothing(line)
    return typeof message === 'string' ? [message] : []
  })
}

function jsonOrNothing(line: string): { readonly message?: unknown } {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}

/** The fourteenth column of a csvlog. */
const messageColumn = 13

function csvMessages(text: string): readonly string[] {
  return csvRecords(text).flatMap((record) => record.slice(messageColumn, messageColumn + 1))
}

// The prefix of a line is anything (log_line_prefix); further lines of a statement begin with a tab.
function stderrMessages(text: string): readonly string[] {
  const messages: string[] = []
  let open = false
  for (const line of text.split(/\r?\n/)) {
    const begins = /(?:^|\s)LOG: {2}(.*)$/.exec(line)?.[1]
    if (open && line.startsWith('\t')) messages.push(`${messages.pop() ?? ''}\n${line.slice(1)}`)
    else if (begins !== undefined) messages.push(begins)
    open = begins !== undefined || (open && line.startsWith('\t'))
  }
  return messages
}
