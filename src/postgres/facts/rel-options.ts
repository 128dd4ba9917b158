import type { LockMode } from '../../model/facts.ts'
import type { PgNode } from '../node.ts'

/** The lock of SET (...) and RESET (...): each option has its own (reloptions.c), the strongest counts. */
export function relOptionsMode(options: PgNode | undefined): LockMode {
  const names =
    options !== undefined && 'List' in options
      ? (options.List.items ?? []).flatMap((node) => ('DefElem' in node ? [node.DefElem.defname ?? ''] : []))
      : []
  return names.some((name) => strongOptions.has(name)) ? 'ACCESS EXCLUSIVE' : 'SHARE UPDATE EXCLUSIVE'
}

const strongOptions: ReadonlySet<string> = new Set([
  'user_catalog_table',
  'security_barrier',
  'security_invoker',
  'check_option',
  'fastupdate',
  'buffering',
  'deduplicate_items',
  'autosummarize',
  'pages_per_range',
])
