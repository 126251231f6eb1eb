#!/bin/sh
# Makes the cluster once, then becomes the server. It reads those variables of the official image that
# docker-compose.yml sets: PGDATA, POSTGRES_PASSWORD, POSTGRES_INITDB_ARGS.
set -eu
if [ ! -f "$PGDATA/faultline.complete" ]; then
  : "${POSTGRES_PASSWORD:?is required}"
  # what an interrupted start left half made is made again
  rm -rf "$PGDATA"
  mkdir -p "$PGDATA"
  chmod 700 "$PGDATA"
  printf '%s\n' "$POSTGRES_PASSWORD" > /tmp/password
  # shellcheck disable=SC2086 # several arguments in one variable, as in the official image
  initdb --pgdata="$PGDATA" --username=postgres --pwfile=/tmp/password --auth-host=scram-sha-256 \
    --auth-local=scram-sha-256 ${POSTGRES_INITDB_ARGS:-}
  rm /tmp/password
  printf 'host all all all scram-sha-256\n' >> "$PGDATA/pg_hba.conf"
  : > "$PGDATA/faultline.complete"
fi
exec "$@"
