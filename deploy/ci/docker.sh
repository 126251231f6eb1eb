#!/usr/bin/env bash
# Gives a machine what docker-compose.yml needs: an engine (Debian's docker.io), running, and compose v2 as the client's
# plugin (built once from its pinned Go module). Does nothing where they are there. As root, on Debian and its kin.
#   deploy/ci/docker.sh          prints what it did; exit code 1 with the reason when there is no way
# The pid of an engine that it started is in /run/faultline-dockerd.pid.
set -euo pipefail
# never that of an engine which ended long ago
rm -f /run/faultline-dockerd.pid
root="$(cd "$(dirname "$0")/../.." && pwd)"
pidfile=/run/faultline-dockerd.pid

fail() { echo "no Docker here: $1" >&2; exit 1; }

if ! command -v dockerd > /dev/null || ! command -v docker > /dev/null; then
  [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null || fail "install Docker (Debian: apt-get install docker.io)"
  echo "installing docker.io"
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    docker.io iptables; } > /dev/null 2>&1 || fail "apt-get install docker.io failed"
fi

if ! docker info > /dev/null 2>&1; then
  [ "$(id -u)" = 0 ] || fail "the engine does not run, and only root can start it"
  # One that was killed leaves these behind (itself too, as a zombie, for a while); the next would take whatever process
  # has that number by then for it.
  if ! pgrep --runstates DRS --exact dockerd > /dev/null; then
    rm -f /run/docker.pid /run/docker/containerd/containerd.{pid,sock,sock.ttrpc}
  fi
  echo "starting dockerd (log: /var/log/faultline-dockerd.log)"
  nohup dockerd > /var/log/faultline-dockerd.log 2>&1 &
  echo $! > "$pidfile"
  for _ in $(seq 120); do
    docker info > /dev/null 2>&1 && break
    kill -0 "$(cat "$pidfile")" 2> /dev/null || fail "dockerd ended: $(tail -n 3 /var/log/faultline-dockerd.log)"
    sleep 0.5
  done
  docker info > /dev/null 2>&1 || fail "dockerd does not answer after a minute"
fi

if ! docker compose version > /dev/null 2>&1; then
  echo "building compose v2"
  plugin="$(cd "$root" && npx node deploy/ci/compose-plugin.ts)" || fail "compose v2 could not be built"
  plugins="${DOCKER_CONFIG:-$HOME/.docker}/cli-plugins"
  mkdir -p "$plugins"
  ln -sf "$plugin" "$plugins/docker-compose"
fi
docker compose version
