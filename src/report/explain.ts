import type { HazardRule } from '../model/hazard.ts'
import type { Style } from './style.ts'
import { tint, wrap } from './style.ts'

/** What `explain` knows of a rule; the rules of `check` itself have no examples. */
export type Explained = Pick<HazardRule, 'id' | 'title' | 'why'> & Partial<Pick<HazardRule, 'group' | 'source' | 'examples'>>

/** All rules, one line each, by name. */
export function ruleList(style: Style, rules: readonly Explained[]): string {
  const widest = Math.max(...rules.map((rule) => rule.id.length))
  const fits = style.width >= widest + 30
  const lines = rules
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    .map((rule) => (fits ? `${rule.id.padEnd(widest)}  ${rule.title}` : `${rule.id}\n${wrap(style, '  ', rule.title)}`))
  return `${lines.join('\n')}\n`
}

/** The page of one rule. */
export function rulePage(style: Style, rule: Explained): string {
  const parts = [
    `${tint(style, 'bold', rule.id)}${rule.group === undefined ? '' : ` (${rule.group})`}\n${rule.title}`,
    wrap(style, '', rule.why),
    ...(rule.examples === undefined ? [] : [examples('Hazardous:', rule.examples.hazardous), examples('Safe:', rule.examples.safe)]),
    ...(rule.source === undefined ? [] : [wrap(style, '', `Source: ${rule.source}`)]),
    wrap(style, '', `To accept it in one place, write above the statement: -- lockkeeper-ignore ${rule.id}: why`),
  ]
  return `${parts.join('\n\n')}\n`
}

function examples(heading: string, scripts: readonly string[]): string {
  return [
    heading,
    ...scripts.map((script) =>
      script
        .trim()
        .split('\n')
        .map((line) => `  ${line}`)
        .join('\n'),
    ),
  ].join('\n')
}
