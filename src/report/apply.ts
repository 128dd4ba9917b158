import type { Plan, Step } from '../model/plan.ts'
import type { Style } from './style.ts'
import { count, duration, printable, tint, wrap } from './style.ts'

/** What a run reports; src/run has the same shape. */
export interface Applied {
  readonly migrations: readonly AppliedMigration[]
  readonly summary: { readonly longestLockHeldMs: number; readonly steps: number; readonly attempts: number; readonly ms: number }
}

export interface AppliedMigration {
  readonly id: string
  readonly state: string
  /** The schema of its version. */
  readonly shows?: string
  readonly steps: readonly {
    readonly id: string
    readonly state: string
    readonly attempts: number
    readonly lockHeldMs?: number
    readonly ms: number
    readonly rows?: number
  }[]
}

/** The document of `apply --json` and `complete --json`: the plan, with what became of each step. */
export function applyJson(plan: Plan, report: Applied, command = 'apply'): string {
  const planned = new Map(plan.migrations.map((migration) => [migration.id, migration]))
  const migrations = report.migrations.map((migration) => {
    const steps = new Map<string, Step>(planned.get(migration.id)?.steps.map((step) => [step.id, step]))
    return {
      ...planned.get(migration.id),
      id: migration.id,
      state: migration.state,
      steps: migration.steps.map((step) => ({ ...steps.get(step.id), ...step })),
    }
  })
  return `${JSON.stringify({ format: 1, command, project: plan.project, migrations, summary: report.summary }, null, 2)}\n`
}

function expandedText({ id, shows }: AppliedMigration): string {
  const how = shows === undefined ? '' : ` with search_path = ${printable(shows)}`
  return `${printable(id)}: old and new shape stand side by side. Deploy the new application${how}, then: lockkeeper complete ${printable(id)}`
}

/** One line for each migration, then what anyone could have noticed. */
export function applyText(style: Style, report: Applied): string {
  if (report.migrations.length === 0) return 'Nothing is pending.\n'
  const lines = report.migrations.map((migration) =>
    wrap(style, '', `${migration.state}  ${printable(migration.id)} (${count(migration.steps.length, 'step')})`),
  )
  const expanded = report.migrations
    .filter(({ state }) => state === 'expanded')
    .map((migration) => wrap(style, '', expandedText(migration)))
  const { longestLockHeldMs, ms, attempts } = report.summary
  const end = wrap(
    style,
    '',
    `Done in ${duration(ms)}. The longest strong lock was held ${duration(longestLockHeldMs)}; ${count(attempts, 'lock attempt')}.`,
  )
  return `${[...lines, tint(style, 'green', end), ...expanded].join('\n')}\n`
}
