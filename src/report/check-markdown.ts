import type { Severity } from '../model/hazard.ts'
import type { CheckReport } from '../model/verdict.ts'
import { summaryLine } from './check-text.ts'
import { cureOf, findingsOf, worstFirst, type Finding, type OutputSettings } from './findings.ts'
import { count, printable } from './style.ts'

/** By this a comment on a pull request is found again, to be updated. */
export const commentMarker = '<!-- lockkeeper -->'

/** GitHub refuses a longer comment. */
const mostCharacters = 65_536

/** One comment for a pull request: the verdict, and the findings by migration, folded. What does not fit is counted. */
export function checkMarkdown(report: CheckReport, { folder }: OutputSettings): string {
  const head = `${commentMarker}\n### ${headline(report)}\n\n${escaped(summaryLine(report))}\n`
  const notes = report.notes.map((note) => `\n> ${escaped(note)}\n`).join('')
  const findings = worstFirst(findingsOf(report, folder))
  const room = mostCharacters - head.length - notes.length - roomForTheRest
  if (room < 0) return `${head}\n${count(findings.length, 'finding')}; \`lockkeeper check\` lists them.\n`
  return head + tables(findings, room) + notes
}

/** For the line that counts what is left out. */
const roomForTheRest = 200

function headline({ summary: { errors, warnings, infos } }: CheckReport): string {
  if (errors > 0) return '🔴 Migrations that block or break'
  if (warnings > 0) return '🟡 Migrations to look at'
  return infos > 0 ? '🟢 Migrations with remarks' : '🟢 Migrations without findings'
}

function tables(findings: readonly Finding[], room: number): string {
  const byFile = new Map<string, Finding[]>()
  for (const finding of findings) byFile.set(finding.place.path, [...(byFile.get(finding.place.path) ?? []), finding])
  let text = ''
  let shown = 0
  for (const [path, own] of byFile) {
    const open = `\n<details open>\n<summary>${unlinked(path)}: ${count(own.length, 'finding')}</summary>\n\n${headings}`
    const rows = fitting(own, room - text.length - open.length - closing.length)
    if (rows.length === 0) break
    text += open + rows.join('') + closing
    shown += rows.length
  }
  const rest = findings.length - shown
  return rest === 0 ? text : `${text}\n${count(rest, 'finding')} more: \`lockkeeper check\` lists all.\n`
}

const headings = '| | line | rule | what happens | instead |\n| --- | ---: | --- | --- | --- |\n'
const closing = '\n</details>\n'

function fitting(findings: readonly Finding[], room: number): readonly string[] {
  const rows: string[] = []
  let left = room
  for (const finding of findings) {
    const text = row(finding)
    left -= text.length
    if (left < 0) return rows
    rows.push(text)
  }
  return rows
}

const signs: { readonly [severity in Severity]: string } = { error: '🔴 error', warning: '🟡 warning', info: '🔵 info' }

function row({ place, hazard }: Finding): string {
  const breaks = hazard.breaksOldApp ? ' **Breaks the running application.**' : ''
  const cells = [
    signs[hazard.severity],
    String(place.line),
    escaped(hazard.rule),
    escaped(hazard.message) + breaks,
    escaped(cureOf(hazard)),
  ]
  return `| ${cells.join(' | ')} |\n`
}

/** The text as text, in one line: no markup and no cell of its own. */
function escaped(text: string): string {
  return unlinked(printable(text).replaceAll(/[\\`*_{}[\]|~]/g, String.raw`\$&`))
}

/**
 * For HTML, where Markdown's backslashes would be seen: nobody called by an @, no link to #1 or to a URL. A zero-width space keeps GitHub from
 * seeing those, since it looks for them behind the markup.
 */
function unlinked(text: string): string {
  return printable(text)
    .replaceAll(/\s*\n\s*/g, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/@(?=\w)|#(?=\d)|:(?=\/\/)/g, '$&&#8203;')
}
