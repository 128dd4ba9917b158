import type { Hazard } from '../model/hazard.ts'
import type { Plan, PlannedMigration, Step, Waiting } from '../model/plan.ts'
import { stepText } from './step.ts'
import type { Style } from './style.ts'
import { count, printable, tint, wrap } from './style.ts'

/** The document of `plan --json` and of `plan --out`; `apply --plan` reads it. */
export function planJson(plan: Plan): string {
  return `${JSON.stringify({ format: 1, command: 'plan', project: plan.project, touched: plan.touched, migrations: plan.migrations, ...(plan.waiting !== undefined && { waiting: plan.waiting }) }, null, 2)}\n`
}

/** Every step with its SQL, transaction border, locks and timeouts; a line marks the point of no return. */
export function planText(style: Style, plan: Plan): string {
  const waits = plan.waiting === undefined ? [] : [waitingText(style, plan.waiting)]
  if (plan.migrations.length === 0) return waits.length === 0 ? 'Nothing is pending.\n' : `${waits.join('')}\n`
  const steps = plan.migrations.reduce((sum, migration) => sum + migration.steps.length, 0)
  return `${[...plan.migrations.map((migration) => migrationText(style, migration)), ...waits, `${count(steps, 'step')} for ${count(plan.migrations.length, 'migration')}.`].join('\n\n')}\n`
}

function migrationText(style: Style, migration: PlannedMigration): string {
  const head = `${tint(style, 'bold', printable(migration.id))}\n${wrap(style, '  ', printable(migration.file))}`
  const checks = migration.checks.map((check) => wrap(style, '  ', printable(`first looks: ${check.title}`)))
  return [
    head,
    ...checks,
    ...stepsText(style, migration.steps),
    ...migration.blocked.map((hazard) => blockedText(style, migration, hazard)),
  ].join('\n')
}

function stepsText(style: Style, steps: readonly Step[]): readonly string[] {
  const noReturn = steps.findIndex((step) => step.undo.kind === 'forward-only')
  return steps.flatMap((step, at) => {
    const text = stepText(style, step, `${at + 1}.`)
    return at === noReturn && step.undo.kind === 'forward-only'
      ? [tint(style, 'yellow', wrap(style, '  ', `-- point of no return: ${printable(step.undo.why)}`)), text]
      : [text]
  })
}

function waitingText(style: Style, { migration, behind, what }: Waiting): string {
  const text = `${migration} and what follows it wait: ${behind} keeps ${what} double until its contract. First: lockkeeper complete ${behind}`
  return tint(style, 'yellow', wrap(style, '', printable(text)))
}

/** What stops `apply`, and how to allow it. */
function blockedText(style: Style, migration: PlannedMigration, hazard: Hazard): string {
  return [
    `  ${tint(style, 'red', 'stops here')}: ${hazard.rule}${hazard.breaksOldApp ? ' (breaks the running application)' : ''}`,
    wrap(style, '    ', printable(hazard.message)),
    wrap(style, '    ', printable(`Instead: ${hazard.fix}`)),
    wrap(style, '    ', printable(`Or: --allow ${hazard.rule}:${migration.id}`)),
  ].join('\n')
}
