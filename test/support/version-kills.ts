/** Files of pgroll for tests that kill the run: tables, rows, and a change of several kinds. */
export const killedBase = `operations:
  - create_table:
      name: users
      columns:
        - {name: id, type: int, pk: true}
        - {name: full_name, type: text, nullable: true}
        - {name: age, type: int, default: "0"}
        - {name: junk, type: text, nullable: true}
  - create_table: {name: notes, columns: [{name: id, type: int, pk: true}, {name: author, type: int, references: {name: notes_author, table: users, column: id}}]}
`
export const killedChange = `version_schema: second
operations:
  - rename_column: {table: users, from: full_name, to: name}
  - alter_column: {table: users, column: age, type: text, default: "'none'", up: "CASE age WHEN 0 THEN 'none' ELSE age::text END", down: "CASE age WHEN 'none' THEN 0 ELSE age::int END"}
  - drop_column: {table: users, column: junk, down: "'gone'"}
  - add_column: {table: notes, column: {name: kind, type: text, default: "'note'"}, up: "'k' || id"}
`
export const killedRows = `INSERT INTO users SELECT i, 'user ' || i, i % 5, 'x' FROM generate_series(1, 2000) i; INSERT INTO notes SELECT i, i FROM generate_series(1, 500) i`
