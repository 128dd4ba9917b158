/** The database server a session talks to, or that a check is made for. `version` is the major: 13 to 18. */
export interface Server {
  readonly flavor: 'postgresql' | 'mysql' | 'mariadb'
  readonly version: number
  /** As the server words it, for people: "18.4". Absent where no server was asked. */
  readonly fullVersion?: string
}
