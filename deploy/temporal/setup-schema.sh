#!/bin/sh
# Creates Temporal's two databases where they are missing, and brings their schemas to the version of this image.
# Host, user and password come from SQL_HOST, SQL_USER and SQL_PASSWORD.
set -eu

setup() {
  database=$1
  schema=$2
  tool="temporal-sql-tool --plugin postgres12_pgx --port 5432 --db $database"
  $tool create-database
  $tool setup-schema --version 0.0
  $tool update-schema --schema-dir "/etc/temporal/schema/postgresql/v12/$schema/versioned"
}

setup temporal temporal
setup temporal_visibility visibility
