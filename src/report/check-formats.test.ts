import { describe, expect, it } from 'vitest'
import { hazard, hostile, named, none, print, reportOf, reports, statement, thousand } from '../../test/support/check-report.ts'
import type { CheckReport } from '../model/verdict.ts'
import { checkOutputs, type CheckFormat } from './check.ts'
import { commentMarker } from './check-markdown.ts'
import type { OutputSettings } from './findings.ts'

const formats = Object.keys(checkOutputs) as readonly CheckFormat[]

describe.each(formats)('%s', (format) => {
  it.each(reports)('prints %s without a character that steers a terminal, and ends its last line', (_, report) => {
    const text = print(format, report)
    // oxlint-disable-next-line no-control-regex
    expect(text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200f\u2028\u202e]/)
    expect(text.endsWith('\n')).toBe(true)
  })
})

describe('github', () => {
  it('writes one command a finding, the worst first, with nothing that ends a property or begins a command', () => {
    const lines = print('github', named).trimEnd().split('\n')
    expect(lines.map((line) => /^::(error|warning|notice)[ :]/.exec(line)?.[1])).toEqual(['error', 'error', 'warning', 'notice', undefined])
    const [, properties = '', message = ''] = /^::warning ([^:]*)::(.*)$/.exec(lines[2] ?? '') ?? []
    expect(properties.split(',').map((one) => one.split('=')[0])).toEqual(['file', 'line', 'endLine', 'col', 'title'])
    expect(message).toContain('::error::x')
    expect(message).toContain('%0A%250A |')
  })

  it('names file, lines and what to do', () => {
    expect(print('github', reportOf([statement({ sql: 'DROP TABLE a', hazards: [hazard({ breaksOldApp: true })] })]))).toBe(
      '::error file=db/2_b.sql,line=3,endLine=3,col=2,endColumn=14,title=blocking-index-build (breaks the running application)' +
        '::CREATE INDEX blocks all writes to public.a%0AInstead: Use CONCURRENTLY.\n' +
        '1 error, 0 warnings in 1 statement of 1 migration, judged for PostgreSQL 13 to 18.\n',
    )
  })
})

describe('gitlab', () => {
  it('is an empty list for nothing, and gives each finding a fingerprint of its own and a severity of GitLab', () => {
    expect(JSON.parse(print('gitlab', none))).toEqual([])
    const twice = statement({
      hazards: [hazard(), hazard({ message: 'again' }), hazard({ rule: 'statement-fails' }), hazard({ severity: 'info' })],
    })
    expect(JSON.parse(print('gitlab', reportOf([twice])))).toMatchObject([
      {
        check_name: 'blocking-index-build',
        fingerprint: 'blocking-index-build-f1',
        severity: 'critical',
        location: { path: 'db/2_b.sql', lines: { begin: 3 } },
      },
      { fingerprint: 'blocking-index-build-f1-2' },
      { severity: 'blocker' },
      { severity: 'info', fingerprint: 'blocking-index-build-f1-3' },
    ])
  })
})

describe('ndjson', () => {
  it('is one document a line, the summary last', () => {
    const lines = print('ndjson', named)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(lines.map(({ type }) => type)).toEqual(['finding', 'finding', 'finding', 'summary'])
    expect(lines[0]).toMatchObject({ format: 1, command: 'check', message: hostile, line: 3, column: 2, severity: 'warning' })
  })
})

describe('json', () => {
  it('loses nothing by its escapes', () => {
    expect(JSON.parse(print('json', named))).toMatchObject({ format: 1, command: 'check', migrations: named.migrations, notes: [hostile] })
  })
})

