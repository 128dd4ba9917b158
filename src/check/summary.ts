import type { Severity } from '../model/hazard.ts'
import type { CheckedMigration, CheckSummary } from '../model/verdict.ts'

export function summaryOf(migrations: readonly CheckedMigration[]): CheckSummary {
  const statements = migrations.flatMap((migration) => migration.statements)
  const of = (severity: Severity) => statements.reduce((sum, s) => sum + s.hazards.filter((h) => h.severity === severity).length, 0)
  return {
    migrations: migrations.length,
    statements: statements.length,
    errors: of('error'),
    warnings: of('warning'),
    infos: of('info'),
    suppressed: statements.reduce((sum, s) => sum + s.suppressed.length, 0),
  }
}
