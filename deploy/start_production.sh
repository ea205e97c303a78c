#!/usr/bin/env bash
# Checks this machine, raises the file limit and becomes the gateway (by exec, so that signals reach it).
# It stops, restarts and kills nothing: a port that is taken is an error, whoever holds it.
#
#   deploy/start_production.sh [OPTIONS OF kokoro-gateway serve]
#
# Standard output is the JSON log. Exit code 3: it cannot start, and trying again will not help.
set -euo pipefail
readonly CANNOT_START=3 OPEN_FILES=65536 FEW_FILES=4096
home=$(cd "$(dirname "$0")/.." && pwd)

main() {
    local gateway
    gateway=$(find_gateway)
    read_settings "$home/deploy/production.env"
    raise_open_files
    ulimit -c 0 # a core file would hold the text of requests
    "$gateway" models fetch "$@" >&2 || exit $CANNOT_START
    "$gateway" doctor "$@" >&2 || exit $CANNOT_START
    exec "$gateway" serve "$@"
}

find_gateway() {
    local own=$home/.venv/bin/kokoro-gateway
    if [ -x "$own" ]; then
        echo "$own"
    elif ! command -v kokoro-gateway; then
        echo "kokoro-gateway is not installed: see deploy/README.md" >&2
        exit $CANNOT_START
    fi
}

# Sets what the environment does not set already.
read_settings() {
    local name value
    while IFS='=' read -r name value; do
        case $name in
            KOKORO_*) if [ -z "${!name+set}" ]; then export "$name=$value"; fi ;;
        esac
    done < "$1"
}

# A connection is a file: the usual soft limit of 1024 would refuse clients long before the queue does.
raise_open_files() {
    local hard soft wanted=$OPEN_FILES
    hard=$(ulimit -H -n)
    soft=$(ulimit -S -n)
    [ "$soft" != unlimited ] || return 0
    if [ "$hard" != unlimited ] && [ "$hard" -lt "$wanted" ]; then wanted=$hard; fi
    if [ "$soft" -lt "$wanted" ]; then ulimit -S -n "$wanted" || true; fi
    soft=$(ulimit -S -n)
    if [ "$soft" -lt $FEW_FILES ]; then
        echo "only $soft open files are allowed; raise the hard limit to $OPEN_FILES" >&2
    fi
}

main "$@"
