#!/bin/sh
# Makes a fresh clone runnable with nothing but npm: dependencies (which bring the right Node) and a Redis.
# Idempotent; takes well under a second when there is nothing to do. It never starts or stops a service.
set -eu
cd "$(dirname "$0")/.."

say() { printf 'bootstrap: %s\n' "$1" >&2; }

install_dependencies() {
  stamp=node_modules/.hookwave-lock
  wanted=$(cksum <package-lock.json)
  if [ -x node_modules/.bin/node ]; then
    [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && return 0
    # Done by hand: what npm has written about it is younger than what it was to install.
    if [ -n "$(find node_modules/.package-lock.json -newer package-lock.json 2>/dev/null)" ]; then
      printf '%s\n' "$wanted" >"$stamp"
      return 0
    fi
  fi
  say 'installing dependencies (npm ci), once; takes up to a minute'
  if ! npm_ci; then
    say 'npm ci failed: see above; is the npm registry reachable?'
    exit 1
  fi
  printf '%s\n' "$wanted" >"$stamp"
}

# With npm's own progress where a person looks; elsewhere only its first lines, and only where it fails.
npm_ci() {
  if [ -t 2 ]; then
    npm ci --no-audit --no-fund --loglevel=error --progress >&2
    return
  fi
  log=$(mktemp)
  npm ci --no-audit --no-fund --loglevel=error >"$log" 2>&1 && rm -f "$log" && return 0
  head -n 20 "$log" >&2
  rm -f "$log"
  return 1
}

have_redis() {
  command -v redis-server >/dev/null 2>&1 || command -v valkey-server >/dev/null 2>&1
}

# Only where it can be done without asking anyone: as root, with sudo that needs no password, or with Homebrew.
install_redis() {
  have_redis && return 0
  as_root=''
  if [ "$(id -u)" -ne 0 ]; then
    if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then as_root='sudo -n'; else as_root='no'; fi
  fi
  say 'no redis-server or valkey-server on PATH: installing one'
  if [ "$as_root" != 'no' ] && command -v apt-get >/dev/null 2>&1; then
    # policy-rc.d is Debian's own way to say "install, but start nothing": we run our own, private server.
    $as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 sh -c \
      'apt-get update -qq && apt-get install -y -qq --no-install-recommends redis-server' >/dev/null 2>&1 || true
  elif [ "$as_root" != 'no' ] && command -v apk >/dev/null 2>&1; then
    $as_root apk add --quiet redis >/dev/null 2>&1 || true
  elif [ "$as_root" != 'no' ] && command -v dnf >/dev/null 2>&1; then
    $as_root dnf install -y -q valkey >/dev/null 2>&1 || $as_root dnf install -y -q redis >/dev/null 2>&1 || true
  elif command -v brew >/dev/null 2>&1; then
    brew install --quiet redis >/dev/null 2>&1 || true
  fi
  have_redis && return 0
  say 'expected redis-server or valkey-server on PATH, got neither, and could not install one.'
  say 'Either install one ("apt-get install redis-server", "brew install redis", "dnf install valkey"),'
  say 'or point REDIS_URL at a server you have (redis://host:6379); npm test and the demo need the first.'
  [ -n "${REDIS_URL:-}" ] || exit 1
}

install_dependencies
sh scripts/build-if-stale.sh
install_redis
