-- The objects on which every form of forms.jsonl runs. Small but never empty, so that the server's counters of tuples
-- read say which tables a statement goes through.
create schema p;
create type p.en as enum ('x', 'y');
create domain p.dom as text;
create domain p.domc as text check (value <> 'zzz');
create function p.imm(int) returns int language sql immutable as 'select $1';
create function p.stab() returns int language sql stable as 'select 1';
create function p.vol() returns int language sql volatile as 'select 1';
create function p.trg() returns trigger language plpgsql as 'begin return new; end';
create sequence p.sq;

create table p.parent (id bigint primary key, x int);
insert into p.parent select g, g from generate_series(1, 300) g;

create table p.t (
  id bigint primary key, a int, b text, c varchar(10), d numeric(10,2), e timestamp, f timestamptz, g varchar, h char(5),
  i varbit(5), bt bit(5), bi bigint, j interval(3), k text default 'k', l int not null, m json, n jsonb, o uuid, pr bigint,
  q timestamp(3), r timestamptz(3), re real, s cidr, st smallint, ti time(3), u inet, x xml, arr varchar(10)[], dm p.dom,
  en p.en, bo boolean, nu numeric
);
insert into p.t
select n, n, 'b' || n, 'c' || n, 1.5, '2026-01-01', '2026-01-01', 'g' || n, 'h', b'101', b'10101', n, '1 s', 'k', n, '{}', '{}',
  md5(n::text)::uuid, n, '2026-01-01', '2026-01-01', 1, '10.0.0.0/8', 1, '12:00', '10.0.0.0/8', '<a/>', array['a'], 'd', 'x', true, 1
from generate_series(1, 300) n;
create index t_a_idx on p.t (a);
create unique index t_b_uidx on p.t (b);
create index t_c_idx on p.t (c);
create index t_e_idx on p.t (e);
create index t_gexpr on p.t (lower(g));
create index t_part on p.t (a) where b is not null;
create trigger tg before update on p.t for each row execute function p.trg();
create statistics p.sts on a, l from p.t;
create view p.vw as select id, a from p.t;
create materialized view p.mv as select id, a from p.t;
create unique index mv_u on p.mv (id);

create table p.child (id bigint primary key, t_id bigint references p.t (id), note text);
insert into p.child select g, g, 'n' from generate_series(1, 300) g;
create policy pol on p.child using (true);
create rule rl as on delete to p.child where old.id < 0 do also nothing;
create publication pub1 for table p.child;

create table p.pt (id bigint, y bigint) partition by range (id);
create table p.pt1 partition of p.pt for values from (0) to (1000);
insert into p.pt select g, g from generate_series(1, 300) g;
create table p.ptn (id bigint, y bigint);
insert into p.ptn select g, g from generate_series(1000, 1300) g;
create table p.ptc (id bigint not null, y bigint, check (id >= 1000 and id < 2000));
insert into p.ptc select g, g from generate_series(1000, 1300) g;

create table p.inh (id bigint not null, a int);
create unlogged table p.big_unlogged (id int);
