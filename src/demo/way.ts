import type { WayId, WayStep } from './document.ts'

/** What a way is told. */
export interface WayOptions {
  /** A database where the first migration and its data are, and the others are pending. */
  readonly url: string
  /** The folder of `migrations/`. */
  readonly folder: string
  readonly signal: AbortSignal
  /** Milliseconds since the migration began. */
  readonly elapsed: () => number
  /** A line of progress for people. */
  readonly say: (text: string) => void
}

/** One way to take the folder into the database. */
export interface Way {
  readonly id: WayId
  /** What must be in the database before it is measured. */
  prepare?(options: Pick<WayOptions, 'url' | 'folder' | 'signal'>): Promise<void>
  run(options: WayOptions): Promise<readonly WayStep[]>
}
