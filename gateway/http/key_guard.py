"""Who is let in: whoever has a key, with requests and WebSockets alike. Knows headers only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.datastructures import Headers

from gateway.http.middleware import HANDSHAKES_TOO, HttpMiddleware
from gateway.http.request_errors import MissingKey, WrongKey

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from gateway.http.paths import PathSet
    from gateway.keys import Keys

NO_KEY: Final = (
    "You didn't provide an API key. Send it in an Authorization header using Bearer auth "
    "(i.e. Authorization: Bearer YOUR_KEY)."
)


class KeyGuard(HttpMiddleware):
    """Lets in who has one of the keys; without any, everybody. Lives as long as the application."""

    stands_before = HANDSHAKES_TOO

    def __init__(self, app: ASGIApp, keys: Keys, open_paths: PathSet) -> None:
        super().__init__(app)
        self.open_paths = open_paths
        self._keys = keys

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._keys and scope["path"] not in self.open_paths:
            scope["state"]["record"].known_by(self._number(Headers(scope=scope)))
        await self.app(scope, receive, send)

    def _number(self, headers: Headers) -> int:
        """Which key the client has, counted from 1."""
        given = [key.encode("latin-1") for key in given_keys(headers)]
        if not given:
            raise MissingKey(NO_KEY, headers={"www-authenticate": "Bearer"})
        number = self._keys.number(given)
        if number is None:
            raise WrongKey("Incorrect API key provided.", headers={"www-authenticate": "Bearer"})
        return number


def given_keys(headers: Headers) -> list[str]:
    """Whatever a client sent as its key, in any of the headers that clients use."""
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    named = bearer if scheme.lower() in {"bearer", "token"} else ""
    keys = (named, *(headers.get(name, "") for name in ("api-key", "x-api-key", "xi-api-key")))
    return [key.strip() for key in keys if key.strip()]
