#!/usr/bin/env bash
# Renews the pinned modules (go.mod, go.sum) of one tool:
#   tools/refresh-pins.sh toxiproxy|nats|caddy|compose|prometheus|loki|k6|ocb VERSION    e.g. prometheus v0.316.0
#   tools/refresh-pins.sh collector                                   after a change of collector/manifest.yaml
# The versions in packages/toolchain/src/table.ts follow by hand; a unit test compares them.
#
# Each operating system and processor that the kit supports is resolved, so that go.sum holds what any
# of them needs. `go mod tidy` would ignore the build tags and ask for the service discovery modules
# that the kit leaves out, some of which the module proxy no longer serves.
set -euo pipefail
tool="${1:?usage: tools/refresh-pins.sh TOOL [VERSION]}"
root="$(cd "$(dirname "$0")/.." && pwd)"
export GOFLAGS=-mod=mod GOTOOLCHAIN=local GOWORK=off CGO_ENABLED=0

if [ "$tool" = collector ]; then
  work="$(mktemp -d)"
  trap 'rm -rf "$work"' EXIT
  go -C "$root/tools/ocb" build -mod=readonly -o "$work/ocb" go.opentelemetry.io/collector/cmd/builder
  cd "$work"
  # The builder resolves the modules itself, for all platforms.
  ./ocb --config "$root/collector/manifest.yaml" --skip-compilation
  cp generated/go.mod generated/go.sum "$root/tools/collector/"
  exit
fi

version="${2:?the version to pin, such as v1.2.3}"
tags=
case "$tool" in
  toxiproxy) module=github.com/Shopify/toxiproxy/v2 packages=(cmd/server) ;;
  nats) module=github.com/nats-io/nats-server/v2 packages=(.) ;;
  caddy) module=github.com/caddyserver/caddy/v2 packages=(cmd/caddy) ;;
  compose) module=github.com/docker/compose/v2 packages=(cmd) ;;
  prometheus) module=github.com/prometheus/prometheus packages=(cmd/prometheus cmd/promtool) tags=remove_all_sd ;;
  loki) module=github.com/grafana/loki/v3 packages=(cmd/loki) ;;
  k6) module=go.k6.io/k6 packages=(.) ;;
  ocb) module=go.opentelemetry.io/collector/cmd/builder packages=(.) ;;
  *) echo "no such tool: $tool" >&2; exit 2 ;;
esac

cd "$root/tools/$tool"
go get "$module@$version"
for target in linux/amd64 linux/arm64 darwin/amd64 darwin/arm64; do
  GOOS="${target%/*}" GOARCH="${target#*/}" go list -deps -tags "$tags" "${packages[@]/#/$module/}" > /dev/null
done
