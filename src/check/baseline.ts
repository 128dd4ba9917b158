import type { Hazard } from '../model/hazard.ts'
import type { CheckedMigration, CheckReport } from '../model/verdict.ts'
import { suppressionRules } from './own-rules.ts'
import { normalised } from './fingerprint.ts'
import type { TakesBack } from './sift.ts'

/** A finding that was accepted when the tool was brought in. No line numbers: it holds when lines move. */
export interface AcceptedFinding {
  readonly rule: string
  readonly migration: string
  /** Its beginning, for people. */
  readonly statement: string
  readonly fingerprint: string
}

/** `lockkeeper.baseline.json` */
export interface Baseline {
  readonly format: 1
  readonly findings: readonly AcceptedFinding[]
}

/** How much of a statement is written down for whoever reads the file. */
const shownCharacters = 120

/** All findings of a report; what an earlier baseline says of migrations that were not looked at this time stays. */
export function baselineOf(report: CheckReport, before: readonly AcceptedFinding[] = []): Baseline {
  const judged = new Set(report.migrations.map(({ id }) => id))
  const found = report.migrations.flatMap(acceptedIn)
  const all = [...before.filter(({ migration }) => !judged.has(migration)), ...found]
  const order = ({ migration, rule, fingerprint }: AcceptedFinding) => `${migration}\n${rule}\n${fingerprint}`
  const distinct = [...new Map(all.map((finding) => [order(finding), finding])).entries()]
  return { format: 1, findings: distinct.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, finding]) => finding) }
}

function acceptedIn({ id, statements }: CheckedMigration): readonly AcceptedFinding[] {
  return statements.flatMap(({ hazards, sql, fingerprint }) =>
    hazards.flatMap(({ rule }) =>
      fingerprint === undefined || suppressionRules.has(rule)
        ? []
        : [{ rule, migration: id, statement: [...normalised(sql)].slice(0, shownCharacters).join(''), fingerprint }],
    ),
  )
}

/** Takes back what the baseline accepts of the statement with this fingerprint. */
export function byBaseline(accepted: ReadonlySet<string>, fingerprint: string): TakesBack {
  return ({ rule }) => (accepted.has(keyOf({ rule, fingerprint })) ? { reason: 'baseline', by: 'baseline' } : undefined)
}

/** Of a finding in the whole baseline. */
export function keyOf({ rule, fingerprint }: Pick<AcceptedFinding, 'rule' | 'fingerprint'>): string {
  return `${rule} ${fingerprint}`
}

export function unusedEntry({ rule, statement }: AcceptedFinding): Hazard {
  return {
    rule: 'baseline-unused',
    severity: 'info',
    message: `The baseline accepts ${rule} for a statement of this migration, and there is no such finding: ${statement}`,
    fix: 'lockkeeper check --write-baseline brings the file up to date.',
    breaksOldApp: false,
  }
}
