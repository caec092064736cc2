#!/usr/bin/env bash
# Prints a bearer token signed with an Ed25519 key. For development: elsewhere an identity provider issues tokens.
#
#   deploy/token.sh KEY SUBJECT ROLE[,ROLE…] [HOURS]      roles: submit, read, admin
set -euo pipefail
[[ $# -ge 3 ]] || { sed -n '4p' "$0" >&2; exit 2; }
key="$1" subject="$2" roles="$3" hours="${4:-8}"
[[ "$subject" =~ ^[-_.@A-Za-z0-9]+$ ]] || { echo "a subject has letters, digits and -_.@ only" >&2; exit 2; }
[[ "$roles" =~ ^(submit|read|admin)(,(submit|read|admin))*$ ]] || { echo "roles are submit, read, admin" >&2; exit 2; }
[[ "$hours" =~ ^[1-9][0-9]{0,3}$ ]] || { echo "hours are a whole number" >&2; exit 2; }

base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
now="$(date +%s)"
header='{"alg":"EdDSA","typ":"JWT"}'
claims="$(printf '{"iss":"%s","aud":"%s","sub":"%s","steppe_roles":["%s"],"iat":%d,"exp":%d}' \
    "${STEPPE_TOKEN_ISSUER:-steppe}" "${STEPPE_TOKEN_AUDIENCE:-steppe}" "$subject" "${roles//,/\",\"}" \
    "$now" "$((now + hours * 3600))")"
printf '%s.%s' "$(printf '%s' "$header" | base64url)" "$(printf '%s' "$claims" | base64url)" > "$work/signed"
signature="$(openssl pkeyutl -sign -rawin -inkey "$key" -in "$work/signed" | base64url)"
printf '%s.%s\n' "$(cat "$work/signed")" "$signature"
