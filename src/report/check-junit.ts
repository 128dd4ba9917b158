import type { CheckedStatement, CheckReport } from '../model/verdict.ts'
import { cureOf, fails, findingsOf, foundIn, type FailOn, type Finding, type OutputSettings } from './findings.ts'
import { clip, printable } from './style.ts'

interface Case {
  readonly text: string
  readonly isFailure: boolean
}

/** One suite for each migration, one case for each finding or statement without one. What `--fail-on` fails the command for is a failure. */
export function checkJunit(report: CheckReport, { failOn, folder }: OutputSettings): string {
  const byStatement = new Map<CheckedStatement, Finding[]>()
  const migrations = foundIn(report)
  for (const finding of findingsOf({ ...report, project: [], migrations }, folder))
    byStatement.set(finding.statement, [...(byStatement.get(finding.statement) ?? []), finding])
  const suites = migrations.map(({ id, file, statements }) => {
    const cases = statements.flatMap((statement) => casesOf(id, statement, { findings: byStatement.get(statement) ?? [], failOn }))
    const open = `<testsuite name=${attribute(id)} file=${attribute(file)} ${counts(cases)}>`
    return { cases, text: [`  ${open}`, ...cases.map(({ text }) => text), '  </testsuite>'].join('\n') }
  })
  const all = counts(suites.flatMap(({ cases }) => cases))
  const head = ['<?xml version="1.0" encoding="UTF-8"?>', `<testsuites name="lockkeeper" ${all}>`]
  return `${[...head, ...suites.map(({ text }) => text), '</testsuites>'].join('\n')}\n`
}

function counts(cases: readonly Case[]): string {
  return `tests="${cases.length}" failures="${cases.filter(({ isFailure }) => isFailure).length}"`
}

function casesOf(
  id: string,
  statement: CheckedStatement,
  { findings, failOn }: { readonly findings: readonly Finding[]; readonly failOn: FailOn },
): readonly Case[] {
  const place = `line ${statement.line}: ${clip(statement.sql.replaceAll(/\s+/g, ' '), 80)}`
  if (findings.length === 0) return [{ text: `    ${open(id, place)}/>`, isFailure: false }]
  return findings.map(({ hazard, place: { path, line } }) => {
    const isFailure = fails(hazard.severity, failOn)
    const told = content(`${hazard.severity} ${hazard.rule} at ${path}:${line}\n${hazard.message}\nInstead: ${cureOf(hazard)}`)
    const inside = isFailure
      ? `<failure type=${attribute(hazard.rule)} message=${attribute(hazard.message)}>${told}</failure>`
      : `<system-out>${told}</system-out>`
    return { text: `    ${open(id, `${hazard.rule}, ${place}`)}>${inside}</testcase>`, isFailure }
  })
}

function open(id: string, name: string): string {
  return `<testcase classname=${attribute(id)} name=${attribute(name)}`
}

function attribute(text: string): string {
  return `"${content(text).replaceAll('"', '&quot;').replaceAll('\n', '&#10;').replaceAll('\t', '&#9;')}"`
}

// XML has no way to write most control characters, nor half a character, nor U+FFFE and U+FFFF.
function content(text: string): string {
  return printable(text)
    .replaceAll(/[\p{Cs}\ufffe\uffff]/gu, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
}
