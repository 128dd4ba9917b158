import { lockModes, type LockMode, type TableLock } from '../model/facts.ts'

/** For each mode, those that another session cannot hold at the same time. Manual 18, table 13.2. */
const conflicts: { readonly [mode in LockMode]: readonly LockMode[] } = {
  'ACCESS SHARE': lockModes.slice(7),
  'ROW SHARE': lockModes.slice(6),
  'ROW EXCLUSIVE': lockModes.slice(4),
  'SHARE UPDATE EXCLUSIVE': lockModes.slice(3),
  'SHARE': ['ROW EXCLUSIVE', 'SHARE UPDATE EXCLUSIVE', 'SHARE ROW EXCLUSIVE', 'EXCLUSIVE', 'ACCESS EXCLUSIVE'],
  'SHARE ROW EXCLUSIVE': lockModes.slice(2),
  'EXCLUSIVE': lockModes.slice(1),
  'ACCESS EXCLUSIVE': lockModes,
}

/** The modes that another session cannot hold on the same table while this one is held. */
export const conflictingModes = (mode: LockMode): readonly LockMode[] => conflicts[mode]

/** True where one session's `a` makes another session wait for `b`, or the other way round. */
export const modesConflict = (a: LockMode, b: LockMode): boolean => conflicts[a].includes(b)

/** 1 for ACCESS SHARE to 8 for ACCESS EXCLUSIVE. */
export const lockStrength = (mode: LockMode): number => lockModes.indexOf(mode) + 1

/** The stronger of two modes, by the server's own order. */
export const strongerMode = (a: LockMode, b: LockMode): LockMode => (lockStrength(a) >= lockStrength(b) ? a : b)

/** A lock with what it does to others. Reads are plain SELECTs, writes are INSERT, UPDATE and DELETE. */
export const tableLock = (relation: string, mode: LockMode): TableLock => ({
  relation,
  mode,
  blocksReads: modesConflict(mode, 'ACCESS SHARE'),
  blocksWrites: modesConflict(mode, 'ROW EXCLUSIVE'),
})

/** EXCLUSIVE on a materialized view keeps writers out, and nobody but REFRESH writes to one. */
export const refreshLock = (relation: string): TableLock => ({ relation, mode: 'EXCLUSIVE', blocksReads: false, blocksWrites: false })

/** pg_locks.mode (`AccessExclusiveLock`) as the mode that the manual names; undefined for anything else (SIReadLock). */
export function lockModeOf(name: string): LockMode | undefined {
  const spaced = name
    .replace(/Lock$/, '')
    .replace(/(?!^)([A-Z])/g, ' $1')
    .toUpperCase()
  return lockModes.find((mode) => mode === spaced)
}
