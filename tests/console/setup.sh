#!/usr/bin/env bash
# Prepares what tests/console needs besides the project: setup.sh [python of the environment that runs the tests].
# Chromium comes from Debian, by apt where this runs as root; axe-core by npm, into console/ of that environment. What
# cannot be had is said, and the tests that need it are skipped and say so too.
set -uo pipefail
lists=$(cd "$(dirname "$0")" && pwd)
python=${1:-.venv/bin/python}
home=$("$python" -c 'import sys; print(sys.prefix)')/console || exit 1

chromium() {
	command -v chromium >/dev/null && return
	[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null &&
		DEBIAN_FRONTEND=noninteractive apt-get -qq update >/dev/null &&
		DEBIAN_FRONTEND=noninteractive apt-get -qq --yes --no-install-recommends install chromium >/dev/null
}

axe() {
	cmp -s "$lists/package-lock.json" "$home/installed" && return
	mkdir -p "$home" && cp "$lists"/package*.json "$home" &&
		(cd "$home" && npm ci --ignore-scripts --loglevel error >/dev/null) &&
		cp "$lists/package-lock.json" "$home/installed"
}

chromium || echo "$0: no chromium can be had; the tests of the console are skipped" >&2
axe || echo "$0: no axe-core can be had; the test of access is skipped" >&2
