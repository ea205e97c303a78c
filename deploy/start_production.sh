#!/usr/bin/env bash
# Checks this machine and becomes the gateway (by exec, so that signals reach it).
# It stops, restarts and kills nothing: a port that is taken is an error, whoever holds it.
#
#   deploy/start_production.sh [OPTIONS OF kokoro-gateway serve]
#
# Standard output is the JSON log. Exit code 3: it cannot start, and trying again will not help.
set -euo pipefail
readonly CANNOT_START=3
home=$(cd "$(dirname "$0")/.." && pwd)

main() {
    local gateway
    gateway=$(find_gateway)
    read_settings "$home/deploy/production.env"
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

main "$@"
