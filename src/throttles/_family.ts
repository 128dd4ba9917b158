/** For `with recursive`: the table $1 and all that inherit from it, its partitions among them. Takes no lock on any of them. */
export const familySql = `family(oid) as (
    select $1::regclass::oid
    union
    select i.inhrelid from pg_inherits i join family f on f.oid = i.inhparent
  )`
