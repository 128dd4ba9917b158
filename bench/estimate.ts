import { parseArgs } from 'node:util'
import { judge } from '../src/check/judge.ts'
import { startPostgres } from '../src/embedded/start.ts'
import { postgresEngine } from '../src/engines.ts'
import type { Session } from '../src/model/session.ts'
import { takeStatistics } from '../src/verbs/statistics.ts'
import { thisMachine } from './_machine.ts'
import { spread } from './_spread.ts'

const { values: flags } = parseArgs({
  options: { json: { type: 'boolean' }, rounds: { type: 'string' }, rows: { type: 'string' }, version: { type: 'string' } },
})
const rounds = Number(flags.rounds ?? 3)
const rows = Number(flags.rows ?? 1_000_000)

const setup = [
  'create table customers (id int primary key)',
  'insert into customers select g from generate_series(1, 20000) g',
  'create table orders (id bigint primary key, amount int, customer_id int, note text)',
  `insert into orders select g, hashint4(g), g % 20000 + 1, md5(g::text) from generate_series(1, ${rows}) g`,
  'create index orders_amount_idx on orders (amount)',
  'vacuum analyze orders',
  'vacuum analyze customers',
]

const works = [
  'create index on orders (amount)',
  'create index on orders (note)',
  'alter table orders alter column amount set not null',
  'alter table orders add constraint note_check check (length(note) < 100)',
  'alter table orders add column r double precision default random()',
  'alter table orders alter column amount type bigint',
  'alter table orders add constraint c foreign key (customer_id) references customers',
  'reindex table orders',
  'update orders set note = note',
  'delete from orders',
]

/** How often the range that `check` prints holds what the statement then took, and by how much it is missed where it does not. */
async function main(): Promise<void> {
  const engine = await postgresEngine()
  await using server = await startPostgres({ version: Number(flags.version ?? 18) })
  const session = await engine.connect({ url: server.url, applicationName: 'bench-estimate' })
  for (const sql of setup) await session.script([sql])
  const cases = []
  for (const sql of works) {
    const tried = []
    for (let round = 0; round < rounds; round += 1) tried.push(await compare(engine, session, sql))
    cases.push({ case: sql, tookMs: spread(tried.map(({ ms }) => ms)), missedBy: spread(tried.map(({ missedBy }) => missedBy)) })
  }
  await session.close()
  const held = cases.filter(({ missedBy }) => missedBy.median <= 1).length
  const document = {
    format: 1,
    bench: 'estimate',
    machine: thisMachine(),
    rows,
    rounds,
    cases,
    ratios: { rangesThatHeld: held / cases.length },
  }
  process.stdout.write(flags.json === true ? `${JSON.stringify(document, null, 2)}\n` : text(document))
}

type Engine = Awaited<ReturnType<typeof postgresEngine>>

/** `missedBy` is 1 inside the range, else the factor to its nearer end. */
async function compare(engine: Engine, session: Session, sql: string): Promise<{ readonly ms: number; readonly missedBy: number }> {
  const catalog = await session.readCatalog()
  const statistics = await takeStatistics(engine, { session, catalog, relations: ['public.orders', 'public.customers'] })
  const [judged] = judge(engine, engine.parse(Buffer.from(sql)), { before: catalog }).statements
  if (statistics === undefined || judged === undefined) throw new Error('the server did not answer the sample')
  const found = engine.estimate({ ...judged, before: catalog }, judged.parts, statistics)
  if (found.kind !== 'range') throw new Error(`no range for ${sql}`)
  const ms = await timed(session, sql)
  const { lowMs, highMs } = found.estimate
  return { ms, missedBy: Math.max(1, lowMs / ms, ms / highMs) }
}

async function timed(session: Session, sql: string): Promise<number> {
  await session.script(['begin'])
  const began = performance.now()
  await session.script([sql])
  const ms = performance.now() - began
  await session.script(['rollback'])
  return ms
}

interface Document {
  readonly cases: readonly {
    readonly case: string
    readonly tookMs: { readonly median: number }
    readonly missedBy: { readonly median: number }
  }[]
  readonly ratios: { readonly rangesThatHeld: number }
}

function text({ cases, ratios }: Document): string {
  const lines = cases.map((one) => {
    const verdict = one.missedBy.median <= 1 ? 'inside the range' : `missed by a factor of ${one.missedBy.median.toFixed(1)}`
    return `${String(Math.round(one.tookMs.median)).padStart(6)} ms  ${verdict.padEnd(26)} ${one.case}`
  })
  return `${[...lines, `${Math.round(ratios.rangesThatHeld * 100)} % of the ranges held`].join('\n')}\n`
}

await main()
