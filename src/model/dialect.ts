/** The one way to put a name or a value into SQL text; each engine has exactly one. */
export interface Dialect {
  /** Joins and quotes the parts of a name where quoting is needed: name('public', 'Order') -> public."Order". */
  readonly name: (...parts: readonly string[]) => string
  /** A literal for text that cannot take parameters. Numbers, booleans, null, Dates (with time zone) and strings. */
  readonly literal: (value: string | number | bigint | boolean | null | Date) => string
}
