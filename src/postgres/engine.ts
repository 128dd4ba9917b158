import type { Engine } from '../model/engine.ts'
import { backfillStore } from './backfill/store.ts'
import { roleOf, tiesOf } from './bonds.ts'
import { calibrate } from './calibrate.ts'
import { settle } from './catalog-names.ts'
import { constants } from './constants.ts'
import { emptyCatalog } from './empty-catalog.ts'
import { estimate } from './estimate.ts'
import { evidenceStore } from './evidence/store.ts'
import { facts } from './facts.ts'
import { hazards } from './hazards/index.ts'
import { inline } from './inline.ts'
import { journal } from './journal.ts'
import { keptKeys } from './kept-keys.ts'
import type { PgNode } from './node.ts'
import { observe } from './observe.ts'
import { loadParser, parse } from './parse.ts'
import { postgresDialect } from './quote.ts'
import { operations } from './operations/index.ts'
import { rewrites } from './rewrites/index.ts'
import { codeWalk, rowWork } from './row-work.ts'
import { connect } from './session.ts'
import { simulate } from './simulate.ts'
import { split } from './split.ts'
import { reverse } from './reverse.ts'
import { touches } from './touches.ts'
import { topicsOf } from './topics.ts'
import { upDown } from './up-down.ts'
import { versionViews } from './versions/layer.ts'
import { wordsOf } from './words.ts'

/** PostgreSQL 13 to 18. Its parts meet here and nowhere else. */
export const postgres: Engine<PgNode> = {
  name: 'postgres',
  dialect: postgresDialect,
  load: loadParser,
  parse,
  split,
  inline,
  facts,
  simulate,
  settle,
  keptKeys,
  role: roleOf,
  ties: tiesOf,
  words: wordsOf,
  emptyCatalog,
  observe,
  estimate,
  calibrate,
  hazards,
  topics: topicsOf,
  touches,
  reverse,
  rewrites: [...rewrites, ...operations],
  versions: versionViews,
  rowWork,
  codeWalk,
  upDown,
  constants,
  connect,
  journal,
  backfills: backfillStore,
  evidence: evidenceStore,
}
