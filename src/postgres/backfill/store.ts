import type { BackfillStore } from '../../model/backfill.ts'
import type { Session } from '../../model/session.ts'
import { runBatch } from './batch.ts'
import { commitCode, openCode, readRows } from './code.ts'
import { beat, cut, leave, lease, release } from './lease.ts'
import { look } from './look.ts'
import { pieces } from './pieces.ts'
import { begin, fail, forget, list, read, redefine, revive, want } from './state.ts'
import { finish, nextSweep } from './sweep.ts'

/** Over one session, in which no transaction is open between calls, save from `lease` of a part to `cut`, `leave` or `letGo`. */
export function backfillStore(session: Session): BackfillStore {
  return {
    begin: (key, definition) => begin(session, key, definition),
    read: (key) => read(session, key),
    list: (project) => list(session, project),
    want: (key, wanted) => want(session, key, wanted),
    revive: (key) => revive(session, key),
    forget: (key) => forget(session, key),
    lease: (key, owner, leaseMs) => lease(session, key, { owner, leaseMs }),
    cut: (key, part, chunk) => cut(session, key, { part, ...chunk }),
    letGo: async () => void (await session.script(['rollback'])),
    leave: (key, part) => leave(session, key, part),
    pieces: (relation, how) => pieces(session, relation, how),
    inTheWay: async (pid) => (await session.waitsFor(pid)).blockers,
    look: (work) => look(session, work),
    nextSweep: (key, end, parts) => nextSweep(session, key, { end, parts }),
    finish: (key, end) => finish(session, key, end),
    fail: (key, failure) => fail(session, key, failure),
    batch: (key, batch) => runBatch(session, key, batch),
    readRows: (wanted) => readRows(session, wanted),
    openCode: (key, transaction) => openCode(session, key, transaction),
    commitCode: (key, commit) => commitCode(session, key, commit),
    redefine: (key, definition) => redefine(session, key, definition),
    beat: (key, held, say) => beat(session, key, { ...held, ...say }),
    release: (held) => release(session, held),
  }
}
