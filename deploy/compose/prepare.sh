#!/usr/bin/env bash
# Makes the secrets that compose.yaml mounts as files: random passwords, and a pair of keys for bearer tokens.
# What is there already stays.
set -euo pipefail
secrets="$(cd "$(dirname "$0")" && pwd)/secrets"
# Nobody else gets into the folder; in it, files must be readable by the user of the containers.
install --directory --mode=0700 "$secrets"
umask 022

random() { openssl rand -hex 24; }
[[ -e "$secrets/PGPASSWORD" ]] || random > "$secrets/PGPASSWORD"
[[ -e "$secrets/AWS_ACCESS_KEY_ID" ]] || echo "steppe-$(openssl rand -hex 4)" > "$secrets/AWS_ACCESS_KEY_ID"
[[ -e "$secrets/AWS_SECRET_ACCESS_KEY" ]] || random > "$secrets/AWS_SECRET_ACCESS_KEY"
if [[ ! -e "$secrets/token.key" ]]; then
    (umask 077 && openssl genpkey -algorithm ed25519 -out "$secrets/token.key")
    openssl pkey -in "$secrets/token.key" -pubout -out "$secrets/token.pub"
fi
echo "secrets are in $secrets"
