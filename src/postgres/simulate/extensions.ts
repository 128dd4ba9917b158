import type { FunctionInfo } from '../../model/catalog.ts'

export interface Extension {
  readonly types?: readonly string[]
  readonly functions?: { readonly [name: string]: FunctionInfo['volatility'] }
}

/** What the extensions that migrations create most bring along, as their SQL files of 13 to 18 say it; only what defaults and columns use. */
export const extensions: { readonly [name: string]: Extension } = {
  'citext': { types: ['citext'] },
  'hstore': { types: ['hstore'] },
  'ltree': { types: ['ltree', 'lquery', 'ltxtquery'] },
  'cube': { types: ['cube'] },
  'vector': { types: ['vector', 'halfvec', 'sparsevec'] },
  'postgis': { types: ['geometry', 'geography', 'box2d', 'box3d'] },
  'uuid-ossp': {
    functions: {
      uuid_generate_v1: 'volatile',
      uuid_generate_v1mc: 'volatile',
      uuid_generate_v3: 'immutable',
      uuid_generate_v4: 'volatile',
      uuid_generate_v5: 'immutable',
      uuid_nil: 'immutable',
    },
  },
  'pgcrypto': {
    functions: {
      gen_random_uuid: 'volatile',
      gen_random_bytes: 'volatile',
      gen_salt: 'volatile',
      crypt: 'immutable',
      digest: 'immutable',
      hmac: 'immutable',
    },
  },
  'unaccent': { functions: { unaccent: 'stable' } },
  'pg_trgm': { functions: { similarity: 'immutable' } },
}
