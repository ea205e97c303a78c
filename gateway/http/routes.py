"""What is at which path: the one table that routes, keys, pages, the log, the figures and the document follow.

Knows handlers and shapes; knows nothing of how any of them works.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.routing import BaseRoute, Route, WebSocketRoute

from gateway.http import elevenlabs_handlers as elevenlabs
from gateway.http import handlers, sockets
from gateway.http.captions_schema import CaptionedSpeech, CaptionedSpeechBody, Captions, CaptionsBody
from gateway.http.deepgram import SpeakBody, deepgram_speak_text
from gateway.http.elevenlabs_errors import DetailEnvelope
from gateway.http.elevenlabs_schema import TextToSpeechBody, TimedAudio
from gateway.http.endpoint import Endpoint
from gateway.http.parameters import (
    DEEPGRAM,
    DEEPGRAM_SOCKET,
    ELEVENLABS_SOCKET,
    LEGACY,
    MODEL_NAME,
    OUTPUT_FORMAT,
    VOICE,
)
from gateway.http.paths import PathSet
from gateway.http.reply_schema import AudioModelList, Health, Model, ModelList, VoiceList, VoiceNames
from gateway.http.schema import SpeechBody
from gateway.http.socket_schema import (
    MultiStreamError,
    MultiStreamMessage,
    MultiStreamSound,
    SpeakDone,
    SpeakError,
    SpeakMessage,
    SpeakMetadata,
    StreamError,
    StreamMessage,
    StreamSound,
)
from gateway.observe.status import Status
from gateway.talk.conversation import MOST_CONTEXTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def _both(path: str) -> tuple[str, str]:
    """People configure base URLs with /v1 and without it."""
    return f"/v1{path}", path


_OF_SPEECH: Final = (400, 404, 408, 413, 500, 503)
"""Statuses of what can go wrong where a text is spoken."""

ENDPOINTS: Final = (
    Endpoint(
        handlers.speak,
        _both("/audio/speech"),
        "Speak a text",
        method="POST",
        needs_key=True,
        takes=SpeechBody,
        errors=_OF_SPEECH,
        has_events=True,
        is_counted=True,
    ),
    *(
        Endpoint(
            handler,
            _both(f"/text-to-speech/{{voice}}{end}"),
            summary,
            method="POST",
            needs_key=True,
            takes=TextToSpeechBody,
            replies=replies,
            errors=_OF_SPEECH,
            envelope=DetailEnvelope,
            parameters=(VOICE, OUTPUT_FORMAT),
            is_counted=True,
        )
        for end, handler, replies, summary in (
            ("", elevenlabs.text_to_speech, (), "Speak a text, for ElevenLabs' clients"),
            ("/stream", elevenlabs.stream_text_to_speech, (), "The same, for those that play it as it comes"),
            (
                "/with-timestamps",
                elevenlabs.text_to_speech_with_timestamps,
                (TimedAudio,),
                "Speak a text, and tell when each character is heard",
            ),
            (
                "/stream/with-timestamps",
                elevenlabs.stream_text_to_speech_with_timestamps,
                (TimedAudio,),
                "The same as it is made: an object on each line",
            ),
        )
    ),
    *(
        Endpoint(
            handler,
            _both(f"/text-to-speech/{{voice}}/{end}"),
            summary,
            about=about,
            is_socket=True,
            needs_key=True,
            key_may_follow=True,
            takes=takes,
            replies=replies,
            errors=(400, 404),
            envelope=DetailEnvelope,
            parameters=ELEVENLABS_SOCKET,
            is_counted=True,
        )
        for end, handler, takes, replies, summary, about in (
            (
                "multi-stream-input",
                sockets.multi_stream_input,
                MultiStreamMessage,
                (MultiStreamSound, MultiStreamError),
                "Speak texts while they are written, for ElevenLabs' clients",
                "The turns of a conversation, each a context of its own: the next may begin while one is broken off. "
                f"A socket has at most {MOST_CONTEXTS} at once.",
            ),
            (
                "stream-input",
                sockets.stream_input,
                StreamMessage,
                (StreamSound, StreamError),
                "Speak one text while it is written",
                "The same for a single text, which an empty `text` ends.",
            ),
        )
    ),
    Endpoint(
        handlers.captions,
        _both("/audio/captions"),
        "Tell when each word of a text is heard",
        method="POST",
        needs_key=True,
        takes=CaptionsBody,
        replies=(Captions,),
        texts=("text/vtt", "application/x-subrip"),
        errors=_OF_SPEECH,
        is_counted=True,
    ),
    Endpoint(
        handlers.captioned_speech,
        ("/dev/captioned_speech",),
        "Speak a text and tell when each word is heard, for Kokoro-FastAPI's clients",
        method="POST",
        needs_key=True,
        takes=CaptionedSpeechBody,
        replies=(CaptionedSpeech,),
        errors=_OF_SPEECH,
        is_counted=True,
    ),
    Endpoint(
        deepgram_speak_text,
        _both("/speak"),
        "Speak a text, for Deepgram's clients",
        method="POST",
        needs_key=True,
        takes=SpeakBody,
        errors=_OF_SPEECH,
        parameters=DEEPGRAM,
        is_counted=True,
    ),
    Endpoint(
        sockets.deepgram_speak,
        _both("/speak"),
        "Speak texts while they are written, for Deepgram's clients",
        about="One text after the other, each ended by a flush. The sound comes in binary messages: raw samples.",
        is_socket=True,
        needs_key=True,
        takes=SpeakMessage,
        replies=(SpeakMetadata, SpeakDone, SpeakError),
        errors=(400, 404),
        parameters=DEEPGRAM_SOCKET,
        is_counted=True,
    ),
    Endpoint(handlers.list_models, _both("/models"), "List the models", needs_key=True, replies=(ModelList,)),
    Endpoint(
        handlers.show_model,
        _both("/models/{name:path}"),
        "Show a model",
        needs_key=True,
        replies=(Model,),
        errors=(404,),
        parameters=(MODEL_NAME,),
    ),
    # Open WebUI and others send no key to the lists.
    Endpoint(
        handlers.list_voices,
        (*_both("/audio/voices"), *_both("/audio/speech/voices"), *_both("/voices")),
        "List the voices",
        replies=(VoiceList, VoiceNames),
        parameters=(LEGACY,),
    ),
    Endpoint(
        handlers.list_audio_models,
        _both("/audio/models"),
        "List the models, for pickers",
        replies=(AudioModelList,),
    ),
    Endpoint(
        handlers.status,
        ("/status",),
        "Show the figures",
        needs_key=True,
        replies=(Status,),
        is_quiet=True,
        is_for_pages=False,
    ),
    Endpoint(handlers.watch_status, ("/status/events",), needs_key=True, is_quiet=True, is_for_pages=False),
    Endpoint(handlers.metrics, ("/metrics",), needs_key=True, is_quiet=True, is_for_pages=False),
    Endpoint(
        handlers.health, ("/health",), "Ask whether the process answers", replies=(Health,), is_quiet=True
    ),
    # No /v1/readyz: some clients would take us for another server.
    Endpoint(
        handlers.ready,
        ("/ready", "/readyz"),
        "Ask whether speech can be had",
        replies=(Health,),
        errors=(503,),
        is_quiet=True,
    ),
    Endpoint(handlers.kokoro_fastapi_probe, ("/v1/test",)),
    Endpoint(handlers.openapi, ("/openapi.json",)),
    Endpoint(handlers.console, ("/",), is_page=True),
    Endpoint(handlers.reference, ("/docs",), is_page=True),
    Endpoint(handlers.page_file, ("/console/{version}/{name:path}",), is_quiet=True, is_page=True),
)


def paths(endpoints: Iterable[Endpoint]) -> frozenset[str]:
    """All the paths of some endpoints, as templates where they hold a name."""
    return frozenset(path for endpoint in endpoints for path in endpoint.paths)


def path_set(wanted: Callable[[Endpoint], bool]) -> PathSet:
    """All the paths of those endpoints that are wanted."""
    return PathSet(paths(filter(wanted, ENDPOINTS)))


def routed(*, with_pages: bool) -> list[BaseRoute]:
    """The routes of the application, with the pages for people or without."""
    return [
        _route(endpoint, path)
        for endpoint in ENDPOINTS
        if with_pages or not endpoint.is_page
        for path in endpoint.paths
    ]


def _route(endpoint: Endpoint, path: str) -> BaseRoute:
    if endpoint.is_socket:
        return WebSocketRoute(path, endpoint.handler)
    return Route(path, endpoint.handler, methods=[endpoint.method])
