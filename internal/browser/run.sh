#!/usr/bin/env bash
# Checks in a real browser that the quickstart notebook works in JupyterLab, and that exported pages show all without a network:
# internal/browser/run.sh [PAGE.html...]; without an argument, what .ci/run or the README's first command left in output/.
# SCREENSHOTS names a folder for pictures of what was seen.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
here=internal/browser

die() {
	echo "internal/browser: $*" >&2
	exit 1
}

browser() { command -v "${CHROMIUM:-chromium}" chromium-browser google-chrome >/dev/null; }
if ! browser; then
	[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || die "no browser: install Chromium, or let CHROMIUM name one"
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null || die "chromium cannot be installed"
fi
command -v npm >/dev/null || die "npm is missing: install Node.js 20 or newer"

# npm writes this list last, so it stands for a whole installation.
installed=$here/node_modules/.package-lock.json
if ! [ "$installed" -nt $here/package-lock.json ]; then
	npm ci --prefix $here --no-audit --no-fund --loglevel=error
fi

mkdir -p bin output
go build -o bin/gomtl ./cmd/gomtl
bin/gomtl setup
node $here/lab.mjs bin/gomtl notebooks/quickstart.ipynb output ${SCREENSHOTS:+"$SCREENSHOTS"}

shopt -s nullglob globstar
[ $# -gt 0 ] || set -- output/**/quickstart.html
if [ $# -gt 0 ]; then
	node $here/page.mjs ${SCREENSHOTS:+--screenshots "$SCREENSHOTS"} "$@"
else
	echo "no exported page in output/: go run ./cmd/gomtl run notebooks/quickstart.ipynb makes one"
fi
