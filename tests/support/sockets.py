"""The client's side of a WebSocket: messages of JSON out, what comes back in, with a deadline for everything."""

from __future__ import annotations

import json
import socket
import time
from base64 import b64decode
from typing import TYPE_CHECKING, Any

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Ping,
    RejectConnection,
    RejectData,
    Request,
    TextMessage,
)

from tests.support.waiting import DEADLINE_S

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from ssl import SSLContext

    from wsproto.events import Event

Json = dict[str, Any]


class Refused(Exception):
    """The handshake was answered with an error."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(f"{status}: {body.decode()}")
        self.status = status
        self.body = body


class Socket:
    """One open WebSocket. Lives as long as a test, or until it is closed."""

    def __init__(
        self,
        port: int,
        target: str,
        headers: Mapping[str, str] | None = None,
        tls: SSLContext | None = None,
        host: str = "127.0.0.1",
    ) -> None:
        self.wire = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S)
        if tls:
            self.wire = tls.wrap_socket(self.wire, server_hostname=host)
        self.closed: int | None = None
        """The code that the server has closed it with."""

        self._protocol = WSConnection(ConnectionType.CLIENT)
        self._events: list[Event] = []
        extra = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
        self.wire.sendall(self._protocol.send(Request(host=host, target=target, extra_headers=extra)))
        self._finish_handshake()

    def __enter__(self) -> Socket:
        return self

    def __exit__(self, *_: object) -> None:
        self.wire.close()

    def say(self, **fields: Any) -> None:
        """Send a message of these fields."""
        self.send(json.dumps(fields))

    def send(self, message: str | bytes) -> None:
        """Send what may be no message at all."""
        event = TextMessage(message) if isinstance(message, str) else BytesMessage(message)
        self.wire.sendall(self._protocol.send(event))

    def receive(self) -> str | bytes | None:
        """The next message; None once the server has closed."""
        parts: list[Any] = []
        while self.closed is None:
            event = self._event()
            if isinstance(event, TextMessage | BytesMessage):
                parts.append(event.data)
                if event.message_finished:
                    return "".join(parts) if isinstance(event, TextMessage) else b"".join(map(bytes, parts))
            elif isinstance(event, Ping):
                self.wire.sendall(self._protocol.send(event.response()))
            elif isinstance(event, CloseConnection):
                self.closed = event.code
        return None

    def messages(self, until: Callable[[Json], bool] = lambda _: False) -> list[Json]:
        """What comes until there is one like that, or until the server closes."""
        end, found = time.monotonic() + DEADLINE_S, []
        while (message := self.receive()) is not None:
            found.append(json.loads(message))
            if until(found[-1]):
                break
            assert time.monotonic() < end, f"still nothing of the kind: {found[-3:]}"
        return found

    def _finish_handshake(self) -> None:
        event, body = self._event(), b""
        if isinstance(event, RejectConnection):
            status, is_over = event.status_code, not event.has_body
            while not is_over:
                event = self._event()
                if isinstance(event, RejectData):
                    body, is_over = body + event.data, event.body_finished
            self.wire.close()
            raise Refused(status, body)
        assert isinstance(event, AcceptConnection), event

    def _event(self) -> Event:
        while not self._events:
            data = self.wire.recv(1 << 16)
            self._protocol.receive_data(data or None)
            self._events += self._protocol.events()
        return self._events.pop(0)


def is_final(message: Json) -> bool:
    """It ends a context, or a text."""
    return bool(message.get("isFinal"))


def audio(messages: list[Json], name: str | None = None) -> bytes:
    """All the sound of one context."""
    return b"".join(b64decode(m["audio"]) for m in messages if m.get("audio") and m.get("contextId") == name)
