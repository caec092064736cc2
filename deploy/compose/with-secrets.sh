#!/bin/sh
# Runs steppe with the secrets whose file names are environment variables.
set -eu
for file in /run/secrets/PGPASSWORD /run/secrets/AWS_ACCESS_KEY_ID /run/secrets/AWS_SECRET_ACCESS_KEY; do
    if [ -r "$file" ]; then
        value="$(cat "$file")"
        export "${file##*/}=$value"
    fi
done
exec steppe "$@"
