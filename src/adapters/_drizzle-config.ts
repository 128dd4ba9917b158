import type { Files } from '../model/adapter.ts'
import { setting, type Setting } from './_config-text.ts'
import { readText, unreadable } from './_files.ts'

export interface DrizzleConfig {
  readonly file?: string
  readonly out: string
  readonly historySchema: string
  readonly historyTable: string
}

const defaults: DrizzleConfig = { out: 'drizzle', historySchema: 'drizzle', historyTable: '__drizzle_migrations' }

/**
 * `out` and `migrations: { schema, table }` of drizzle.config, read as text. A name that only running the file could tell throws
 * `source-unreadable`: a guess would take a full history for an empty one.
 */
export async function drizzleConfig(files: Files): Promise<DrizzleConfig> {
  for (const extension of ['ts', 'mts', 'cts', 'js', 'mjs', 'cjs', 'json']) {
    const file = `drizzle.config.${extension}`
    if ((await files.exists(file)) !== 'file') continue
    const { text } = await readText(files, file)
    const out = setting(text, ['out'])
    return {
      file,
      out: out?.kind === 'text' ? out.value.replace(/^\.\//, '') : defaults.out,
      historySchema: plain(file, 'migrations.schema', setting(text, ['migrations', 'schema'])) ?? defaults.historySchema,
      historyTable: plain(file, 'migrations.table', setting(text, ['migrations', 'table'])) ?? defaults.historyTable,
    }
  }
  return defaults
}

function plain(file: string, key: string, found: Setting | undefined): string | undefined {
  if (found?.kind === 'code')
    throw unreadable({ file, line: found.line }, `computes ${key}, and Lockkeeper does not run it`, {
      hint: 'Write the name out as a string.',
    })
  return found?.value
}
