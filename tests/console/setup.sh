#!/usr/bin/env bash
# Prepares what tests/console needs besides the project: setup.sh [python of the environment that runs the tests].
# Chromium and Firefox come from Debian, by apt where this runs as root; axe-core and what drives Firefox by npm, into
# console/ of that environment. What cannot be had is said, and the tests that need it are skipped and say so too.
set -uo pipefail
lists=$(cd "$(dirname "$0")" && pwd)
python=${1:-.venv/bin/python}
home=$("$python" -c 'import sys; print(sys.prefix)')/console || exit 1

from_debian() {
	command -v "$1" >/dev/null && return
	[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null &&
		DEBIAN_FRONTEND=noninteractive apt-get -qq update >/dev/null &&
		DEBIAN_FRONTEND=noninteractive apt-get -qq --yes --no-install-recommends install "$1" >/dev/null
}

from_npm() {
	cmp -s "$lists/package-lock.json" "$home/installed" && return
	mkdir -p "$home" && cp "$lists"/package*.json "$home" &&
		(cd "$home" && npm ci --ignore-scripts --loglevel error >/dev/null) &&
		cp "$lists/package-lock.json" "$home/installed"
}

from_debian chromium || echo "$0: no chromium can be had; the tests of the console are skipped" >&2
from_debian firefox-esr || echo "$0: no firefox-esr can be had; the test with it is skipped" >&2
from_npm || echo "$0: no axe-core and puppeteer-core can be had; the tests of access and with Firefox are skipped" >&2
