import type { Severity } from '../model/hazard.ts'
import type { CheckReport } from '../model/verdict.ts'
import { jsonText } from './check-json.ts'
import type { Explained } from './explain.ts'
import { cureOf, findingsOf, suppressedOf, type Finding, type OutputSettings, type Place, type SuppressedFinding } from './findings.ts'
import { printable } from './style.ts'

/** SARIF 2.1.0, as GitHub's code scanning and editors read it. Suppressed findings are in it, as suppressed ones. */
export function checkSarif(report: CheckReport, settings: OutputSettings): string {
  const findings = findingsOf(report, settings.folder)
  const suppressed = suppressedOf(report, settings.folder)
  const used = [...new Set([...findings, ...suppressed].map(({ hazard }) => hazard.rule))].toSorted()
  const results = [...findings.map((finding) => result(finding, used)), ...suppressed.map((finding) => takenBack(finding, used))]
  return jsonText({
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: driver(used, settings) },
        automationDetails: { id: 'lockkeeper/check/' },
        // The unit of the parser's columns; it differs from UTF-16 only behind characters beyond U+FFFF in the same line.
        columnKind: 'unicodeCodePoints',
        originalUriBaseIds: { '%SRCROOT%': { description: { text: 'The root of the repository.' } } },
        invocations: [{ executionSuccessful: true, toolExecutionNotifications: report.notes.map(notification) }],
        results,
      },
    ],
  })
}

function driver(used: readonly string[], { rules, toolVersion }: OutputSettings): object {
  const pages = new Map(rules.map((rule) => [rule.id, rule]))
  return {
    name: 'lockkeeper',
    semanticVersion: toolVersion,
    informationUri: 'https://www.npmjs.com/package/lockkeeper',
    rules: used.map((id) => ruleOf(pages.get(id) ?? { id, title: id, why: id })),
  }
}

function ruleOf({ id, title, why, group, source }: Explained): object {
  const more = `lockkeeper explain ${id} shows examples. To accept it in one place, write above the statement: -- lockkeeper-ignore ${id}: why`
  return {
    id,
    shortDescription: { text: title },
    fullDescription: { text: why },
    help: { text: [why, ...(source === undefined ? [] : [`Source: ${source}`]), more].join('\n\n') },
    properties: { tags: group === undefined ? ['migration'] : ['migration', group] },
  }
}

const levels: { readonly [severity in Severity]: string } = { error: 'error', warning: 'warning', info: 'note' }

function result(finding: Finding, used: readonly string[]): object {
  const { hazard, statement, place } = finding
  const breaks = hazard.breaksOldApp ? ' This breaks the running application.' : ''
  const text = printable(`${hazard.message}${breaks} Instead: ${cureOf(hazard)}`)
  const fixes = statement.replacement === undefined ? {} : { fixes: [fixOf(place, statement.replacement, statement.offsetBytes)] }
  return { ...common(finding, used), message: { text }, ...fixes }
}

function takenBack(finding: SuppressedFinding, used: readonly string[]): object {
  const { message, by, reason } = finding.hazard
  const kind = by === 'comment' ? 'inSource' : 'external'
  return { ...common(finding, used), message: { text: printable(message) }, suppressions: [{ kind, justification: printable(reason) }] }
}

function common({ hazard, place, statement, fingerprint }: Finding | SuppressedFinding, used: readonly string[]): object {
  const { offsetBytes } = statement
  const length = offsetBytes === undefined ? {} : { byteOffset: offsetBytes, byteLength: new TextEncoder().encode(statement.sql).length }
  return {
    ruleId: hazard.rule,
    ruleIndex: used.indexOf(hazard.rule),
    level: levels[hazard.severity],
    locations: [{ physicalLocation: { artifactLocation: artifact(place), region: { ...region(place), ...length } } }],
    // The second is the one that GitHub looks at.
    partialFingerprints: { 'lockkeeper/v1': fingerprint, 'primaryLocationLineHash': fingerprint },
  }
}

function region({ line, column, endLine, endColumn }: Place): object {
  return { startLine: line, startColumn: column, endLine, ...(endColumn !== undefined && { endColumn }) }
}

function artifact({ path }: Place): object {
  const uri = path.split('/').map(encoded).join('/')
  if (path.startsWith('/')) return { uri: `file://${uri}` }
  return /^[A-Za-z]:/.test(path) ? { uri: `file:///${uri}` } : { uri, uriBaseId: '%SRCROOT%' }
}

// Half a character, as a file's name may hold on Windows, has no form in a URI.
function encoded(name: string): string {
  return encodeURIComponent(name.replaceAll(/\p{Cs}/gu, '\ufffd'))
}

function fixOf(place: Place, replacement: readonly string[], offsetBytes: number | undefined): object {
  const alone = replacement.some((sql) => /\bconcurrently\b/i.test(sql)) ? ' It cannot run in a transaction.' : ''
  const deletedRegion = { ...region(place), ...(offsetBytes !== undefined && { byteOffset: offsetBytes }) }
  const insertedContent = { text: replacement.join(';\n') }
  return {
    description: { text: `What lockkeeper apply would run in its place.${alone}` },
    artifactChanges: [{ artifactLocation: artifact(place), replacements: [{ deletedRegion, insertedContent }] }],
  }
}

function notification(note: string): object {
  return { level: 'note', message: { text: printable(note) } }
}
