import { relative, resolve } from 'node:path'
import { present } from '../std/present.ts'
import type { ThrowAway } from '../verbs/throw-away.ts'
import type { LoadedMigrations, LoadMigrationsOptions } from '../verbs/load-migrations.ts'
import type { Context, Invocation } from './command.ts'
import type { LoadedConfig } from './config.ts'
import { loadConfig } from './config.ts'
import type { Config } from './define-config.ts'

/** What a command starts from: the configuration and where the migrations are. */
export interface Workspace {
  readonly loaded: LoadedConfig
  readonly config: Config
  /** Source and path after flags and file, relative to the working directory. */
  readonly where: Pick<LoadMigrationsOptions, 'source' | 'path' | 'standardInput'>
}

/** The path is the command's argument, or the config file's. */
export async function openWorkspace(invocation: Invocation, context: Context): Promise<Workspace> {
  const { options } = invocation
  const loaded = await loadConfig(context.cwd, options.config)
  const { config } = loaded
  const source = options.source ?? config.source
  const path =
    invocation.arguments[0] ??
    (config.migrations === undefined ? undefined : relative(context.cwd, resolve(loaded.folder, config.migrations)) || '.')
  const where = present({ source, path, standardInput: context.readStandardInput })
  return { loaded, config, where }
}

/** The migrations of the workspace; `sandbox` serves those that are code. */
export async function loadWorkspace({ where }: Workspace, context: Context, sandbox: ThrowAway): Promise<LoadedMigrations> {
  const { loadMigrations } = await import('../verbs/load-migrations.ts')
  return await loadMigrations({ root: context.cwd, ...where, sandboxUrl: sandbox.url, signal: context.signal })
}
