#!/usr/bin/env bash
# Prepares the clients that tests/clients runs: setup.sh [python of the environment that runs the tests].
# Each gets an environment of its own, in clients/ of that one, so that none is a dependency of the project. A client
# that cannot be had is said and left out; its tests are skipped then, and say so too.
set -uo pipefail
lists=$(cd "$(dirname "$0")" && pwd)
python=${1:-.venv/bin/python}
home=$("$python" -c 'import sys; print(sys.prefix)')/clients || exit 1

# What is whole holds a copy of the list it was made from.
from_python() {
	local list=$lists/requirements-$1.txt env=$home/$1
	cmp -s "$list" "$env/installed" && return
	"$python" -m uv venv --quiet --clear --python "$python" "$env" &&
		"$python" -m uv pip install --quiet --python "$env/bin/python" --requirements "$list" &&
		cp "$list" "$env/installed"
}

from_npm() {
	local list=$lists/package-lock.json packages=$home/npm
	cmp -s "$list" "$packages/installed" && return
	mkdir -p "$packages" && cp "$lists"/package*.json "$packages" &&
		(cd "$packages" && PATH=$home/node/bin:$PATH npm ci --ignore-scripts --loglevel error >/dev/null) &&
		cp "$list" "$packages/installed"
}

for client in openai-1 livekit pipecat elevenlabs wyoming litellm schemathesis; do
	from_python "$client" || echo "$0: no $client can be had; its tests are skipped" >&2 &
done
{ from_python node && from_npm; } || echo "$0: no packages for Node can be had; their tests are skipped" >&2
wait
