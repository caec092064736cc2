#!/usr/bin/env bash
# psql: queries, its backslash commands, and the ways in that there are not.
set -euo pipefail
export PGSSLMODE=verify-full PGSSLROOTCERT="$GATEWAY_FOLDER/certs/ca.crt" PGHOST=localhost PGPORT="$GATEWAY_POSTGRES"
export PGDATABASE=steppe PGUSER=ada PGPASSWORD
PGPASSWORD="$(cat "$GATEWAY_FOLDER/ada.token")"
checks=0
is() {
    if [[ "$2" != "$3" ]]; then
        printf '%s: got %s, not %s\n' "$1" "$2" "$3" >&2
        exit 1
    fi
    checks=$((checks + 1))
}
has() {
    if ! grep --quiet -- "$3" <<< "$2"; then
        printf '%s: there is no %s in\n%s\n' "$1" "$3" "$2" >&2
        exit 1
    fi
    checks=$((checks + 1))
}
fails() {
    if output="$("${@:2}" 2>&1)"; then
        printf '%s: it was let through: %s\n' "$1" "$output" >&2
        exit 1
    fi
    checks=$((checks + 1))
}
ask() { psql --no-psqlrc --set ON_ERROR_STOP=1 --tuples-only --no-align --command "$1" 2>&1; }

is count "$(ask 'SELECT count(*) FROM people')" 1000
is samples "$(ask 'SELECT count(*) FROM samples')" 600
is join "$(ask 'SELECT count(*) FROM samples s JOIN scores c USING (sample_id)')" 1200
has people "$(ask '\d')" people
has people "$(ask '\dv')" people
has score "$(ask '\d people')" score
has score "$(ask '\d+ people')" score
has public "$(ask '\dn')" public
has steppe "$(ask '\l')" steppe
for command in '\dt' '\du' '\df' '\di' '\ds' '\dp' '\db' '\dx' '\dT' '\conninfo' '\encoding' '\timing'; do
    ask "$command" > /dev/null || { echo "psql $command" >&2; exit 1; }
    checks=$((checks + 1))
done
has plan "$(ask 'EXPLAIN SELECT * FROM people')" logical_plan
is several "$(ask 'SELECT 1; SELECT 2' | tr '\n' ' ')" '1 2 '
is variables "$(psql --no-psqlrc --tuples-only --no-align --set p=KAZ <<< "SELECT count(*) FROM people WHERE population = :'p'")" 334
is described "$(psql --no-psqlrc --tuples-only --no-align <<< 'SELECT iid, score FROM people \gdesc' | head -n 1)" 'iid|text'
# \bind is new in psql 16.
[[ "$(psql --version | grep --only-matching '[0-9]*' | head -n 1)" -lt 16 ]] ||
    is bound "$(psql --no-psqlrc --tuples-only --no-align <<< 'SELECT count(*) FROM people WHERE population = $1 \bind KAZ \g')" 334
has hint "$(ask 'DROP TABLE people' || true)" HINT
fails copy ask "\\copy people TO '/tmp/steppe-people.csv'"
fails copy ask 'COPY people TO STDOUT'
fails superuser env -u PGPASSWORD psql --no-password --username postgres --command 'SELECT 1'
fails empty env PGPASSWORD= psql --no-password --username postgres --command 'SELECT 1'
fails other psql --no-password --username postgres --command 'SELECT 1'
fails plaintext env PGSSLMODE=disable psql --command 'SELECT 1'
fails authority env PGSSLROOTCERT="$GATEWAY_FOLDER/other/ca.crt" psql --command 'SELECT 1'
echo "$(psql --version): $checks checks"
