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
		grep -v ^homeassistant= "$list" |
		"$python" -m uv pip install --quiet --python "$env/bin/python" --requirements - &&
		home_assistant "$list" "$env" &&
		cp "$list" "$env/installed"
}

# Only its folder for Wyoming: the whole of it wants a newer Python, and a hundred packages.
home_assistant() {
	local wanted
	wanted=$(grep ^homeassistant= "$1") || return 0
	"$python" -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
		--python-version 3.14.9 --dest "$2/wheel" "$wanted" &&
		"$2/bin/python" - "$2/wheel/"*.whl <<-'END' && rm -r "$2/wheel"
			import sys, sysconfig, zipfile
			wheel = zipfile.ZipFile(sys.argv[1])
			ours = ("homeassistant/components/wyoming/", ".dist-info/METADATA")
			wanted = [name for name in wheel.namelist() if name.startswith(ours[0]) or name.endswith(ours[1])]
			wheel.extractall(sysconfig.get_path("purelib"), wanted)
		END
}

from_npm() {
	local list=$lists/package-lock.json packages=$home/npm
	cmp -s "$list" "$packages/installed" && return
	mkdir -p "$packages" && cp "$lists"/package*.json "$packages" &&
		(cd "$packages" && PATH=$home/node/bin:$PATH npm ci --ignore-scripts --loglevel error >/dev/null) &&
		cp "$list" "$packages/installed"
}

for client in openai-1 livekit pipecat elevenlabs wyoming wyoming-1.7 litellm schemathesis; do
	from_python "$client" || echo "$0: no $client can be had; its tests are skipped" >&2 &
done
{ from_python node && from_npm; } || echo "$0: no packages for Node can be had; their tests are skipped" >&2
wait
