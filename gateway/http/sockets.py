"""The sockets' door: a handshake becomes a conversation. Knows queries and codes; knows no message.

What is wrong before the upgrade is told as over HTTP; what comes later, by the protocol of the conversation.
"""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from math import isnan
from typing import TYPE_CHECKING, Any, Final

from starlette.websockets import WebSocketDisconnect

from gateway.http.deepgram import SocketQuery
from gateway.http.elevenlabs_errors import word_for
from gateway.http.error_statuses import status_of
from gateway.speech.elevenlabs_names import SOCKET_FORMATS
from gateway.speech.elevenlabs_order import Wish
from gateway.talk.conversation import INACTIVITY_S
from gateway.talk.deepgram import DeepgramSpeak
from gateway.talk.elevenlabs import MultiStream, SingleStream
from gateway.talk.errors import BadMessage, MessageTooLong
from gateway.talk.host import Told

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.websockets import WebSocket

    from gateway.talk.conversation import Conversation

MESSAGE_BYTES: Final = 64 << 10
"""Most bytes of one message."""

SHORTEST_INACTIVITY_S: Final = 1.0
LONGEST_INACTIVITY_S: Final = 180.0
_DEEPGRAM_INACTIVITY_S: Final = 4000.0
"""LiveKit keeps a socket for an hour, and takes one that was closed meanwhile for a fault."""


class SocketWire:
    """The messages of one WebSocket. Lives as long as that is open."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket

    async def receive(self) -> str | None:
        """See `Wire.receive`."""
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            return None
        text = message.get("text")
        if text is None:
            raise BadMessage("Messages are text; this one is binary.")
        if len(text) > MESSAGE_BYTES or len(text.encode()) > MESSAGE_BYTES:
            raise MessageTooLong(f"A message has at most {MESSAGE_BYTES} bytes.")
        return str(text)

    async def send(self, message: str | bytes) -> None:
        """See `Wire.send`."""
        try:
            if isinstance(message, str):
                await self._websocket.send_text(message)
            else:
                await self._websocket.send_bytes(message)
        except WebSocketDisconnect as gone:
            raise ConnectionResetError from gone


async def multi_stream_input(websocket: WebSocket) -> None:
    """The turns of a conversation, for ElevenLabs' clients."""
    await _elevenlabs(websocket, MultiStream)


async def stream_input(websocket: WebSocket) -> None:
    """One text, for ElevenLabs' clients."""
    await _elevenlabs(websocket, SingleStream)


async def _elevenlabs(websocket: WebSocket, kind: type[MultiStream | SingleStream]) -> None:
    query, state = websocket.query_params, websocket.state
    wish = Wish.of(
        websocket.path_params["voice"],
        query.get("output_format", ""),
        query.get("language_code", ""),
        speed=None,
        formats=SOCKET_FORMATS,
    )
    wish.order_without_text(state.host.catalogue)  # a voice that is unknown is refused before the upgrade
    await _converse(
        websocket,
        partial(
            kind,
            wish,
            is_auto=query.get("auto_mode", "").lower() == "true",
            is_synced=query.get("sync_alignment", "").lower() == "true",
            inactivity_s=_inactivity_s(query.get("inactivity_timeout", "")),
        ),
    )


async def deepgram_speak(websocket: WebSocket) -> None:
    """One text after the other, for Deepgram's clients."""
    order = SocketQuery.read(websocket).order_without_text(websocket.state.host)
    await _converse(websocket, partial(DeepgramSpeak, order, inactivity_s=_DEEPGRAM_INACTIVITY_S))


async def _converse(websocket: WebSocket, conversation: Callable[..., Conversation[str, Any]]) -> None:
    state, record = websocket.state, websocket.state.record
    with ExitStack() as held:

        def show_key(given: tuple[str, ...]) -> int:
            number: int = state.show_key(given)
            record.known_by(number)
            held.enter_context(state.hold_key(number))
            return number

        await websocket.accept()
        code = await conversation(
            host=state.host,
            wire=SocketWire(websocket),
            path=websocket.scope["route"].path,
            request_id=record.request_id,
            key=record.key,
            **({"show_key": show_key} if state.show_key else {}),
        ).run()
    record.sent_whole()
    if code is not None:
        await websocket.close(code)


def _inactivity_s(given: str) -> float:
    try:
        asked_s = float(given)
    except ValueError:
        return INACTIVITY_S
    return INACTIVITY_S if isnan(asked_s) else min(max(asked_s, SHORTEST_INACTIVITY_S), LONGEST_INACTIVITY_S)


def tell(error: Exception) -> Told:
    """How an error is told on a socket."""
    row = status_of(error)
    return Told(word_for(error), row.told(error), row.outcome)
