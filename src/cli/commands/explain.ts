import { LockkeeperError } from '../../model/errors.ts'
import type { Engine } from '../../model/engine.ts'
import type { HazardRule } from '../../model/hazard.ts'
import type { Worked } from '../../report/explain.ts'
import type { Command } from '../command.ts'
import { flags } from '../options.ts'

export const explain: Command = {
  name: 'explain',
  summary: 'the page of one rule, or the list of rules',
  arguments: [{ name: '[rule]', description: 'the name that check prints' }],
  options: [flags.json],
  async run(invocation, context) {
    const { postgresEngine } = await import('../../engines.ts')
    const { ownRules } = await import('../../check/own-rules.ts')
    const { planRules } = await import('../../plan/own-rules.ts')
    const { ruleList, rulePage } = await import('../../report/explain.ts')
    const engine = await postgresEngine()
    const rules = [...engine.hazards, ...ownRules, ...planRules]
    const wanted = invocation.arguments[0]
    const shown = wanted === undefined ? rules : rules.filter((rule) => rule.id === wanted)
    const [first] = shown
    if (first === undefined)
      throw unknownRule(
        wanted ?? '',
        rules.map((rule) => rule.id),
      )
    const hazard = wanted === undefined ? undefined : engine.hazards.find(({ id }) => id === wanted)
    const worked = hazard === undefined ? undefined : await workedOn(engine, hazard)
    if (invocation.options.json === true)
      context.stdout.write(
        `${JSON.stringify({ format: 1, command: 'explain', rules: shown.map((rule) => ({ ...rule, ...worked })) }, null, 2)}\n`,
      )
    else context.stdout.write(wanted === undefined ? ruleList(context, rules) : rulePage(context, first, worked))
    return 0
  },
}

async function workedOn(engine: Engine, rule: HazardRule): Promise<Worked> {
  const { workedExample } = await import('../../verbs/explain.ts')
  const { measuredLocks } = await import('../../postgres/measured-locks.ts')
  return { ...workedExample(engine, rule), measured: measuredLocks[rule.id] ?? [] }
}

function unknownRule(wanted: string, ids: readonly string[]): LockkeeperError {
  const words = wanted.split('-')
  const near = ids.filter((id) => id.includes(wanted) || words.some((word) => word.length > 3 && id.includes(word)))
  const hint = near.length === 0 ? 'lockkeeper explain lists the rules.' : `Did you mean ${near.slice(0, 5).join(', ')}?`
  return new LockkeeperError('usage', `There is no rule "${wanted}".`, { hint })
}
