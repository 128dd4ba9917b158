import { expect, it } from 'vitest'
import { urlOf } from './url.ts'

it('writes a socket as localhost with the folder in the parameter host', () => {
  expect(urlOf({ folder: '/tmp/a b&c', port: 54329, password: undefined }, 'postgres')).toBe(
    'postgresql://postgres@localhost:54329/postgres?host=/tmp/a%20b%26c',
  )
})

it('writes TCP with its password', () => {
  expect(urlOf({ folder: '/tmp/x', port: 5555, password: 'secret' }, 'shop')).toBe('postgresql://postgres:secret@127.0.0.1:5555/shop')
})

it('encodes the name of the database', () => {
  expect(urlOf({ folder: '/tmp/x', port: 1, password: 'p' }, 'a b?c#d/e%')).toBe('postgresql://postgres:p@127.0.0.1:1/a%20b%3Fc%23d/e%25')
})
