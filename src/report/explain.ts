import type { Hazard, HazardRule } from '../model/hazard.ts'
import type { Measured } from '../model/measured.ts'
import type { PlannedMigration } from '../model/plan.ts'
import { stepText } from './step.ts'
import type { Style } from './style.ts'
import { tint, wrap } from './style.ts'

/** What `explain` knows of a rule; the rules of `check` itself have no examples. */
export type Explained = Pick<HazardRule, 'id' | 'title' | 'why'> & Partial<Pick<HazardRule, 'group' | 'source' | 'examples'>>

/** A rule's first example, taken through the whole of Lockkeeper. */
export interface Worked {
  readonly setup: readonly string[]
  /** The last one is the hazardous one. */
  readonly migration: readonly string[]
  readonly said: readonly Hazard[]
  readonly planned: PlannedMigration
  /** What real servers did with it. */
  readonly measured: readonly Measured[]
}

/** All rules, one line each, by name. */
export function ruleList(style: Style, rules: readonly Explained[]): string {
  const widest = Math.max(...rules.map((rule) => rule.id.length))
  const fits = style.width >= widest + 30
  const lines = rules
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    .map((rule) => ({ id: rule.id, title: `${rule.title}${rule.group === 'style' ? ' (style)' : ''}` }))
    .map(({ id, title }) => (fits ? `${id.padEnd(widest)}  ${title}` : `${id}\n${wrap(style, '  ', title)}`))
  return `${lines.join('\n')}\n`
}

/** The page of one rule. */
export function rulePage(style: Style, rule: Explained, worked?: Worked): string {
  const parts = [
    `${tint(style, 'bold', rule.id)}${rule.group === undefined ? '' : ` (${rule.group})`}\n${rule.title}`,
    wrap(style, '', rule.why),
    ...(worked === undefined ? [] : workedParts(style, worked)),
    ...(rule.examples === undefined
      ? []
      : [examples('More that it speaks on:', rule.examples.hazardous.slice(1)), examples('Safe:', rule.examples.safe)]),
    ...(rule.source === undefined ? [] : [wrap(style, '', `Source: ${rule.source}`)]),
    wrap(style, '', `To accept it in one place, write above the statement: -- lockkeeper-ignore ${rule.id}: why`),
  ].filter((part) => part !== '')
  return `${parts.join('\n\n')}\n`
}

function workedParts(style: Style, { setup, migration, said, planned, measured }: Worked): readonly string[] {
  const findings = said.flatMap(({ severity, message, fix }) => [
    wrap(style, '  ', `${severity}: ${message}`),
    wrap(style, '  ', `Instead: ${fix}`),
  ])
  return [
    examples('Hazardous:', [[...setup, ...migration].join(';\n')]),
    [
      'What real servers do with the last statement:',
      ...measured.map((group) => wrap(style, '  ', `PostgreSQL ${measuredText(group)}`)),
    ].join('\n'),
    ['What check says:', ...findings].join('\n'),
    ['What apply does (PostgreSQL 18):', ...planLines(style, planned)].join('\n'),
  ]
}

/** The steps, or why there are none. */
export function planLines(style: Style, { steps, blocked }: PlannedMigration): readonly string[] {
  if (steps.length + blocked.length === 0) return [wrap(style, '  ', 'Nothing: the statement would change nothing, and is left out.')]
  if (blocked.length === 0) return steps.map((step, at) => stepText(style, { ...step, hazards: [] }, `${at + 1}.`))
  const rules = blocked.map(({ rule }) => rule)
  return [
    wrap(
      style,
      '  ',
      `It stops before the first step (exit status 3), unless ${rules.map((rule) => `--allow ${rule}`).join(' ')} takes it upon you.`,
    ),
  ]
}

/** `13 to 18: ACCESS EXCLUSIVE on public.t` */
export function measuredText({ versions, did, refused }: Measured): string {
  const what =
    refused === undefined ? (did.length === 0 ? 'locks no table that others may be using' : did.join(', ')) : `refuse it: ${refused}`
  return `${versionsText(versions)}: ${what}`
}

/** `13`, `13 and 14`, `14 to 18`. */
function versionsText(versions: readonly number[]): string {
  return versions.length > 2 ? `${versions[0]} to ${versions.at(-1)}` : versions.join(' and ')
}

function examples(heading: string, scripts: readonly string[]): string {
  if (scripts.length === 0) return ''
  return [heading, ...scripts.map((script) => indented(script.trim()))].join('\n')
}

function indented(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n')
}
