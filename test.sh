#!/bin/sh
# Installs the XLA plugin where there is none, then vets and tests everything on XLA and on the pure-Go backend.
# Arguments go to `go test`: ./test.sh -v -run Resume
set -eu
cd "$(dirname "$0")"
export GOMTL_REQUIRE_XLA=1 # without XLA this fails, instead of testing less
go run ./internal/plugin
go vet ./...
go test "$@" ./...
