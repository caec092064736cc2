#!/usr/bin/env bash
# Other people's clients can use the gateway: psql; psycopg 3, SQLAlchemy, pandas, polars, ADBC and ODBC from Python; JDBC; R.
# Python's are installed into a virtual environment of their own. What comes by the system's packages is skipped with a
# word where it is not there, or an error where STEPPE_REQUIRE_CLIENTS is 1.
set -euo pipefail
cd "$(dirname "$0")/../.."
clients=tests/clients

environment="${STEPPE_CACHE:-$HOME/.cache/steppe}/clients-venv"
wanted="$clients/requirements.txt"
if ! cmp --silent "$wanted" "$environment/requirements.txt"; then
    python3 -m venv --clear "$environment"
    "$environment/bin/pip" install --quiet --disable-pip-version-check --requirement "$wanted"
    # Written last: an installation that was interrupted is done again.
    cp "$wanted" "$environment/requirements.txt"
fi
python=("$environment/bin/python" -B)

steppe="$(realpath "${STEPPE_BINARY:-${CARGO_TARGET_DIR:-target}/debug/steppe}")"
work="$(mktemp -d)"
gateway=
finish() {
    status=$?
    if [[ -n "$gateway" ]]; then
        kill "$gateway" 2> /dev/null || true
        wait "$gateway" 2> /dev/null || true
        ((status == 0)) || tail -n 40 "$work/log" >&2
    fi
    rm -rf "$work"
    exit "$status"
}
trap finish EXIT
# The commands here are to run as they stand, whatever the caller works with.
unset STEPPE_PROFILE STEPPE_COORDINATOR STEPPE_TOKEN STEPPE_TOKEN_FILE STEPPE_CA STEPPE_CONFIG

"$steppe" --quiet simulate --unlinked --samples 600 --variants 8000 --scores 2 --out "$work/people"
"$steppe" --quiet import --bfile "$work/people" --build GRCh38 --out "$work/cohort" > /dev/null
"$steppe" --quiet score --cohort "$work/cohort" --score "$work/people.scores.txt" --out "$work/scores" > /dev/null
"${python[@]}" - > "$work/people.csv" <<'PYTHON'
print("iid,population,score,affected")
for person in range(1000):
    population = ("KAZ", "EUR", "EAS")[person % 3]
    print(f"P{person:04},{population},{person * 7919 % 1000 / 100},{int(person * 31 % 11 == 0)}")
PYTHON
"$steppe" --quiet certs init --out "$work/certs" > /dev/null
"$steppe" --quiet certs init --out "$work/other" > /dev/null
"${python[@]}" "$clients/issue.py" "$work" ada

free_port() { "${python[@]}" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
GATEWAY_FOLDER="$work" GATEWAY_POSTGRES="$(free_port)" GATEWAY_FLIGHT="$(free_port)"
export GATEWAY_FOLDER GATEWAY_POSTGRES GATEWAY_FLIGHT
# Starts a gateway with these flags beside those that all have, in place of the one before.
start_gateway() {
    if [[ -n "$gateway" ]]; then
        kill "$gateway"
        wait "$gateway" || true
    fi
    # What the one before said is not this one's word.
    rm -f "$work/log"
    "$steppe" gateway --flight "127.0.0.1:$GATEWAY_FLIGHT" --postgres "127.0.0.1:$GATEWAY_POSTGRES" \
        --operations-listen "127.0.0.1:$(free_port)" --audit-log "$work/audit.jsonl" \
        --tls-authority "$work/certs/ca.crt" --tls-certificate "$work/certs/server.crt" --tls-key "$work/certs/server.key" \
        --cohort "$work/cohort" --scores "$work/scores" "$@" 2> "$work/log" &
    gateway=$!
    for _ in $(seq 200); do
        grep --quiet --no-messages 'the gateway serves' "$work/log" && break
        sleep 0.1
    done
    GATEWAY_SERVING="$(pgrep --parent "$gateway")"
    export GATEWAY_SERVING
}
start_gateway --insecure-ungoverned --token-jwks "$work/jwks.json" --table "people=$work/people.csv"

# A client by its name, whether it is there, and how it is run.
client() {
    local name="$1" there="$2"
    shift 2
    if ! eval "$there" > /dev/null 2>&1; then
        if [[ "${STEPPE_REQUIRE_CLIENTS:-0}" == 1 ]]; then
            echo "$name is not installed" >&2
            exit 1
        fi
        echo "skipped: $name is not installed"
        return
    fi
    "$@"
}
jdbc=/usr/share/java/postgresql.jar
with_jdbc() {
    javac -d "$work/java" "$clients/WithJdbc.java"
    java -classpath "$work/java:$jdbc" WithJdbc
}

client psql 'command -v psql' "$clients/with_psql.sh"
client psycopg true "${python[@]}" "$clients/with_psycopg.py"
client recorded true "${python[@]}" "$clients/with_recorded.py"
client SQLAlchemy true "${python[@]}" "$clients/with_sqlalchemy.py"
client ADBC true "${python[@]}" "$clients/with_adbc.py"
client ODBC 'odbcinst -q -d | grep "PostgreSQL Unicode"' "${python[@]}" "$clients/with_odbc.py"
client JDBC "command -v javac && test -f $jdbc" with_jdbc
client RPostgreSQL 'Rscript -e "library(RPostgreSQL)"' Rscript "$clients/with_r.R"

# The same people as an analyst and a steward see them. Tokens are those of steppe itself; roles come from the policy.
"${python[@]}" - "$work/people.fam" > "$work/visits.csv" <<'PYTHON'
import sys

print("iid,site,age,affected")
with open(sys.argv[1]) as people:
    for number, line in enumerate(people):
        site = "island" if number % 200 == 0 else ("north", "south", "east")[number % 3]
        print(f"{line.split()[1]},{site},{40 + number % 30},{int(number % 7 == 0)}")
PYTHON
cat > "$work/policy.toml" <<'TOML'
version = 1
revision = 1
[cohort.cohort]
minimum_cell = 5
[cohort.cohort.role.analyst]
scores = "aggregates"
phenotypes = "aggregates"
[cohort.cohort.role.steward]
phenotypes = "aggregates"
[user.ada]
roles = ["analyst"]
[user.sara]
roles = ["steward"]
TOML
for subject in ada sara; do
    "$steppe" --quiet certs token --subject "$subject" --out "$work" > /dev/null
done
start_gateway --policy "$work/policy.toml" --state "$work/state" --token-key "$work/token.pub" \
    --table "visits=$work/visits.csv"
client psql 'command -v psql' "$clients/with_policy.sh"
client psycopg true "${python[@]}" "$clients/with_policy.py"
