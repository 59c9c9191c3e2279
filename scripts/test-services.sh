#!/usr/bin/env bash
# PostgreSQL and Redis for the tests: `start FOLDER` prints the lines that export their URLs, `stop FOLDER` ends what that started.
# Debian's packages are installed where they are missing and this is root, or CI with sudo; elsewhere what is there is used, and what is
# not is said.
# Each runs on a free port with its files in FOLDER; whatever runs on this machine already is left alone.
set -uo pipefail

say() { echo "test-services: $*" >&2; }

free_port() {
  node -e 'const s = require("node:net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close() })'
}

# PostgreSQL refuses to run as root.
as_postgres() {
  if [ "$(id -u)" -eq 0 ]; then su postgres -s /bin/sh -c "$*"; else sh -c "$*"; fi
}

postgres_bin() {
  local folder
  for folder in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -rV) "$(dirname "$(command -v initdb 2>/dev/null || echo /nowhere/initdb)")"; do
    if [ -x "$folder/initdb" ] && [ -x "$folder/pg_ctl" ]; then echo "$folder"; return; fi
  done
}

install_missing() {
  local packages=()
  [ -n "$(postgres_bin)" ] || packages+=(postgresql)
  command -v redis-server >/dev/null || packages+=(redis-server)
  [ "${#packages[@]}" -gt 0 ] || return 0
  local root=()
  if [ "$(id -u)" -ne 0 ] && [ -n "${CI:-}" ] && sudo -n true 2>/dev/null; then root=(sudo -n --preserve-env=DEBIAN_FRONTEND,RUNLEVEL); fi
  if { [ "$(id -u)" -ne 0 ] && [ "${#root[@]}" -eq 0 ]; } || ! command -v apt-get >/dev/null; then
    say "${packages[*]} not found, and apt-get cannot be used here; the tests that need them are left out"
    return 0
  fi
  say "installing ${packages[*]}"
  # Their services must not start: the tests run their own.
  export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
  { ${root[@]+"${root[@]}"} apt-get update -q && ${root[@]+"${root[@]}"} apt-get install -q -y --no-install-recommends "${packages[@]}"; } >"$folder/apt.log" 2>&1 ||
    say "apt-get failed ($(tail -n 1 "$folder/apt.log")); the tests that need them are left out"
}

start_postgres() {
  local bin port data="$folder/postgres"
  bin=$(postgres_bin)
  [ -n "$bin" ] || return 0
  port=$(free_port)
  mkdir -p "$data"
  [ "$(id -u)" -ne 0 ] || chown postgres "$data"
  as_postgres "'$bin/initdb' -D '$data' -U signalbox -A trust -E UTF8 --no-locale --no-sync" >"$folder/initdb.log" 2>&1 &&
    as_postgres "'$bin/pg_ctl' -D '$data' -w -l '$data/server.log' -o \"-p $port -k '$data' -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=300\" start" >>"$folder/initdb.log" 2>&1 ||
    { say "PostgreSQL did not start: $(tail -n 1 "$folder/initdb.log"); its tests are left out"; return 0; }
  echo "export SIGNALBOX_TEST_POSTGRES_BIN='$bin'"
  echo "export SIGNALBOX_TEST_POSTGRES_URL='postgres://signalbox@127.0.0.1:$port/postgres'"
}

start_redis() {
  local port
  command -v redis-server >/dev/null || return 0
  port=$(free_port)
  mkdir -p "$folder/redis"
  redis-server --port "$port" --bind 127.0.0.1 --dir "$folder/redis" --save '' --appendonly no --daemonize yes \
    --pidfile "$folder/redis/redis.pid" --logfile "$folder/redis/server.log" >&2 || { say "Redis did not start; its tests are left out"; return 0; }
  echo "export SIGNALBOX_TEST_REDIS_URL='redis://127.0.0.1:$port'"
}

stop() {
  local pid
  for pid in "$folder/postgres/postmaster.pid" "$folder/redis/redis.pid"; do
    # The first line is the process; SIGINT is PostgreSQL's fast shutdown, and Redis ends on it too.
    if [ -s "$pid" ]; then kill -INT "$(head -n 1 "$pid")" 2>/dev/null; fi
  done
  for _ in $(seq 50); do
    [ -e "$folder/postgres/postmaster.pid" ] || [ -e "$folder/redis/redis.pid" ] || break
    sleep 0.1
  done
}

command=${1:-}
folder=${2:-}
if [ -z "$folder" ]; then
  say 'usage: test-services.sh start|stop FOLDER'
  exit 2
fi
case "$command" in
  start)
    mkdir -p "$folder"
    # Other users must get through to their own part of it.
    chmod 755 "$folder"
    install_missing
    start_postgres
    start_redis
    ;;
  stop) stop ;;
  *)
    say 'usage: test-services.sh start|stop FOLDER'
    exit 2
    ;;
esac
