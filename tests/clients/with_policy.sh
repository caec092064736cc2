#!/usr/bin/env bash
# psql as an analyst under a policy: groups, the note of those left out, refusals with what to do, and no log.
set -euo pipefail
export PGSSLMODE=verify-full PGSSLROOTCERT="$GATEWAY_FOLDER/certs/ca.crt" PGHOST=localhost PGPORT="$GATEWAY_POSTGRES"
export PGDATABASE=steppe PGUSER=ada PGPASSWORD
PGPASSWORD="$(cat "$GATEWAY_FOLDER/ada.token")"
checks=0
has() {
    if ! grep --quiet -- "$3" <<< "$2"; then
        printf '%s: there is no %s in\n%s\n' "$1" "$3" "$2" >&2
        exit 1
    fi
    checks=$((checks + 1))
}
ask() { psql --no-psqlrc --set ON_ERROR_STOP=1 --tuples-only --no-align --command "$1" 2>&1 || true; }

groups="$(ask 'SELECT site, count(*) FROM visits GROUP BY site ORDER BY site')"
has groups "$groups" '|'
has note "$groups" 'NOTICE: .* left out'
rows="$(ask 'SELECT * FROM visits')"
has rows "$rows" 'rows of persons are not shown to your role'
has remedy "$rows" 'HINT: .*ask for groups'
has few "$(ask "SELECT count(*) FROM visits WHERE site = 'island'")" 'could be about few people'
has log "$(ask 'SELECT * FROM audit_log')" 'not found'
has tables "$(ask '\d')" visits
has columns "$(ask '\d visits')" sample_key
has questions "$(ask 'SELECT name FROM questions')" decile_prevalence
has steward "$(PGUSER=sara PGPASSWORD="$(cat "$GATEWAY_FOLDER/sara.token")" ask "SELECT action FROM audit_log WHERE decision = 'deny'")" sql_release
echo "under a policy: $checks checks by psql"
