#!/bin/sh
# Two databases, each with a role of its own that is no superuser; extensions only a superuser may add.
set -eu
make_database() {
  psql -v ON_ERROR_STOP=1 -U postgres -v name="$1" -v password="$(cat "$2")" <<'SQL'
create role :"name" login password :'password';
create database :"name" owner :"name";
revoke connect on database :"name" from public;
SQL
}
make_database motcua /run/secrets/city_password
make_database motcua_faces /run/secrets/faces_password
psql -v ON_ERROR_STOP=1 -U postgres -d motcua -c 'create extension pg_trgm' -c 'create extension unaccent'
psql -v ON_ERROR_STOP=1 -U postgres -d motcua_faces -c 'create extension vector'