describe('junit', () => {
  const counts = (report: CheckReport, failOn: OutputSettings['failOn']) =>
    /<testsuites name="lockkeeper" tests="(\d+)" failures="(\d+)">/
      .exec(print('junit', report, { failOn }))
      ?.slice(1)
      .map(Number)

  it('fails for what --fail-on fails, and has a case for a statement without findings', () => {
    const mixed = reportOf([statement({ hazards: [hazard(), hazard({ severity: 'warning' })] }), statement({ hazards: [] })])
    expect([counts(mixed, 'error'), counts(mixed, 'warning'), counts(mixed, 'never')]).toEqual([
      [3, 1],
      [3, 2],
      [3, 0],
    ])
    expect(print('junit', mixed)).toContain('<failure type="blocking-index-build" message="CREATE INDEX blocks all writes to public.a">')
  })

  it('holds nothing that XML does not know', () => {
    const text = print('junit', named)
    expect(text.replaceAll(/<[^<>]*>/g, '')).not.toMatch(/[<>]|&(?!amp;|lt;|gt;|quot;|#10;|#9;)/)
    expect(text).not.toContain('\ufffe')
    expect(text).toContain('&lt;b&gt; &amp; &quot;quoted&quot;')
  })
})

describe('markdown', () => {
  it('begins with the mark by which the comment is found again', () => {
    for (const [, report] of reports) expect(print('markdown', report).startsWith(`${commentMarker}\n`)).toBe(true)
  })

  it('fits into a comment, and counts what is left out', () => {
    const text = print(
      'markdown',
      reportOf(thousand.migrations[0]?.statements.map((one) => ({ ...one, hazards: [hazard({ message: 'x'.repeat(300) })] })) ?? []),
    )
    expect(text.length).toBeLessThanOrEqual(65_536)
    const shown = text.split('\n').filter((line) => line.startsWith('| 🔴')).length
    expect(shown).toBeGreaterThan(100)
    expect(text).toContain(`${1000 - shown} findings more`)
    expect(text.match(/<details open>/g)?.length).toBe(text.match(/<\/details>/g)?.length)
    const note = print('markdown', { ...thousand, notes: ['n'.repeat(70_000)] })
    expect(note.length).toBeLessThanOrEqual(65_536)
    expect(note).toContain('1,000 findings')
  })

  it('names files as they are called, where no markup is read', () => {
    expect(print('markdown', thousand)).toContain('<summary>db/2_b.sql: 1,000 findings</summary>')
  })

  it('calls nobody, links to nothing, and makes no cells or markup of the text', () => {
    const text = print('markdown', named)
    const rows = text.split('\n').filter((line) => line.startsWith('| 🟡'))
    expect(rows).toHaveLength(1)
    expect(rows[0]?.match(/(?<!\\)\|/g)).toHaveLength(6)
    expect(text).not.toMatch(/@octocat|#1\b|https:\/\/x|<b>/)
    // Markdown is not read in the line of a summary, which is HTML.
    expect(text.replaceAll(/^<summary>.*$/gm, '')).not.toMatch(/(?<!\\)`[^l]/)
    expect(text).toContain('&lt;b&gt; &amp;')
  })
})

describe('text', () => {
  it('shows the statement with the numbers of its lines, and the findings beneath', () => {
    expect(print('text', reportOf([statement()]))).toBe(`db/2_b.sql:3:2
  3 | CREATE INDEX i
  4 |  ON a (b)
    = locks SHARE on public.a; builds an index on public.a (observed)
  error blocking-index-build
    CREATE INDEX blocks all writes to public.a
    Instead: Use CONCURRENTLY.

1 error, 0 warnings in 1 statement of 1 migration, judged for PostgreSQL 13 to
18.
lockkeeper explain RULE tells more of a rule.
`)
  })

  it('keeps to its width, whatever stands in the statement', () => {
    const long = statement({ sql: `ALTER TABLE a ${'ADD COLUMN some_column text, '.repeat(12)}DROP COLUMN x\n${'y'.repeat(300)}` })
    for (const width of [80, 120]) {
      const lines = print('text', reportOf([long]), { style: { color: false, width } }).split('\n')
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width)
    }
    expect(print('text', reportOf([statement({ sql: 'x\n'.repeat(30) })]))).toContain('| ... 22 more lines')
  })

  it('is coloured only where asked for', () => {
    expect(print('text', reportOf([statement()]), { style: { color: true, width: 80 } })).toContain('\u001b[31merror\u001b[0m')
  })
})

describe('a finding in the project itself', () => {
  const found = {
    rule: 'schema-sync-in-production',
    severity: 'error',
    message: 'db push',
    fix: 'Deploy migrations.',
    file: 'package.json',
    line: 7,
  } as const

  it.each(['text', 'json', 'ndjson', 'github', 'gitlab', 'sarif', 'junit', 'markdown'] as const)(
    'is told by %s, with its file and line',
    (format) => {
      const text = print(format, reportOf([], { project: [found] }))
      for (const part of ['schema-sync-in-production', 'package.json', '7']) expect(text).toContain(part)
    },
  )
})
