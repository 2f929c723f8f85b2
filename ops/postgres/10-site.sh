#!/usr/bin/env bash
# Make the site's role and its database, as DATABASE_URL (or the file DATABASE_URL_FILE) names them. PostgreSQL's image runs
# this once, on an empty volume. The role owns its database and is nothing else: not a superuser.
set -euo pipefail

url=${DATABASE_URL:-$(cat "${DATABASE_URL_FILE:-/dev/null}")}
# postgres://USER:PASSWORD@HOST:PORT/NAME, of letters, digits, - and _: nothing here is escaped.
if [[ ! $url =~ ^postgres(ql)?://([A-Za-z0-9_-]+)(:([A-Za-z0-9_-]+))?@[^/]+/([A-Za-z0-9_-]+)$ ]]; then
    echo "10-site.sh: DATABASE_URL is no postgres://USER:PASSWORD@HOST:PORT/NAME of letters, digits, - and _" >&2
    exit 1
fi
# The password goes by standard input: other processes can read a command line. psql quotes what stands in :"…" and :'…'.
psql -v ON_ERROR_STOP=1 --no-password --username "$POSTGRES_USER" --dbname "${POSTGRES_DB:-$POSTGRES_USER}" <<SQL
\set role '${BASH_REMATCH[2]}'
\set password '${BASH_REMATCH[4]}'
\set name '${BASH_REMATCH[5]}'
CREATE ROLE :"role" LOGIN;
SELECT format('ALTER ROLE %I PASSWORD %L', :'role', :'password') WHERE :'password' <> '' \gexec
-- What Django would otherwise ask for on every connection:
-- https://docs.djangoproject.com/en/5.2/ref/databases/#optimizing-postgresql-s-configuration
ALTER ROLE :"role" SET client_encoding TO 'UTF8';
ALTER ROLE :"role" SET default_transaction_isolation TO 'read committed';
ALTER ROLE :"role" SET timezone TO 'UTC';
CREATE DATABASE :"name" OWNER :"role" ENCODING 'UTF8' TEMPLATE template0;
SQL
