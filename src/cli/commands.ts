import type { Command } from './command.ts'

export interface CommandEntry {
  readonly name: string
  readonly summary: string
  readonly load: () => Promise<Command>
}

/** Names and summaries stand here too so that --help imports no command; a test holds this list against the modules. */
export const commands: readonly CommandEntry[] = [
  { name: 'init', summary: 'find the migrations and the database, write the config file', load: async () => (await import('./commands/init.ts')).init },
  { name: 'check', summary: 'what every statement locks, rewrites and breaks, and what to do instead', load: async () => (await import('./commands/check.ts')).check },
  { name: 'explain', summary: 'the page of one rule, or the list of rules', load: async () => (await import('./commands/explain.ts')).explain },
  { name: 'plan', summary: 'the exact steps for what is pending', load: async () => (await import('./commands/plan.ts')).plan },
  { name: 'apply', summary: 'take what is pending through the locks of a busy database', load: async () => (await import('./commands/apply.ts')).apply },
  { name: 'status', summary: 'what is applied, in flight, failed, skipped or left over', load: async () => (await import('./commands/status.ts')).status },
  { name: 'abort', summary: 'take an unfinished migration back to where it began', load: async () => (await import('./commands/abort.ts')).abort },
  { name: 'baseline', summary: 'record the migrations that an existing database already has', load: async () => (await import('./commands/baseline.ts')).baseline },
  { name: 'resolve', summary: 'say by hand what became of a migration', load: async () => (await import('./commands/resolve.ts')).resolve },
  { name: 'uninstall', summary: 'take everything of lockkeeper out of a database', load: async () => (await import('./commands/uninstall.ts')).uninstall },
  { name: 'demo', summary: 'the whole story on an embedded PostgreSQL with live traffic', load: async () => (await import('./commands/demo.ts')).demo },
]
