import { readKind } from './_code-reads.ts'
import { issue, oneLine, stop, watched, withLine, type Place } from './_code-recorder.ts'

/**
 * A stand-in for TypeORM's QueryRunner that has no database. What it can answer without one is written down; anything else stops the `up` with
 * `needs-sandbox`, naming the call.
 */
export function recorder(place: Place): object {
  const { recording, lineNow } = place
  const query = async (sql: string, parameters: readonly unknown[] = []): Promise<unknown> => {
    const issued = issue(place, sql, parameters)
    const kind = readKind(sql)
    if (kind === 'none') return []
    const why = kind === 'data' ? 'reads-data' : 'needs-sandbox'
    return watched([], () => stop(recording, { kind: why, call: oneLine(sql), ...withLine(issued.line) }))
  }
  const send = (sql: string) => async (): Promise<void> => {
    issue(place, sql, [])
  }
  const missing = (path: string): never => stop(recording, { kind: 'needs-sandbox', call: path, ...withLine(lineNow()) })
  const connection = standIn('queryRunner.dataSource', { query }, missing)
  const known = { query, connection, dataSource: connection, isReleased: false, isTransactionActive: true, data: {} }
  const transaction = {
    startTransaction: send('START TRANSACTION'),
    commitTransaction: send('COMMIT'),
    rollbackTransaction: send('ROLLBACK'),
  }
  return standIn(
    'queryRunner',
    { ...known, ...transaction, manager: standIn('queryRunner.manager', { query, connection, dataSource: connection }, missing) },
    missing,
  )
}

function standIn(path: string, known: object, missing: (path: string) => never): object {
  return new Proxy(known, {
    get: (target, key) => {
      if (typeof key === 'symbol' || key === 'then') return undefined
      return key in target ? (Reflect.get(target, key) as unknown) : missing(`${path}.${key}`)
    },
  })
}
