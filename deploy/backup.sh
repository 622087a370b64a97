#!/bin/sh
# Copies the append-only files of a Redis or Valkey (>= 7) that goes on working: docs/backup.md.
#   deploy/backup.sh <its data directory> <a directory that does not exist yet>
# REDIS_CLI says how the server is reached: "redis-cli -h redis.internal", "valkey-cli -s /run/valkey.sock". A password
# belongs in REDISCLI_AUTH. What was acknowledged before this was called is in the copy; it ends with 0 or leaves none.
set -eu

fail() {
  echo "backup: $*" >&2
  exit 1
}

[ $# -eq 2 ] || fail "expected a data directory and a target, got $# words; deploy/backup.sh /var/lib/redis /backup/today"
cli=${REDIS_CLI:-redis-cli}
target=$2
[ ! -e "$target" ] || fail "expected a target that does not exist yet, got $target; name another"

# $cli stays without quotes: its words are words.
setting() {
  $cli --raw config get "$1" | tail -n 1
}
ask() {
  answer=$($cli --raw "$@") && [ "$answer" = OK ] || fail "expected OK from $*, got ${answer:-nothing}"
}

pong=$($cli --raw ping) || true
[ "$pong" = PONG ] || fail "expected PONG of a server, got ${pong:-nothing}; set REDIS_CLI, and REDISCLI_AUTH for a password"
aof=$(setting appendonly)
[ "$aof" = yes ] || fail "expected a server with appendonly yes, got \"$aof\"; save a snapshot instead: docs/backup.md"
source=$1/$(setting appenddirname)
[ -d "$source" ] || fail "expected the append-only files in $source, got no such directory; name the server's own dir"

# A rewrite would replace files while they are copied. However this ends, rewrites are allowed again.
percentage=$(setting auto-aof-rewrite-percentage)
partial=$target.partial
trap 'ask config set auto-aof-rewrite-percentage "$percentage"; rm -rf "$partial"' EXIT
trap 'exit 1' HUP INT TERM
ask config set auto-aof-rewrite-percentage 0
while $cli --raw info persistence | grep -Eq '^aof_rewrite_(in_progress|scheduled):1'; do sleep 1; done
# With appendfsync everysec the server may keep what it has acknowledged from the file for two seconds.
sleep 3

mkdir -p "$partial"
cp -R "$source" "$partial/"
# Somebody who called BGREWRITEAOF meanwhile has taken files away.
for manifest in "$source"/*.manifest; do
  cmp -s "$manifest" "$partial/$(basename "$source")/$(basename "$manifest")" ||
    fail "expected the same files after the copy, got a rewrite meanwhile; begin again"
done
mv "$partial" "$target"
echo "saved $source to $target; keep HOOKWAVE_ENCRYPTION_KEY with it, in another place"
