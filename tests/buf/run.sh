#!/usr/bin/env bash
# The API's files pass buf's linter and formatter. Installs buf into a folder of its own; needs no network after that.
set -euo pipefail
cd "$(dirname "$0")/../.."

version=1.75.0
folder="${STEPPE_CACHE:-$HOME/.cache/steppe}/buf"
buf="$folder/node_modules/.bin/buf"
export BUF_CACHE_DIR="$folder/cache"
if [[ "$("$buf" --version 2>/dev/null || true)" != "$version" ]]; then
    npm install --prefix "$folder" --silent --no-fund --no-audit --no-save "@bufbuild/buf@$version"
fi
"$buf" lint
"$buf" format --diff --exit-code
echo "buf: the files of proto/ pass"
