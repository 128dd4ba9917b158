import { beforeAll, expect, test } from 'vitest'
import type { Catalog } from '../model/catalog.ts'
import { emptyCatalog } from './empty-catalog.ts'
import { creationKey, findFunction, findIndex, findRelation, findType, relationKey } from './names.ts'
import { loadParser, parse } from './parse.ts'
import { simulate } from './simulate.ts'

let catalog: Catalog

beforeAll(async () => {
  await loadParser()
  const script = `create table b.t (id int); create table a.t (id int primary key); create table b.u (id int); create temp table u (id int);
    create type b.mood as enum ('x'); create function b.f() returns int language sql stable as 'select 1'; create index i on b.t (id); create table a."Odd.Name" (id int)`
  const empty: Catalog = { ...emptyCatalog({ flavor: 'postgresql', version: 18 }, 'a'), searchPath: ['a', 'b'], knowledge: 'whole' }
  catalog = parse(Buffer.from(script)).reduce((grown, statement) => simulate(statement, grown), empty)
})

test('finds a relation along the search path, temporary tables first', () => {
  expect(relationKey(['t'], catalog)).toBe('a.t')
  expect(relationKey(['b', 't'], catalog)).toBe('b.t')
  expect(relationKey(['u'], catalog)).toBe('pg_temp.u')
  expect(relationKey(['pg_temp_7', 'u'], catalog)).toBe('pg_temp.u')
  expect(relationKey({ schemaname: 'a', relname: 'Odd.Name' }, catalog)).toBe('a."Odd.Name"')
  expect(relationKey(['database', 'b', 't'], catalog)).toBe('b.t')
})

test('puts an unknown relation where it would be created, and the server own ones into pg_catalog', () => {
  expect(relationKey(['new'], catalog)).toBe('a.new')
  expect(relationKey(['pg_class'], catalog)).toBe('pg_catalog.pg_class')
  expect(findRelation(['new'], catalog)).toBeUndefined()
  expect(creationKey({ relname: 'new', relpersistence: 't' }, catalog)).toBe('pg_temp.new')
  expect(creationKey(['b', 'new'], catalog)).toBe('b.new')
})

test('finds indexes, types and functions, and the functions of the server before those of the user', () => {
  expect(findIndex(['i'], catalog)).toEqual({ relation: 'b.t', name: 'i' })
  expect(findIndex(['a', 'i'], catalog)).toBeUndefined()
  expect(findType(['mood'], catalog)).toEqual({ key: 'b.mood', type: { kind: 'enum', labels: ['x'] } })
  expect(findType(['text'], catalog)).toBeUndefined()
  expect(findFunction(['f'], catalog)).toEqual({ key: 'b.f', overloads: [{ volatility: 'stable', language: 'sql' }] })
  expect(findFunction(['now'], catalog)?.key).toBe('pg_catalog.now')
  expect(findFunction(['nothing'], catalog)).toBeUndefined()
})
