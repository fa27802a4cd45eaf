# Runs in temporalio/admin-tools. Creates Temporal's databases if they are missing, and migrates their
# tables to the version of the image. SQL_HOST, SQL_PORT, SQL_USER and SQL_PLUGIN name the server.
set -eu

for name in temporal visibility; do
  database=temporal
  [ "$name" = temporal ] || database=temporal_visibility
  tool() { temporal-sql-tool --database "$database" "$@"; }
  tool create
  tool setup-schema --version 0.0
  tool update-schema --schema-name "postgresql/v12/$name"
done
