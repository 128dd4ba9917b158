import type { Hazard } from '../model/hazard.ts'
import type { Statement } from '../model/statement.ts'
import type { CheckedMigration, CheckedStatement, SuppressedHazard } from '../model/verdict.ts'
import { byBaseline, keyOf, unusedEntry } from './baseline.ts'
import { faultsOf, type FaultContext } from './faults.ts'
import { fingerprintOf } from './fingerprint.ts'
import type { Observation, PendingMigration } from './pending.ts'
import { configured, isOff, type Policy } from './policy.ts'
import { byComments, sift } from './sift.ts'
import { isAbout, suppressionsOf, type Suppression } from './suppressions.ts'
import { worstOf, type Verdict } from './worst.ts'

export interface Desk {
  readonly policy: Policy
  /** All rules that a comment may name. */
  readonly known: ReadonlySet<string>
  /** Those that nobody asked for this time, such as rules of style: what ignores them may stand. */
  readonly idle: ReadonlySet<string>
  readonly today: string
  /** What the baseline accepts, by `keyOf`. */
  readonly accepted: ReadonlySet<string>
}

/** All that the verdicts on one statement were made of, one for each major. */
interface Tried<Node> {
  readonly statement: Statement<Node>
  readonly verdicts: readonly Verdict[]
}

/**
 * What is said of a migration in the end: the severities that the team wants, without what comments and the baseline take back, and with what
 * is wrong with those. `verdicts` are by major, then by statement.
 */
export function checked<Node>(item: PendingMigration<Node>, verdicts: readonly (readonly Verdict[])[], desk: Desk): CheckedMigration {
  const { migration } = item
  const { id, source, file } = migration
  const suppressions = suppressionsOf(migration.body, item.statements)
  const tried = item.statements.map((statement, at): Tried<Node> => {
    const own = failure(item.observed[at])
    const said = verdicts.flatMap((of) => of[at] ?? [])
    return {
      statement,
      verdicts: said.map(({ version, facts, hazards, estimated }) => ({
        version,
        facts,
        hazards: configured([...own, ...hazards], desk.policy, file),
        estimated,
      })),
    }
  })
  const statements = tried.map((one, at) =>
    withoutSuppressed(
      one,
      suppressions.filter((suppression) => isAbout(suppression, at)),
      { item, desk },
    ),
  )
  const faults = [...commentFaults(suppressions, tried, { file, desk }), ...baselineFaults({ id, file, statements }, desk)]
  return { id, source, file, statements: withFaults(statements, faults, (hazards) => configured(hazards, desk.policy, file)) }
}

function failure(observation: Observation | undefined): readonly Hazard[] {
  if (observation?.kind !== 'failed') return []
  return [
    {
      rule: 'statement-fails',
      severity: 'error',
      message: observation.message,
      fix: 'Mend the statement: the target would refuse it too.',
      breaksOldApp: false,
    },
  ]
}

// Sifted for each major before the worst is chosen: what is taken back on one must not hide what stands on another.
function withoutSuppressed<Node>(
  { statement, verdicts }: Tried<Node>,
  suppressions: readonly Suppression[],
  { item, desk }: { readonly item: PendingMigration<Node>; readonly desk: Desk },
): CheckedStatement {
  const found = verdicts.some(({ hazards }) => hazards.length > 0)
  const fingerprint = found ? fingerprintOf(item.migration.id, statement.sql) : undefined
  const takers = [byComments(suppressions, desk.today), ...(fingerprint === undefined ? [] : [byBaseline(desk.accepted, fingerprint)])]
  const sifted = verdicts.map(({ version, facts: of, hazards: said, estimated: work }) => {
    const { hazards: left, suppressed } = sift(said, takers)
    return { version, facts: of, hazards: left, estimated: work, suppressed }
  })
  const { facts, hazards, estimated } = worstOf(sifted)
  const { sql, line, column, start } = statement
  return {
    sql,
    line,
    column,
    offsetBytes: item.migration.body.kind === 'sql' ? start : undefined,
    facts,
    estimate: estimated.kind === 'range' ? estimated.estimate : undefined,
    hazards,
    suppressed: distinct(sifted.flatMap((verdict) => verdict.suppressed)),
    fingerprint,
  }
}

function distinct(suppressed: readonly SuppressedHazard[]): readonly SuppressedHazard[] {
  if (suppressed.length < 2) return suppressed
  return [...new Map(suppressed.map((one) => [`${one.rule}\n${one.message}`, one])).values()]
}

interface Fault {
  /** Position of the statement that it is reported at. */
  readonly at: number
  readonly hazard: Hazard
}

function commentFaults<Node>(
  suppressions: readonly Suppression[],
  tried: readonly Tried<Node>[],
  { file, desk }: { readonly file: string; readonly desk: Desk },
): readonly Fault[] {
  const isFound = (suppression: Suppression, rule: string) =>
    tried.some(
      ({ verdicts }, at) => isAbout(suppression, at) && verdicts.some(({ hazards }) => hazards.some((hazard) => hazard.rule === rule)),
    )
  const isOfUse: FaultContext['isOfUse'] = (suppression, rule) =>
    desk.idle.has(rule) || isOff(desk.policy, rule, file) || isFound(suppression, rule)
  return suppressions.flatMap((suppression) =>
    faultsOf(suppression, { ...desk, isOfUse }).map((hazard) => ({ at: suppression.above[0] ?? tried.length - 1, hazard })),
  )
}

function baselineFaults(
  { id, file, statements }: Pick<CheckedMigration, 'id' | 'file' | 'statements'>,
  { policy, idle }: Desk,
): readonly Fault[] {
  const used = new Set(
    statements.flatMap(({ suppressed, fingerprint }) =>
      suppressed.flatMap(({ rule, by }) => (by === 'baseline' && fingerprint !== undefined ? [keyOf({ rule, fingerprint })] : [])),
    ),
  )
  const unused = (policy.baseline?.findings ?? []).filter(
    (entry) => entry.migration === id && !used.has(keyOf(entry)) && !idle.has(entry.rule) && !isOff(policy, entry.rule, file),
  )
  return unused.map((entry) => ({ at: 0, hazard: unusedEntry(entry) }))
}

function withFaults(
  statements: readonly CheckedStatement[],
  faults: readonly Fault[],
  settle: (hazards: readonly Hazard[]) => readonly Hazard[],
): readonly CheckedStatement[] {
  if (faults.length === 0) return statements
  return statements.map((statement, at) => {
    const own = settle(faults.filter((fault) => fault.at === at).map(({ hazard }) => hazard))
    return own.length === 0 ? statement : { ...statement, hazards: [...statement.hazards, ...own] }
  })
}
