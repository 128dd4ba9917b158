/** What makes a database follow the models at once, without a migration: whatever they lack is dropped, rows and all. */
export interface Sync {
  /** As it is called on a command line: `prisma db push`. */
  readonly what: string
  /** What to run instead. */
  readonly instead: string
}

const commands: readonly (Sync & { readonly pattern: RegExp })[] = [
  { what: 'prisma db push', instead: 'prisma migrate deploy, or lockkeeper apply', pattern: /\bprisma(?:@\S+)?\s+db\s+push\b/ },
  {
    what: 'drizzle-kit push',
    instead: 'drizzle-kit migrate, or lockkeeper apply',
    pattern: /\bdrizzle-kit(?:@\S+)?\s+push(?::pg)?(?![\w-])/,
  },
  { what: 'typeorm schema:sync', instead: 'typeorm migration:run, or lockkeeper apply', pattern: /\btypeorm\S*\s+(?:.*\s)?schema:sync\b/ },
  { what: 'TYPEORM_SYNCHRONIZE=true', instead: 'TYPEORM_SYNCHRONIZE=false', pattern: /\bTYPEORM_SYNCHRONIZE["']?\s*[=:]\s*["']?true\b/ },
]

/** The first such command in a line of a shell, a Dockerfile or the like. */
export function syncIn(line: string): Sync | undefined {
  return commands.find(({ pattern }) => pattern.test(line))
}

// Words of the places where a throw-away database is meant. They win over those of production: `start:dev`, `deploy-test`.
const elsewhere =
  /^(?:dev|develop|development|local|localhost|test|tests|testing|e2e|spec|ci|debug|watch|storybook|example|sample|override)$/i
const deploying =
  /^(?:pre|post)?(?:deploy|deployment|start|release|install|build|serve|prod|production|heroku|vercel|publish|staging|migrate|migration|migrations)$/i

/** Whether a name says that what it names happens where the data is; undefined where it says neither. */
export function isProduction(name: string): boolean | undefined {
  const words = name
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== '')
  if (words.some((word) => elsewhere.test(word))) return false
  return words.some((word) => deploying.test(word)) ? true : undefined
}
