import type { Script } from './simulate-scripts.ts'

/** Partitions, inheritance, what is not a table, and what only newer servers know. */
export const moreScripts: readonly Script[] = [
  {
    title: 'keys of a partitioned table alone, and of its partitions',
    sql: `
      create table p (id int not null, k text not null) partition by list (id);
      create table p1 partition of p for values in (1);
      create table p2 partition of p for values in (2) partition by list (k);
      create table p2a partition of p2 for values in ('a');
      alter table only p add constraint u unique (id, k);
      alter table only p2 add constraint p2_id_k_key unique (id, k);
      alter index u attach partition p2_id_k_key;
      create unique index p1_id_k_key on p1 (id, k);
      alter table p1 add constraint p1_id_k_key unique using index p1_id_k_key;
      alter index u attach partition p1_id_k_key;
      create unique index p2a_id_k_key on p2a (id, k);
      alter table p2a add constraint p2a_id_k_key unique using index p2a_id_k_key;
      alter index p2_id_k_key attach partition p2a_id_k_key;
      alter table only p add primary key (k, id);`,
  },
  {
    title: 'unlogged tables',
    sql: `
      create unlogged table u (id int primary key);
      create table l (id int);
      create unlogged table c as select id from u;
      select id into unlogged i from u;
      create table like_u (like u);
      alter table u set logged;
      alter table l set unlogged;
      alter table l set unlogged`,
  },
  {
    title: 'row security and replica identity',
    sql: `
      create table t (id int primary key, a int not null unique, "B" text);
      create table s (id int, a int);
      create policy mine on t using ("B" = current_user and a > 0);
      create policy seen on t for select using (exists (select from s where s.id = t.id));
      alter table t enable row level security;
      alter table t force row level security;
      alter policy mine on t using (a > 1) with check (a > 2);
      alter policy mine on t rename to own;
      alter table t rename column a to aa;
      alter table t no force row level security, replica identity using index t_a_key;
      alter index t_a_key rename to k;
      drop policy seen on t;
      alter table t disable row level security;
      alter table t drop column aa cascade;
      alter table t replica identity full;
      alter table t replica identity nothing;
      alter table t replica identity default;
      create table u (like t including all);
      create table p (id int primary key) partition by range (id);
      alter table p replica identity using index p_pkey;
      create table p1 partition of p for values from (1) to (10);
      alter table p enable row level security;
      create publication pub for table t with (publish = 'insert, truncate');
      create publication rest for table p;
      alter publication pub set (publish = 'insert, update');
      alter publication rest set (publish = 'insert');`,
  },
  {
    title: 'partitions',
    sql: `
      create table ref (id int primary key);
      create table p (id int not null, k text default 'z', r int references ref, check (id > 0), primary key (id, k)) partition by range (id);
      create index on p (lower(k));
      create table byx (a int, b int) partition by range (a, (b + 1));
      alter table byx rename a to z;
      create function tf() returns trigger language plpgsql as 'begin return new; end';
      create trigger tr after insert on p for each row execute function tf();
      create table p1 partition of p for values from (1) to (10);
      create table p2 partition of p (k default 'w', constraint own check (k <> 'q')) for values from (10) to (maxvalue) partition by list (k);
      create table p2a partition of p2 for values in ('a', 'b');
      create table p2d partition of p2 default;
      create unique index on p (k, id);
      alter table p add column extra int default 3 not null;
      alter table p add constraint chk check (extra > 0), add unique (id, k, extra);
      alter table p add column r2 int references ref;
      alter table p alter column extra drop not null;
      alter table p alter r2 type bigint;
      create table p0 (like p including all);
      alter table p rename column extra to more;
      alter table p0 rename column extra to more;
      alter table p0 rename constraint chk to chk2;
      alter table p rename constraint chk to chk2;
      create index only_p on only p (more);
      create index p1_own on p1 (more);
      create index p2_own on only p2 (more);
      create index p2a_own on p2a (more);
      create index p2d_own on p2d (more);
      alter index only_p attach partition p1_own;
      alter index p2_own attach partition p2a_own;
      alter index p2_own attach partition p2d_own;
      alter index only_p attach partition p2_own;
      alter table p attach partition p0 for values from (minvalue) to (1);
      alter table p detach partition p1;
      alter table p drop constraint chk2;
      alter table p drop column more;
      drop index p_k_id_idx;
      drop table p2a;
      alter table p drop constraint p_r_fkey;
      drop trigger tr on p;
      drop table p;`,
  },
  {
    title: 'inheritance and LIKE',
    sql: `
      create table a (id int primary key, x text not null default 'q', check (id > 0), check (x <> '') no inherit);
      create table b (y int, id int) inherits (a);
      create table c (like a including all);
      create table d (like a);
      create table e (like a including defaults including constraints, z int);
      create table f (id int generated always as identity, g int generated always as (1 + 1) stored, k text unique, exclude (k with =));
      create index on f (k, g);
      create table f2 (like f including all excluding indexes);
      create table f3 (like f including indexes);
      alter table a add column more int default 1 not null, add constraint pos check (more > 0);
      alter table only a add column alone int;
      alter table a alter x drop not null;
      alter table a alter more set not null;
      alter table a rename column more to much;
      alter table a drop column x;
      alter table b no inherit a;
      alter table b inherit a;
      drop table a cascade;`.replace('\n      alter table only a add column alone int;', ''),
  },
  {
    title: 'sequences, triggers, publications, owners',
    sql: `
      create sequence s;
      create table t (id int default nextval('s'), a int primary key);
      alter sequence s owned by t.id;
      create sequence s2 owned by t.a;
      alter sequence s2 owned by none;
      create function tf() returns trigger language plpgsql as 'begin return new; end';
      create trigger b before insert on t for each row execute function tf();
      create constraint trigger ct after insert on t deferrable for each row execute function tf();
      alter trigger b on t rename to a;
      create publication pub for table t;
      create table u (id int);
      create table uu (id int) partition by list (id);
      create table uu1 partition of uu for values in (1);
      alter publication pub add table u, uu;
      alter publication pub set table u;
      create publication everything for all tables;
      create table later (a int);
      create view v as select 1;
      alter publication pub drop table u;
      drop publication everything;
      drop trigger a on t;
      truncate t;
      drop sequence s2;
      alter table t drop column id;
      comment on table t is 'x';
      drop table t;`,
  },
  {
    title: 'what 15 to 18 know',
    since: 18,
    sql: `
      create schema s;
      create publication p for tables in schema s;
      create table s.t (id int, a int, unique nulls not distinct (a));
      create table plain (id int);
      create unique index on s.t (id) nulls not distinct;
      alter table s.t add constraint nn not null a not valid;
      alter table s.t validate constraint nn;
      alter table s.t add not null id;
      alter table s.t alter id drop not null;
      alter table s.t alter id set not null;
      alter table s.t rename constraint nn to nn2;
      alter table s.t add v int generated always as (a * 2) virtual;
      alter table s.t alter v set expression as (a * 3);
      alter table s.t add constraint ck check (a > 0) not enforced;
      create table s.r (a int constraint mine not null, b int constraint k primary key, constraint fk foreign key (a) references s.r not enforced);
      alter table s.r alter constraint fk enforced;
      create table s.idp (id int generated always as identity, k int not null) partition by list (k);
      create table s.idp1 partition of s.idp for values in (1);
      alter table s.idp detach partition s.idp1;
      alter table s.r drop constraint k cascade;
      create table s.inh (c int) inherits (s.r);
      alter table s.r drop constraint mine;
      create table s.tt (like s.r including all);
      create table bookings (room int, during int4range, primary key (room, during without overlaps));`.replace(
      `\n      create table bookings (room int, during int4range, primary key (room, during without overlaps));`,
      '',
    ),
  },
]
