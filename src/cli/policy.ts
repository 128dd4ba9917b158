import { relative, resolve, sep } from 'node:path'
import type { AcceptedFinding } from '../check/baseline.ts'
import type { Policy, RuleSetting } from '../check/policy.ts'
import { present } from '../std/present.ts'
import { baselineName, readBaseline } from './baseline-file.ts'
import type { Context, Invocation } from './command.ts'
import type { LoadedConfig } from './config.ts'
import type { Config } from './define-config.ts'

/** Where the accepted findings are: where --baseline says, else beside the configuration. */
export function baselinePath({ options }: Invocation, { cwd }: Context, loaded: LoadedConfig): string {
  return options.baseline === undefined ? resolve(loaded.folder, baselineName) : resolve(cwd, options.baseline)
}

/** The accepted findings; none where there is no file and none was asked for. */
export async function acceptedFindings(
  invocation: Invocation,
  context: Context,
  loaded: LoadedConfig,
): Promise<readonly AcceptedFinding[] | undefined> {
  const { options } = invocation
  const mustExist = options.baseline !== undefined && options.writeBaseline !== true
  const path = baselinePath(invocation, context, loaded)
  return (await readBaseline(path, { shown: relative(context.cwd, path), mustExist }))?.findings
}

/** What the configuration says of rules and paths; its patterns are relative to its folder, and migrations to the working directory. */
export function policyOf({ config, folder }: LoadedConfig, cwd: string, findings?: readonly AcceptedFinding[]): Policy {
  const here = (patterns: readonly string[]) => patterns.flatMap((pattern) => fromFolder(pattern, folder, cwd))
  const rules = Object.entries(config.rules ?? {}).map(([rule, setting]) => [rule, settingOf(setting, here)] as const)
  const baseline = findings === undefined ? undefined : { format: 1 as const, findings }
  return { rules: Object.fromEntries(rules), ignore: here(config.ignore ?? []), ...present({ baseline }) }
}

type Setting = NonNullable<Config['rules']>[string]

function settingOf(setting: Setting, here: (patterns: readonly string[]) => readonly string[]): RuleSetting {
  if (typeof setting === 'string') return { severity: setting }
  return { severity: setting.severity, ...present({ paths: setting.paths === undefined ? undefined : here(setting.paths) }) }
}

// A migration's path is relative, or absolute where the user gave an absolute one: the pattern is tried in both forms.
function fromFolder(pattern: string, folder: string, cwd: string): readonly string[] {
  if (!pattern.replace(/\/+$/, '').includes('/')) return [pattern]
  const absolute = resolve(folder, pattern)
  return [relative(cwd, absolute), absolute].map((path) => path.replaceAll(sep, '/'))
}
