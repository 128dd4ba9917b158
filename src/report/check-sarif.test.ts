import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import { describe, expect, it } from 'vitest'
import { print, reportOf, reports, statement, thousand } from '../../test/support/check-report.ts'
import type { CheckReport } from '../model/verdict.ts'
import type { OutputSettings } from './findings.ts'

describe('sarif', () => {
  const {
    $schema: _,
    id: __,
    ...schema
  } = JSON.parse(readFileSync('test/cases/sarif/sarif-2.1.0-rtm.5.json', 'utf8')) as Record<string, unknown>
  const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false })
  addFormats.default(ajv)
  const validate = ajv.compile(schema)
  const read = (report: CheckReport, given: Partial<OutputSettings> = {}) => JSON.parse(print('sarif', report, given)) as Sarif

  it.each(reports)('is valid for %s', (_, report) => {
    validate(read(report))
    expect(validate.errors).toBe(null)
  })

  it('is refused by the schema where a field is wrong', () => {
    const wrong = read(thousand)
    expect(validate({ ...wrong, runs: [{ ...wrong.runs[0], columnKind: 'bytes' }] })).toBe(false)
  })

  it('says where, in characters and bytes, and by what it is known again', () => {
    const [first] = read(reportOf([statement()])).runs[0].results
    expect(first).toMatchObject({
      ruleId: 'blocking-index-build',
      ruleIndex: 0,
      level: 'error',
      partialFingerprints: { 'lockkeeper/v1': 'blocking-index-build-f1' },
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: 'db/2_b.sql', uriBaseId: '%SRCROOT%' },
            region: { startLine: 3, startColumn: 2, endLine: 4, endColumn: 11, byteOffset: 40, byteLength: 25 },
          },
        },
      ],
    })
    expect(first).not.toHaveProperty('fixes')
  })

  it('keeps what is suppressed with its reason, and offers text that could stand in its place', () => {
    const suppressed = [{ rule: 'drop-table', severity: 'error' as const, message: 'm', reason: 'accepted', by: 'baseline' as const }]
    const { results, tool } = read(reportOf([statement({ suppressed, replacement: ['CREATE INDEX CONCURRENTLY i', 'SELECT 2'] })])).runs[0]
    expect(tool.driver.rules.map(({ id }) => id)).toEqual(['blocking-index-build', 'drop-table'])
    expect(results[1]).toMatchObject({ ruleId: 'drop-table', suppressions: [{ kind: 'external', justification: 'accepted' }] })
    expect(results[0]).toMatchObject({
      fixes: [
        {
          description: { text: expect.stringContaining('cannot run in a transaction') as string },
          artifactChanges: [
            {
              replacements: [
                { deletedRegion: { startLine: 3, endLine: 4 }, insertedContent: { text: 'CREATE INDEX CONCURRENTLY i;\nSELECT 2' } },
              ],
            },
          ],
        },
      ],
    })
  })

  it('begins its paths at the root of the repository, encoded as a URI wants them', () => {
    const uri = (file: string, folder: string) => {
      const report = reportOf([statement()])
      const moved = { ...report, migrations: report.migrations.map((one) => ({ ...one, file })) }
      return read(moved, { folder }).runs[0].results[0]?.locations[0]?.physicalLocation.artifactLocation.uri
    }
    expect(uri('db/a b#1.sql', '')).toBe('db/a%20b%231.sql')
    expect(uri('./db/a.sql', 'packages/api')).toBe('packages/api/db/a.sql')
    expect(uri('../db/a.sql', 'packages/api')).toBe('packages/db/a.sql')
    expect(uri('/abs/a.sql', 'packages/api')).toBe('file:///abs/a.sql')
  })
})

interface Sarif {
  readonly runs: readonly [
    {
      readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } }
      readonly results: readonly {
        readonly locations: readonly { readonly physicalLocation: { readonly artifactLocation: { readonly uri: string } } }[]
      }[]
    },
  ]
}
