import { expect, test } from 'vitest'
import { withEquals, withNumbers, withTextFor, withTypedConstants } from './readings.ts'

const as = (sql: string, ...types: readonly number[]) => ({ sql, types })

test('constants with their type before them, and the field of extract', () => {
  expect(withTypedConstants(as('select now() - interval $2, extract( $1 from at)'))).toEqual(
    as("select now() - $2::interval, extract( 'epoch' from at)", 25),
  )
  expect(withTypedConstants(as('select timestamp with time zone $1'))).toEqual(as('select $1::timestamp with time zone'))
  expect(withTypedConstants(as('select $1::interval, selec'))).toBeUndefined()
})

test('a type for the parameter that the server names, once', () => {
  expect(withTextFor(as('select $2 is null', 20), 'could not determine data type of parameter $2')).toEqual(as('select $2 is null', 20, 25))
  expect(withTextFor(as('select $2 is null', 20, 25), 'could not determine data type of parameter $2')).toBeUndefined()
})

test('the fewest parameters become numbers first, and too many are left alone', () => {
  expect(withNumbers(as('select $1 + $2')).map(({ types }) => types)).toEqual([[23], [0, 23], [23, 23]])
  expect(withNumbers(as('select $1, $2, $3, $4, $5, $6, $7'))).toEqual([])
})

test('a parameter stands for another or for a constant that is left; the number that it had keeps a type', () => {
  const readings = withEquals(as("select f($1), $12 from t group by f('a'), g($2)"))
  expect(readings).toContainEqual(as("select f('a'), $12 from t group by f('a'), g($2)", 25))
  expect(readings).toContainEqual(as("select f($1), $12 from t group by f('a'), g($1)", 0, 25))
})
