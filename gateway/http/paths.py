"""What a path means: people configure base URLs in many ways, and some paths hold a name. Knows no route."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from starlette.routing import compile_path

from gateway.http.middleware import HANDSHAKES_TOO, HttpMiddleware

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import Receive, Scope, Send

_ORIGIN: Final = re.compile(r"^https?://[^/]*", re.IGNORECASE)
"""What a request in absolute form has before its path (RFC 9112, 3.2.2)."""

_SLASHES: Final = re.compile(r"/{2,}")


class Paths(HttpMiddleware):
    """Takes the base URLs that people configure: slashes doubled or at the end mean nothing.

    A redirect would lose the body of the request. Lives as long as the application.
    """

    stands_before = HANDSHAKES_TOO

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = _ORIGIN.sub("", scope["path"])
        scope["path"] = _SLASHES.sub("/", path).rstrip("/") or "/"
        await self.app(scope, receive, send)


class PathSet:
    """Some paths of the table, by their templates. Lives as long as the application."""

    def __init__(self, templates: Iterable[str]) -> None:
        templates = frozenset(templates)
        self._plain = frozenset(template for template in templates if "{" not in template)
        self._patterns = [(compile_path(template)[0], template) for template in templates - self._plain]

    def __contains__(self, path: str) -> bool:
        return self.template(path) is not None

    def template(self, path: str) -> str | None:
        """The template that a path is of: its own text, where it holds no name."""
        if path in self._plain:
            return path
        return next((template for pattern, template in self._patterns if pattern.match(path)), None)
