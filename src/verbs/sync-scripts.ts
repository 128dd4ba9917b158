import { isProduction, syncIn, type Sync } from './schema-sync.ts'

/** A script of package.json that leads to a command, and by which others. */
export interface ScriptSync extends Sync {
  readonly script: string
  /** Scripts in between, from the first to the one that runs the command. */
  readonly by: readonly string[]
}

export type Scripts = ReadonlyMap<string, string>

/** The scripts of a package.json; none where it has none. */
export function scriptsOf(content: unknown): Scripts {
  const scripts = isRecord(content) && isRecord(content['scripts']) ? content['scripts'] : {}
  return new Map(Object.entries(scripts).filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
}

/** The scripts that run where the data is, by their names, and make a schema follow its models. */
export function productionSyncs(scripts: Scripts): readonly ScriptSync[] {
  return [...scripts.keys()].flatMap((script) => {
    const found = isProduction(script) === true ? syncOfScript(scripts, script) : undefined
    return found === undefined ? [] : [found]
  })
}

/** The command that a line of a shell leads to, itself or through the scripts of package.json that it runs. */
export function syncThrough(scripts: Scripts, line: string): (Sync & { readonly by: readonly string[] }) | undefined {
  const own = syncIn(line)
  if (own !== undefined) return { ...own, by: [] }
  for (const called of scriptsCalled(line)) {
    const found = syncOfScript(scripts, called)
    if (found !== undefined) return { ...found, by: [called, ...found.by] }
  }
  return undefined
}

function syncOfScript(scripts: Scripts, script: string, above: readonly string[] = []): ScriptSync | undefined {
  const text = scripts.get(script)
  if (text === undefined || above.includes(script)) return undefined
  const own = syncIn(text)
  if (own !== undefined) return { ...own, script, by: [] }
  for (const called of [`pre${script}`, ...scriptsCalled(text), `post${script}`]) {
    const found = syncOfScript(scripts, called, [...above, script])
    if (found !== undefined) return { ...found, script, by: [called, ...found.by] }
  }
  return undefined
}

/** `npm run x`, `yarn x`, `pnpm run --silent x`, and the same as the list of a Dockerfile's CMD. */
function scriptsCalled(text: string): readonly string[] {
  return [...text.matchAll(/\b(?:npm|pnpm|yarn|bun)((?:["',\s]+[\w:.@/=-]+)+)/g)].flatMap((match) => {
    const words = (match[1] ?? '')
      .split(/["',\s]+/)
      .filter((word) => word !== '' && !word.startsWith('-') && !/^run(?:-script)?$/.test(word))
    return words.slice(0, 1)
  })
}

function isRecord(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
