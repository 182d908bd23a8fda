/**
 * The schema of the database, as the steps that led to it: step n brings a file of version n-1 to version n, and a new file
 * goes through all. A step that was released is never changed. `docs/database.md` describes what comes out.
 */

/** "tlom": so that a database of ours is told from another program's. */
export const APPLICATION_ID = 0x746c6f6d;

const FIRST = `
create table logbook (
  name text not null primary key,
  created_at real not null,
  metadata text not null
) strict, without rowid;

create table flow (
  key integer primary key,
  id text not null unique,
  name text not null,
  logbook text not null references logbook (name) on delete cascade,
  state text not null,
  created_at real not null,
  updated_at real not null,
  atoms integer not null,
  asked text,
  owner_id text,
  owner_host text,
  owner_pid integer,
  owner_process text,
  expires_at real not null,
  epoch integer not null,
  rest blob
) strict;
create index flow_logbook on flow (logbook);

-- Beside flow: an outline may be large, and flow is written at every turn.
create table origin (
  flow integer primary key references flow (key) on delete cascade,
  outline text not null,
  module text,
  export text,
  args text
) strict;

create table atom (
  flow integer not null references flow (key) on delete cascade,
  name text not null,
  kind text not null,
  map text,
  version text not null,
  state text not null,
  intention text not null,
  attempt integer not null,
  sent integer not null,
  began integer not null,
  dropped integer not null,
  updated_at real not null,
  elapsed real,
  error text,
  result blob,
  large integer,
  rest blob,
  primary key (flow, name)
) strict, without rowid;
create index atom_map on atom (flow, map) where map is not null;

-- Results too large to stand among the atoms; atom.large says which is whose.
create table large (
  id integer primary key,
  result blob not null
) strict;
create trigger large_replaced after update of large on atom when old.large is not null
begin
  delete from large where id = old.large;
end;
create trigger large_removed after delete on atom when old.large is not null
begin
  delete from large where id = old.large;
end;

create table value (
  flow integer not null references flow (key) on delete cascade,
  symbol text not null,
  value blob not null,
  primary key (flow, symbol)
) strict, without rowid;

create table duration (
  task text not null primary key,
  mean real not null,
  times real not null
) strict, without rowid;

create view runs as
select flow.id, flow.name, logbook, state,
  strftime('%Y-%m-%d %H:%M:%f', created_at / 1000, 'unixepoch') as created,
  strftime('%Y-%m-%d %H:%M:%f', updated_at / 1000, 'unixepoch') as updated,
  atoms, asked,
  owner_host as host, owner_pid as pid,
  case when owner_id is not null then strftime('%Y-%m-%d %H:%M:%f', expires_at / 1000, 'unixepoch') end as leased_until,
  epoch as claims, origin.module, origin.export
from flow join origin on origin.flow = flow.key;

create view atoms as
select flow.id as run, flow.name as flow, atom.name, kind, map, version, atom.state, intention, attempt,
  strftime('%Y-%m-%d %H:%M:%f', atom.updated_at / 1000, 'unixepoch') as updated,
  elapsed as elapsed_ms,
  coalesce(length(atom.result), length(large.result)) as result_bytes,
  dropped, error
from atom join flow on flow.key = atom.flow left join large on large.id = atom.large;

create view failures as
select run, flow, name, state, attempt, updated, elapsed_ms, error
from atoms where error is not null or state in ('FAILURE', 'REVERT_FAILURE');
`;

/** The step to version n stands at n-1. */
export const MIGRATIONS: readonly string[] = [FIRST];
