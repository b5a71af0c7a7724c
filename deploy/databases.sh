#!/bin/sh
# Two databases, each with an owner of its own. PostgreSQL's image runs this once, when its volume is new.
set -eu
psql --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres \
  --set prefect="$PREFECT_DATABASE_PASSWORD" --set ledger="$LEDGER_PASSWORD" <<'SQL'
CREATE ROLE prefect LOGIN PASSWORD :'prefect';
CREATE ROLE ledger LOGIN PASSWORD :'ledger';
CREATE DATABASE prefect OWNER prefect;
CREATE DATABASE ledger OWNER ledger;
SQL
