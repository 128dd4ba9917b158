import { parseArgs } from 'node:util'
import pg from 'pg'
import { startPostgres } from '../src/embedded/start.ts'
import { postgresEngine } from '../src/engines.ts'
import { thisMachine } from './_machine.ts'
import { spread } from './_spread.ts'

// `tsx bench/work-rates.ts --version 18`: how long kinds of work take beside what `calibrate` samples; the source of src/postgres/work-rates.ts.
const { values: flags } = parseArgs({ options: { version: { type: 'string' }, rows: { type: 'string' }, rounds: { type: 'string' } } })
const version = Number(flags.version ?? 18)
const rows = Number(flags.rows ?? 500_000)
const rounds = Number(flags.rounds ?? 4)

const setup = [
  'create table parents (id int primary key)',
  'insert into parents select g from generate_series(1, 100000) g',
  'create table t (id bigint primary key, a int, parent int, note text, u uuid, at timestamptz)',
  `insert into t select g, hashint4(g), hashint4(g) & 65535 | 1, md5(g::text), gen_random_uuid(), now() - g * interval '1 s'
   from generate_series(1, ${rows}) g`,
  'create index t_a on t (a)',
  'vacuum analyze t',
  'vacuum analyze parents',
]

const works: { readonly [work: string]: string } = {
  'read: not null': 'alter table t alter column a set not null',
  'evaluate: check': 'alter table t add constraint k check (a <> 1 and length(note) < 100)',
  'evaluate: regular expression': `alter table t add constraint k check (note ~ '^[0-9a-f]+$')`,
  'fixedIndex: int': 'create index x on t (a)',
  'fixedIndex: in order': 'create index x on t (id)',
  'fixedIndex: uuid': 'create index x on t (u)',
  'textIndex: text': 'create index x on t (note)',
  'textIndex: text, int': 'create index x on t (note, a)',
  'otherIndex: gin': `create index x on t using gin (to_tsvector('simple', note))`,
  'join: foreign key': 'alter table t add constraint f foreign key (parent) references parents',
  'write and two indexes: default': 'alter table t add column r float default random()',
  'write and two indexes: type': 'alter table t alter a type bigint',
  'update: heap and two indexes': 'update t set a = a + 1',
  'remove': 'delete from t',
}

async function main(): Promise<void> {
  const server = await startPostgres({ version })
  const client = new pg.Client({ connectionString: server.url })
  await client.connect()
  try {
    for (const sql of setup) await client.query(sql)
    const measured = await measure(client, server.url)
    process.stdout.write(
      `${JSON.stringify({ format: 1, bench: 'work-rates', machine: thisMachine(), version, rows, rounds, cases: measured }, null, 2)}\n`,
    )
  } finally {
    await client.end()
    await server.stop()
  }
}

/** Sample and works in the same round, so that a neighbour on the machine slows down both. */
async function measure(client: pg.Client, url: string): Promise<readonly object[]> {
  const ratios: { [work: string]: { ms: number[]; scans: number[]; sorts: number[] } } = {}
  for (let round = 0; round < rounds; round += 1) {
    const { scanMs, sortMs } = await sample(url)
    for (const [work, sql] of Object.entries(works)) {
      const ms = await timed(client, sql)
      const of = (ratios[work] ??= { ms: [], scans: [], sorts: [] })
      of.ms.push(ms)
      of.scans.push(ms / scanMs)
      of.sorts.push(ms / sortMs)
    }
  }
  return Object.entries(ratios).map(([work, { ms, scans, sorts }]) => ({
    case: work,
    ms: spread(ms),
    timesScan: spread(scans),
    timesSort: spread(sorts),
  }))
}

async function sample(url: string): Promise<{ readonly scanMs: number; readonly sortMs: number }> {
  const engine = await postgresEngine()
  await using session = await engine.connect({ url, applicationName: 'work-rates' })
  const catalog = await session.readCatalog()
  const speed = await engine.calibrate(session, catalog, ['public.t'])
  const scan = speed?.scans[0]
  if (speed === undefined || scan === undefined) throw new Error('the server did not answer the sample')
  const pages = catalog.relations.get('public.t')?.pages ?? 0
  return { scanMs: (pages * 8192 * 1000) / scan.bytesPerSecond, sortMs: (rows * 1000) / speed.sortedRowsPerSecond }
}

async function timed(client: pg.Client, sql: string): Promise<number> {
  await client.query('begin')
  const began = performance.now()
  await client.query(sql)
  const ms = performance.now() - began
  await client.query('rollback')
  await client.query('vacuum t')
  return ms
}

await main()
