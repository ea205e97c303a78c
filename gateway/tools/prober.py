"""Asks /health ten times a second, each on a new connection, until standard input ends; then prints the seconds.

A program of its own: in the process that also makes the load, its event loop would be timed too.
"""

from __future__ import annotations

import http.client
import json
import select
import sys
import time
from typing import Final
from urllib.parse import urlsplit

_EVERY_S: Final = 0.1
_LOST_S: Final = 30.0


def probe(host: str, port: int) -> float:
    """Seconds from connecting to the whole answer; `_LOST_S` when none came, or another than 200."""
    began = time.perf_counter()
    connection = http.client.HTTPConnection(host, port, timeout=_LOST_S)
    try:
        connection.request("GET", "/health", headers={"Connection": "close"})
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        return _LOST_S
    finally:
        connection.close()
    return time.perf_counter() - began if answer.status == http.client.OK else _LOST_S


def main() -> None:
    """Probe the server at the URL that is given."""
    target = urlsplit(sys.argv[1])
    seconds = []
    while not select.select([sys.stdin], [], [], _EVERY_S)[0]:
        seconds.append(probe(target.hostname or "127.0.0.1", target.port or 80))
    sys.stdout.write(json.dumps(seconds))


if __name__ == "__main__":
    main()
