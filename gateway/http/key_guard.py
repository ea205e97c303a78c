"""Who is let in: whoever has a key, with requests and WebSockets alike. Knows headers only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.datastructures import Headers

from gateway.http.middleware import HANDSHAKES_TOO, HttpMiddleware
from gateway.http.request_errors import MissingKey, WrongKey

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import ASGIApp, Receive, Scope, Send

    from gateway.http.paths import PathSet
    from gateway.keys import Keys

NO_KEY: Final = (
    "You didn't provide an API key. Send it in an Authorization header using Bearer auth "
    "(i.e. Authorization: Bearer YOUR_KEY)."
)


class KeyGuard(HttpMiddleware):
    """Lets in who has one of the keys; without any, everybody. Lives as long as the application.

    At `late_paths` the key may come with the first message: pages cannot set the headers of a handshake.
    """

    stands_before = HANDSHAKES_TOO

    def __init__(self, app: ASGIApp, keys: Keys, open_paths: PathSet, late_paths: PathSet) -> None:
        super().__init__(app)
        self.open_paths = open_paths
        self._late_paths = late_paths
        self._keys = keys

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = [key.encode("latin-1") for key in given_keys(Headers(scope=scope))]
        scope["state"]["show_key"] = None
        if self._keys and scope["path"] not in self.open_paths:
            if scope["path"] in self._late_paths and not given:
                scope["state"]["show_key"] = self._shown
            else:
                scope["state"]["record"].known_by(self._number(given))
        await self.app(scope, receive, send)

    def _shown(self, given: Iterable[str]) -> int:
        return self._number([key.encode(errors="replace") for key in given])

    def _number(self, given: list[bytes]) -> int:
        """Which key the client has, counted from 1."""
        if not given:
            raise MissingKey(NO_KEY, headers={"www-authenticate": "Bearer"})
        number = self._keys.number(given)
        if number is None:
            raise WrongKey("Incorrect API key provided.", headers={"www-authenticate": "Bearer"})
        return number


def is_stranger(scope: Scope) -> bool:
    """True while a socket may still show its key, and has not."""
    state = scope.get("state", {})
    return bool(state.get("show_key")) and state["record"].key is None


def given_keys(headers: Headers) -> list[str]:
    """Whatever a client sent as its key, in any of the headers that clients use."""
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    named = bearer if scheme.lower() in {"bearer", "token"} else ""
    keys = (named, *(headers.get(name, "") for name in ("api-key", "x-api-key", "xi-api-key")))
    return [key.strip() for key in keys if key.strip()]
