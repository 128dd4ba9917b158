import type { Severity } from '../model/hazard.ts'
import type { CheckedMigration, CheckSummary, ProjectFinding } from '../model/verdict.ts'

export function summaryOf(migrations: readonly CheckedMigration[], project: readonly ProjectFinding[]): CheckSummary {
  const statements = migrations.flatMap((migration) => migration.statements)
  const found = [...statements.flatMap((statement) => statement.hazards), ...project]
  const of = (severity: Severity) => found.filter((one) => one.severity === severity).length
  return {
    migrations: migrations.length,
    statements: statements.length,
    errors: of('error'),
    warnings: of('warning'),
    infos: of('info'),
    suppressed: statements.reduce((sum, s) => sum + s.suppressed.length, 0),
  }
}
