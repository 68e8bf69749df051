#!/bin/sh
# Roles and database, as in docs/operations/database.md. Run once by PostgreSQL's image, on an empty volume; works with
# any PostgreSQL that `psql` reaches as an administrator.
set -eu
: "${VOUCH_OWNER_PASSWORD:?}" "${VOUCH_APP_PASSWORD:?}" "${VOUCH_JOBS_PASSWORD:?}"

# Passwords come in by the environment: words of a command line can be read by others on the machine.
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
\getenv owner_password VOUCH_OWNER_PASSWORD
\getenv app_password VOUCH_APP_PASSWORD
\getenv jobs_password VOUCH_JOBS_PASSWORD
set log_statement = 'none';
set log_min_duration_statement = -1;

create role vouch_owner login nosuperuser nocreatedb nocreaterole noreplication nobypassrls password :'owner_password';
create role vouch_app   login nosuperuser nocreatedb nocreaterole noreplication nobypassrls password :'app_password';
create role vouch_jobs  login nosuperuser nocreatedb nocreaterole noreplication nobypassrls password :'jobs_password';

create database vouch owner vouch_owner encoding 'UTF8' template template0;
revoke all on database vouch from public;
grant connect on database vouch to vouch_owner, vouch_app, vouch_jobs;

\connect vouch
alter schema public owner to vouch_owner;
revoke create on schema public from public;
SQL
