import * as v from 'valibot'
import { LockkeeperError } from '../model/errors.ts'
import { parseDuration, parseServer, parseWindow } from './options.ts'

const text = v.pipe(v.string(), v.nonEmpty())
/** Text in the form of the flag of the same name. */
const readableBy = (parse: (value: string) => unknown) =>
  v.pipe(
    text,
    v.check((value) => parses(parse, value)),
  )

const severity = v.picklist(['off', 'info', 'warning', 'error'])
const patterns = v.array(text)

const schema = v.strictObject({
  databaseUrl: v.optional(text),
  replicaUrls: v.optional(v.array(text)),
  password: v.optional(v.function()),
  source: v.optional(
    v.picklist(['auto', 'sql', 'prisma', 'drizzle', 'typeorm', 'knex', 'kysely', 'sequelize', 'mikro-orm', 'node-pg-migrate', 'pgroll']),
  ),
  migrations: v.optional(text),
  schema: v.optional(text),
  role: v.optional(text),
  project: v.optional(text),
  server: v.optional(readableBy(parseServer)),
  shadowUrl: v.optional(text),
  failOn: v.optional(v.picklist(['error', 'warning', 'never'])),
  style: v.optional(v.boolean()),
  rules: v.optional(v.record(text, v.union([severity, v.strictObject({ severity, paths: v.optional(patterns) })]))),
  ignore: v.optional(patterns),
  startAfter: v.optional(text),
  allow: v.optional(v.array(text)),
  window: v.optional(readableBy(parseWindow)),
  lockTimeout: v.optional(readableBy(parseDuration)),
  statementTimeout: v.optional(readableBy(parseDuration)),
  maxLockWait: v.optional(readableBy(parseDuration)),
  maxAttempts: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  runLockTimeout: v.optional(readableBy(parseDuration)),
  throttles: v.optional(v.record(text, text)),
  expand: v.optional(
    v.strictObject({
      quiet: v.optional(readableBy(parseDuration)),
      oldApplications: v.optional(v.array(text)),
      oldRoles: v.optional(v.array(text)),
    }),
  ),
  fleet: v.optional(v.strictObject({ controlUrl: v.optional(text) })),
})

const forms: { readonly [key: string]: string } = {
  databaseUrl: 'a postgres:// URL as text',
  replicaUrls: 'a list of postgres:// URLs',
  password: 'a function that gives the password',
  source: 'auto, sql, prisma, drizzle, typeorm, knex, kysely, sequelize, mikro-orm, node-pg-migrate or pgroll',
  migrations: 'the path of the migrations, relative to the config file',
  server: 'a server such as "postgres@13"',
  failOn: 'error, warning or never',
  style: 'true or false',
  rules: 'rules with off, info, warning, error, or { severity, paths: [patterns] }',
  ignore: 'a list of patterns such as "db/legacy/**"',
  startAfter: 'the name of the last migration that is not judged',
  allow: 'a list of rule names',
  window: 'a window such as "02:00-04:00"',
  maxAttempts: 'a whole number from 1',
  lockTimeout: 'a time such as "100ms"',
  statementTimeout: 'a time such as "30s"',
  maxLockWait: 'a time such as "30min"',
  runLockTimeout: 'a time such as "10s"',
  throttles: 'values by the id of a throttle, such as { "replica-lag": "10s" }',
  expand: '{ quiet, oldApplications, oldRoles }, a time and two lists of names',
  fleet: '{ controlUrl }, a postgres:// URL as text',
}

/** Throws `config-invalid` naming the first key that is wrong and what it wants; never the value, which may be a secret. */
export function validateConfig(file: string, value: unknown): v.InferOutput<typeof schema> {
  const result = v.safeParse(schema, value)
  if (result.success) return result.output
  const keys = (result.issues[0].path ?? []).map((place) => String(place.key))
  throw new LockkeeperError('config-invalid', `${file}: ${faultOf(keys)}.`, { details: { file, key: keys.join('.') } })
}

function faultOf([key = '', inner]: readonly string[]): string {
  if (key === 'rules' && inner !== undefined)
    return `"rules.${inner}" must be off, info, warning, error, or { severity, paths: [patterns] }`
  if (key === '') return 'the configuration is not an object'
  if (!Object.keys(schema.entries).includes(key)) return `there is no key "${key}"; the keys are ${Object.keys(schema.entries).join(', ')}`
  return `"${key}" must be ${forms[key] ?? 'text'}`
}

function parses(parse: (value: string) => unknown, value: string): boolean {
  try {
    parse(value)
    return true
  } catch {
    return false
  }
}
