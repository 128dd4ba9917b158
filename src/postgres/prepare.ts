import type { Prepared } from '../model/session.ts'
import type { DriverClient } from './client.ts'

/** What of the driver's connection is used here; its types leave half of it out. */
interface Wire {
  parse(message: { readonly name: string; readonly text: string; readonly types: readonly number[] }): void
  describe(message: { readonly type: 'S'; readonly name: string }): void
  sync(): void
  once(event: 'parameterDescription', listener: (message: { readonly dataTypeIDs: readonly number[] }) => void): void
  removeListener(event: 'parameterDescription', listener: (message: { readonly dataTypeIDs: readonly number[] }) => void): void
}

interface RowDescription {
  readonly fields: readonly { readonly name: string; readonly dataTypeID: number; readonly dataTypeModifier: number }[]
}

/** Parse, Describe and Sync of the extended protocol, unnamed: the server says what it would say of the statement, and runs nothing. */
export async function prepareOn(client: DriverClient, sql: string, types: readonly number[]): Promise<Prepared> {
  return await new Promise((settle, fail) => {
    // The client calls these as the server answers: node-postgres, lib/query.js.
    client.query(new Preparing({ sql, types, settle, fail }))
  })
}

interface Asked {
  readonly sql: string
  readonly types: readonly number[]
  readonly settle: (prepared: Prepared) => void
  readonly fail: (error: Error) => void
}

class Preparing {
  readonly #asked: Asked
  #parameters: readonly number[] = []
  #columns: Prepared['columns']
  #forget: () => void = () => undefined

  constructor(asked: Asked) {
    this.#asked = asked
  }

  submit(connection: unknown): void {
    const wire = connection as Wire
    const hear = ({ dataTypeIDs }: { readonly dataTypeIDs: readonly number[] }): void => {
      this.#parameters = dataTypeIDs
    }
    wire.once('parameterDescription', hear)
    this.#forget = () => wire.removeListener('parameterDescription', hear)
    wire.parse({ name: '', text: this.#asked.sql, types: this.#asked.types })
    wire.describe({ type: 'S', name: '' })
    wire.sync()
  }

  handleRowDescription({ fields }: RowDescription): void {
    this.#columns = fields.map(({ name, dataTypeID, dataTypeModifier }) => ({ name, type: dataTypeID, modifier: dataTypeModifier }))
  }

  handleReadyForQuery(): void {
    this.#forget()
    this.#asked.settle({ parameters: this.#parameters, ...(this.#columns !== undefined && { columns: this.#columns }) })
  }

  handleError(error: Error): void {
    this.#forget()
    this.#asked.fail(error)
  }
}
