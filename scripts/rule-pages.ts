import { postgres } from '../src/postgres/engine.ts'
import { measuredLocks } from '../src/postgres/measured-locks.ts'
import { ruleMarkdown, rulesIndex } from '../src/report/rule-markdown.ts'
import { workedExample } from '../src/verbs/explain.ts'

/** docs/rules/: a page for each rule and the list of them, by path. */
export async function rulePages(): Promise<readonly { readonly path: string; readonly text: string }[]> {
  await postgres.load()
  const pages = postgres.hazards.map((rule) => ({
    path: `docs/rules/${rule.id}.md`,
    text: ruleMarkdown(rule, { ...workedExample(postgres, rule), measured: measuredLocks[rule.id] ?? [] }),
  }))
  return [...pages, { path: 'docs/rules/README.md', text: rulesIndex(postgres.hazards) }]
}
