import type { Facts } from '../model/facts.ts'
import type { Hazard, Severity } from '../model/hazard.ts'
import type { CheckedMigration, CheckedStatement, CheckReport, ProjectFinding, SuppressedHazard } from '../model/verdict.ts'
import type { Explained } from './explain.ts'
import type { Style } from './style.ts'

export type FailOn = 'error' | 'warning' | 'never'

/** What an output needs to know beside the report. */
export interface OutputSettings {
  readonly style: Style
  readonly failOn: FailOn
  readonly rules: readonly Explained[]
  readonly toolVersion: string
  /** The way from the root of the repository to the working directory, which paths in the report begin at; '' where they are the same. */
  readonly folder: string
}

/** Where a statement stands. Lines and columns count from 1, columns in characters (code points); an end is behind the last one. */
export interface Place {
  readonly path: string
  readonly line: number
  readonly column: number
  readonly endLine: number
  readonly endColumn?: number
}

interface Found<What> {
  readonly migration: CheckedMigration
  readonly statement: CheckedStatement
  readonly place: Place
  readonly hazard: What
  /** The same in the next report where lines have moved; no two of a report are equal. */
  readonly fingerprint: string
}

export type Finding = Found<Hazard>
export type SuppressedFinding = Found<SuppressedHazard>

/** All findings, in the order of the files. */
export function findingsOf(report: CheckReport, folder = ''): readonly Finding[] {
  return found(report, folder, ({ hazards }) => hazards)
}

/** What comments and the baseline took back. */
export function suppressedOf(report: CheckReport, folder = ''): readonly SuppressedFinding[] {
  return found(report, folder, ({ suppressed }) => suppressed)
}

const ranks: { readonly [severity in Severity]: number } = { error: 0, warning: 1, info: 2 }

/** The worst first; of equal ones, as they come. */
export function worstFirst(findings: readonly Finding[]): readonly Finding[] {
  return findings.toSorted((a, b) => bySeverity(a.hazard, b.hazard))
}

export function bySeverity(one: Pick<Hazard, 'severity'>, other: Pick<Hazard, 'severity'>): number {
  return ranks[one.severity] - ranks[other.severity]
}

export function fails(severity: Severity, failOn: FailOn): boolean {
  switch (failOn) {
    case 'error':
      return severity === 'error'
    case 'warning':
      return severity !== 'info'
    case 'never':
      return false
  }
}

/** What to do instead, and whether `apply` does it. */
export function cureOf({ fix, rewrite }: Hazard): string {
  return rewrite === undefined ? fix : `${fix} (lockkeeper apply does this: ${rewrite})`
}

function found<What extends Pick<Hazard, 'rule'>>(
  report: CheckReport,
  folder: string,
  of: (statement: CheckedStatement) => readonly What[],
): readonly Found<What>[] {
  const seen = new Map<string, number>()
  return foundIn(report).flatMap((migration) => {
    const path = pathIn(folder, migration.file)
    return migration.statements.flatMap((statement) => {
      if (of(statement).length === 0) return []
      const place = placeOf(path, statement)
      return of(statement).map((hazard) => {
        const print = `${hazard.rule}-${statement.fingerprint ?? migration.id}`
        const before = seen.get(print) ?? 0
        seen.set(print, before + 1)
        return { migration, statement, place, hazard, fingerprint: before === 0 ? print : `${print}-${before + 1}` }
      })
    })
  })
}

/** The migrations, and before them what was found in the project's own files, each as if it were a migration with one statement. */
export function foundIn({ project, migrations }: CheckReport): readonly CheckedMigration[] {
  return [...project.map(asMigration), ...migrations]
}

function asMigration({ file, line, ...finding }: ProjectFinding): CheckedMigration {
  const hazards = [{ ...finding, breaksOldApp: false }]
  return { id: file, source: 'sql', file, statements: [{ sql: '', line, column: 1, facts: nothing, hazards, suppressed: [] }] }
}

const nothing: Facts = {
  evidence: 'predicted',
  locks: [],
  scans: [],
  rewrites: [],
  builds: [],
  destroys: [],
  creates: [],
  transaction: 'allowed',
  waitsFor: [],
}

// Of a statement that code issued only the line is known.
function placeOf(path: string, { sql, line, column, offsetBytes }: CheckedStatement): Place {
  if (offsetBytes === undefined) return { path, line, column, endLine: line }
  const lines = sql.split('\n')
  const last = characters(lines.at(-1) ?? '')
  return { path, line, column, endLine: line + lines.length - 1, endColumn: last + (lines.length === 1 ? column : 1) }
}

const beyondAscii = /[^\0-\x7f]/

function characters(text: string): number {
  return beyondAscii.test(text) ? [...text].length : text.length
}

function pathIn(folder: string, file: string): string {
  const path = file.replaceAll('\\', '/')
  if (/^(?:\/|[A-Za-z]:)/.test(path)) return path
  const names: string[] = []
  for (const name of [...folder.split('/'), ...path.split('/')]) {
    if (name === '..' && names.length > 0 && names.at(-1) !== '..') names.pop()
    else if (name !== '' && name !== '.') names.push(name)
  }
  return names.join('/')
}
