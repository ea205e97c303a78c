"""The handlers: each parses, calls and wraps. Knows what is at which path; what goes wrong is told elsewhere."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Final, cast

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import JSONResponse, Response

from gateway import __version__
from gateway.audio.pcm import SAMPLE_BYTES
from gateway.http.captioned_responses import CaptionedLines, CaptionedObject
from gateway.http.captions_schema import CaptionedSpeechBody, CaptionsBody
from gateway.http.reply_schema import (
    AudioModelList,
    Health,
    Model,
    ModelList,
    ModelName,
    VoiceItem,
    VoiceList,
    VoiceNames,
)
from gateway.http.request_errors import ModelNotFound, NotReady
from gateway.http.responses import AudioResponse, EventStream
from gateway.http.schema import MODELS, is_known_model, order, parse_body, parse_speech
from gateway.http.spoken import spoken
from gateway.http.status_events import StatusEvents
from gateway.speech.captions import written
from gateway.speech.errors import shortened

if TYPE_CHECKING:
    from pydantic import BaseModel
    from starlette.requests import Request

    from gateway.http.pages import Pages
    from gateway.speech.voices import Voice

CAPTION_TYPES: Final = {"srt": "application/x-subrip", "vtt": "text/vtt", "json": "application/json"}

CREATED: Final = 1737936000
"""When Kokoro v1.0 was released, 2025-01-27, as the time that lists of models give."""


async def speak(request: Request) -> Response:
    """Speak: audio as it is made, or events that carry it."""
    state, record = request.state, request.state.record
    wanted = parse_speech(await request.body(), state.catalogue, state.settings)
    speech = await spoken(request, wanted)
    if wanted.stream_format == "sse":
        sample_bytes = SAMPLE_BYTES if wanted.response_format == "pcm" else 1
        return EventStream(speech, record, sample_bytes, wanted.input)
    return AudioResponse(speech, record)


async def captioned_speech(request: Request) -> Response:
    """Speak, and tell when each word is heard, as Kokoro-FastAPI does."""
    state, record = request.state, request.state.record
    asked = parse_body(CaptionedSpeechBody, await request.body(), state.settings)
    wanted = order(asked, state.catalogue, state.settings, timestamps="word")
    speech = await spoken(request, wanted)
    kind = CaptionedObject if asked.stream is False else CaptionedLines
    return kind(speech, record, wanted.input, is_timed=asked.return_timestamps)


async def captions(request: Request) -> Response:
    """When each word is heard: the text is spoken, so that who asks for its audio next has it from the cache."""
    state = request.state
    asked = parse_body(CaptionsBody, await request.body(), state.settings)
    fixed = {"response_format": "pcm", "timestamps": "word"}
    wanted = order(asked, state.catalogue, state.settings, **fixed)
    speech = await spoken(request, wanted)
    async with aclosing(speech.body) as body:
        async for _ in body:
            pass
    text = await asyncio.to_thread(written, asked.response_format, wanted.input, speech.words)
    return Response(text, media_type=CAPTION_TYPES[asked.response_format])


async def list_models(request: Request) -> Response:
    """The models, as OpenAI lists them."""
    return _json(ModelList(data=[_model(name) for name in MODELS]))


async def show_model(request: Request) -> Response:
    """One model."""
    name = request.path_params["name"]
    if not (request.state.settings.any_model or is_known_model(name)):
        raise ModelNotFound(f"The model `{shortened(name)}` does not exist.")
    return _json(_model(name))


async def list_audio_models(request: Request) -> Response:
    """The models, for pickers of speech models."""
    return _json(AudioModelList(models=[ModelName(id=name, name=name) for name in MODELS]))


async def list_voices(request: Request) -> Response:
    """Every voice, the OpenAI names among them; only their names with `?legacy=true`."""
    names = request.state.voices
    if request.query_params.get("legacy", "").lower() in ("true", "1"):
        return _json(VoiceNames(voices=list(names)))
    return _json(VoiceList(voices=[_voice(name, voice) for name, voice in names.items()]))


async def health(request: Request) -> Response:
    """The process answers."""
    return _json(Health(status="ok", version=__version__))


async def ready(request: Request) -> Response:
    """Requests are taken, and there is a worker for them."""
    pool = request.state.pool
    if not pool.is_ready:
        raise NotReady("Not ready: no worker can take a request now, or the gateway is shutting down.")
    return _json(Health(status="ready", version=__version__))


async def status(request: Request) -> Response:
    """The figures, for people and for `kokoro-gateway top`."""
    return _json(request.state.status())


async def watch_status(request: Request) -> Response:
    """The figures, and each speech request as it ends, for the console."""
    return StatusEvents(request.state.recent_status, request.state.last_requests)


async def metrics(request: Request) -> Response:
    """The metrics, for Prometheus."""
    return Response(request.state.metrics.exposition(), media_type=CONTENT_TYPE_LATEST)


async def kokoro_fastapi_probe(request: Request) -> Response:
    """What Kokoro-FastAPI answers here: clients that look for it list our voices then."""
    return JSONResponse({"status": "ok"})


async def openapi(request: Request) -> Response:
    """The OpenAPI document."""
    return Response(request.state.document, media_type="application/json")


async def console(request: Request) -> Response:
    """The page that speaks, and shows what the machine does."""
    return _page(request, "console")


async def reference(request: Request) -> Response:
    """The OpenAPI document, for reading: a page that asks for it in the browser."""
    return _page(request, "reference")


async def page_file(request: Request) -> Response:
    """What the pages are made of."""
    path = request.path_params
    return cast("Pages", request.state.pages).file(path["version"], path["name"]).response(request)


def _page(request: Request, name: str) -> Response:
    return cast("Pages", request.state.pages).page(name).response(request)


def _voice(name: str, voice: Voice) -> VoiceItem:
    return VoiceItem(id=name, voice_id=name, name=name, language=voice.language, gender=voice.gender)


def _model(name: str) -> Model:
    return Model(id=name, created=CREATED, owned_by="hexgrad")


def _json(shape: BaseModel) -> Response:
    return Response(shape.model_dump_json(), media_type="application/json")
