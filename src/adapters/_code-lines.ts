import { fileURLToPath } from 'node:url'

/** For tools that gather statements and send them later: who asked for each is written down when it is asked for. */
export class LineBook {
  /** By the place of the statement among all. */
  readonly #stacks: string[] = []
  #now: string | undefined

  /** For the next migration. */
  clear(): void {
    this.#stacks.length = 0
  }

  /** The code that is running now has asked for all statements up to this many. */
  note(count: number): void {
    const stack = new Error('here').stack ?? ''
    while (this.#stacks.length < count) this.#stacks.push(stack)
  }

  async each<Statement>(statements: readonly Statement[], act: (statement: Statement) => Promise<unknown>): Promise<void> {
    for (const [at, statement] of statements.entries()) {
      this.#now = this.#stacks[at]
      await act(statement)
    }
    this.#now = undefined
  }

  /** The line of a file that asked for the statement at hand. */
  lineNow(file: string): number | undefined {
    for (const frame of this.#now?.split('\n') ?? []) {
      const place = /\(?((?:file:\/\/)?\/[^()]*):(\d+):\d+\)?\s*$/.exec(frame)
      const path = place?.[1]?.startsWith('file://') === true ? fileURLToPath(place[1]) : place?.[1]
      if (path === file) return Number(place?.[2])
    }
    return undefined
  }
}
