#!/bin/sh
# Builds dist and the receiver kit where they are missing or older than what they are made from. It also is npm's
# `prepare`, which `npx hookwave` runs in a clone: a build that is whole must not be taken away from whoever uses it.
set -eu
cd "$(dirname "$0")/.."
[ -x dist/main.js ] && [ -f clients/receiver/dist/package.json ] &&
  [ -z "$(find src scripts clients/receiver -path clients/receiver/dist -prune -o -type f -newer dist/main.js -print | head -n 1)" ] &&
  exit 0
exec npm run --silent build
