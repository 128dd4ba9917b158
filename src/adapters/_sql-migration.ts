import type { Migration } from '../model/migration.ts'
import { base, lineAt, sha256, unreadable } from './_files.ts'

/**
 * A migration from SQL in memory: one file of a folder, or standard input. `file` is its path for messages; the name is what is left without
 * `.sql` and `.up.sql`. A Down section (goose, dbmate, sql-migrate, node-pg-migrate, a bare `-- Down`) is no part of it.
 */
export function sqlMigration(file: string, bytes: Uint8Array): Migration {
  const up = upSection(file, bytes)
  return {
    id: base(file).replace(/(\.up)?\.sql$/i, ''),
    source: 'sql',
    file,
    checksum: sha256(bytes),
    body: { kind: 'sql', bytes: up },
    transaction: runsAlone(up) ? 'none' : 'file',
    history: {},
  }
}

// latin1 keeps one character a byte, so an offset in the text is an offset in the bytes.
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

const upMark = /^[ \t]*--[ \t]*(?:(?:\+goose|\+migrate)[ \t]+up\b.*|migrate:up\b.*|up(?:[ \t]+migration)?[ \t]*)$/im
const downMark = /^[ \t]*--[ \t]*(?:(?:\+goose|\+migrate)[ \t]+down\b.*|migrate:down\b.*|down(?:[ \t]+migration)?[ \t]*)$/im

function upSection(file: string, bytes: Uint8Array): Uint8Array {
  const content = text(bytes)
  const down = downMark.exec(content)
  if (down === null) return bytes
  const up = upMark.exec(content)
  if (up !== null && up.index > down.index) {
    throw unreadable({ file, line: lineAt(content, down.index) }, 'has its Down section before its Up section')
  }
  return bytes.subarray(0, down.index)
}

// goose: `-- +goose NO TRANSACTION`; dbmate: `-- migrate:up transaction:false`; sql-migrate: `-- +migrate Up notransaction`.
const alone = /^[ \t]*--[ \t]*(?:\+goose[ \t]+no[ \t]+transaction|migrate:up\b.*\btransaction:false|\+migrate[ \t]+up\b.*\bnotransaction)/im

function runsAlone(bytes: Uint8Array): boolean {
  return alone.test(text(bytes))
}
