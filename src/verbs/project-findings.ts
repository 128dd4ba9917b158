import { entries, join, lineAt, readText } from '../adapters/_files.ts'
import type { Files } from '../model/adapter.ts'
import type { ProjectFinding } from '../model/verdict.ts'
import { isProduction } from './schema-sync.ts'
import { synchronizedLines } from './sync-data-source.ts'
import { productionSyncs, scriptsOf, syncThrough, type Scripts } from './sync-scripts.ts'

/**
 * What a project's configuration does to its database outside any migration: `synchronize` and `push` where the data is. Files are read as text,
 * and none is run; what cannot be read says nothing here.
 */
export async function findInProject(files: Files): Promise<readonly ProjectFinding[]> {
  const scripts = await packageScripts(files)
  const found = [
    ...scripts.findings,
    ...(await inCommands(files, scripts.all)),
    ...(await inPipelines(files, scripts.all)),
    ...(await inDataSources(files)),
  ]
  return found.toSorted((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1))
}

type Place = Pick<ProjectFinding, 'file' | 'line'>

function finding(place: Place, what: string, instead: string): ProjectFinding {
  return {
    rule: 'schema-sync-in-production',
    severity: 'error',
    message: `${what} makes the database follow the models at once: what they lack is dropped, rows and all, with no migration to look at and with every lock that it takes`,
    fix: `${instead}.`,
    ...place,
  }
}

async function packageScripts(files: Files): Promise<{ readonly all: Scripts; readonly findings: readonly ProjectFinding[] }> {
  const file = 'package.json'
  const text = await textOf(files, file)
  const all = scriptsOf(jsonOf(text))
  const findings = productionSyncs(all).map(({ script, by, what, instead }) => {
    const line = lineAt(text, Math.max(0, text.indexOf(`${JSON.stringify(script)}:`, text.indexOf('"scripts"'))))
    return finding({ file, line }, `the script ${script}${through(by)} runs ${what}, which`, `Run ${instead}, there`)
  })
  return { all, findings }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function through(by: readonly string[]): string {
  return by.map((script) => ` by ${script}`).join('')
}

/** Dockerfiles, compose files, Procfiles, and what platforms read; those of a development machine by their names apart. */
async function inCommands(files: Files, scripts: Scripts): Promise<readonly ProjectFinding[]> {
  const names =
    /^(?:Dockerfile(?:\..*)?|.*\.Dockerfile|Procfile|(?:docker-)?compose(?:\..*)?\.ya?ml|fly\.toml|render\.ya?ml|railway\.(?:json|toml)|app\.json|vercel\.json|\.env\.production|(?:docker-)?entrypoint\.sh|(?:start|deploy|release)\.sh)$/i
  const folders = ['.', 'docker', 'deploy', 'scripts', 'bin', '.docker']
  const all = await Promise.all(folders.map((folder) => named(files, folder, names)))
  const found = await Promise.all(all.flat().map(async (file) => linesOf(file, await textOf(files, file), scripts)))
  return found.flat()
}

async function inPipelines(files: Files, scripts: Scripts): Promise<readonly ProjectFinding[]> {
  const paths = [...(await named(files, '.github/workflows', /\.ya?ml$/)), ...(await named(files, '.', /^\.gitlab-ci\.ya?ml$/))]
  const found = await Promise.all(paths.map((file) => inPipeline(files, file, scripts)))
  return found.flat()
}

async function inPipeline(files: Files, file: string, scripts: Scripts): Promise<readonly ProjectFinding[]> {
  const text = await textOf(files, file)
  const suspects = linesOf(file, text, scripts)
  if (suspects.length === 0) return []
  // YAML takes time to load, and few projects get here.
  const { deployJobs } = await import('./sync-jobs.ts')
  const jobs = attempt(() => deployJobs(file, text)) ?? []
  return suspects.filter(({ line }) => jobs.some(({ from, to }) => from <= line && line <= to))
}

function attempt<T>(act: () => T): T | undefined {
  try {
    return act()
  } catch {
    return undefined
  }
}

function linesOf(file: string, text: string, scripts: Scripts): readonly ProjectFinding[] {
  return text.split('\n').flatMap((line, at) => {
    const found = /^\s*#/.test(line) ? undefined : syncThrough(scripts, line)
    if (found === undefined) return []
    const what = found.by.length === 0 ? found.what : `${found.by[0]}${through(found.by.slice(1))} runs ${found.what}, which`
    return [finding({ file, line: at + 1 }, what, `Run ${found.instead}, there`)]
  })
}

const places = ['.', 'src', 'src/database', 'src/db', 'src/config', 'src/typeorm', 'src/app', 'database', 'db', 'config', 'typeorm']
const configured =
  /^(?:(?:app-?)?data-?source|ormconfig|orm\.config|typeorm[.-]config|typeorm|database|database\.config|db|config|app\.module|database\.module|typeorm\.module|db\.config)(?:\.\w+)*\.(?:[mc]?[jt]s|json)$/i

async function inDataSources(files: Files): Promise<readonly ProjectFinding[]> {
  const all = await Promise.all(places.map((place) => named(files, place, configured)))
  const found = await Promise.all(
    all
      .flat()
      .map(async (file) =>
        synchronizedLines(await textOf(files, file)).map((line) =>
          finding(
            { file, line },
            'synchronize',
            "Write synchronize: false, and run migrations; or synchronize: process.env.NODE_ENV === 'development'",
          ),
        ),
      ),
  )
  return found.flat()
}

/** Files of a folder with such a name, but for those that say that they are for development or tests. */
async function named(files: Files, folder: string, pattern: RegExp): Promise<readonly string[]> {
  const inside = (await entries(files, folder)).filter(({ name, kind }) => kind === 'file' && pattern.test(name))
  return inside.filter(({ name }) => !isOfDevelopment(folder, name)).map(({ name }) => join(folder, name))
}

// In a name such as ci.yml the jobs decide.
function isOfDevelopment(folder: string, name: string): boolean {
  return folder !== '.github/workflows' && !name.startsWith('.gitlab') && isProduction(name) === false
}

async function textOf(files: Files, path: string): Promise<string> {
  try {
    return (await files.exists(path)) === 'file' ? (await readText(files, path)).text : ''
  } catch {
    return ''
  }
}
