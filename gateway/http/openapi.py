"""The OpenAPI 3.1 document, made from the wire shapes. Knows no handler."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic.json_schema import models_json_schema

from gateway import __version__
from gateway.audio.encoders import ENCODERS
from gateway.http.errors import ErrorEnvelope
from gateway.http.schema import AudioModelList, Health, Model, ModelList, SpeechBody, VoiceList, VoiceNames
from gateway.observe.status import Status

if TYPE_CHECKING:
    from pydantic import BaseModel

Json = dict[str, Any]

SHAPES: tuple[type[BaseModel], ...] = (
    SpeechBody,
    VoiceList,
    VoiceNames,
    Model,
    ModelList,
    AudioModelList,
    Health,
    Status,
    ErrorEnvelope,
)


class Operation(NamedTuple):
    """One thing that clients may ask for, as the document tells it."""

    method: str
    path: str
    name: str
    summary: str
    answers: tuple[type[BaseModel], ...]
    """Shapes of the JSON it may answer; none: audio."""
    errors: tuple[int, ...] = ()
    parameters: tuple[Json, ...] = ()
    needs_key: bool = False


MODEL_NAME: Json = {
    "name": "name",
    "in": "path",
    "required": True,
    "description": "Id of the model; it may hold slashes.",
    "schema": {"type": "string", "minLength": 1},
}
LEGACY: Json = {
    "name": "legacy",
    "in": "query",
    "description": "`true`: only the names, as strings.",
    "schema": {"type": "string", "default": "false"},
}

OPERATIONS = (
    Operation(
        "post",
        "/v1/audio/speech",
        "speak",
        "Speak a text",
        (),
        (400, 401, 404, 408, 413, 500, 503),
        needs_key=True,
    ),
    Operation("get", "/v1/models", "listModels", "List the models", (ModelList,), (401,), needs_key=True),
    Operation(
        "get",
        "/v1/models/{name}",
        "showModel",
        "Show a model",
        (Model,),
        (401, 404),
        (MODEL_NAME,),
        needs_key=True,
    ),
    Operation(
        "get",
        "/v1/audio/voices",
        "listVoices",
        "List the voices",
        (VoiceList, VoiceNames),
        parameters=(LEGACY,),
    ),
    Operation(
        "get", "/v1/audio/models", "listAudioModels", "List the models, for pickers", (AudioModelList,)
    ),
    Operation("get", "/status", "status", "Show the figures", (Status,), (401,), needs_key=True),
    Operation("get", "/health", "health", "Ask whether the process answers", (Health,)),
    Operation("get", "/ready", "ready", "Ask whether speech can be had", (Health,), (503,)),
)

ERRORS = {
    400: "Something in the body is not acceptable; the message says what.",
    401: "A key is needed, or the key is wrong.",
    404: "There is no such model.",
    408: "The body did not arrive in time.",
    413: "The body is too large.",
    500: "Nothing could be spoken; the log of the gateway says why.",
    503: "No worker is free for it; Retry-After says in how many seconds to try again.",
}


@cache  # it takes 14 ms of the event loop, and any stranger may ask for it
def document() -> Json:
    """The OpenAPI document, which nobody may change."""
    _, schemas = models_json_schema(
        [(shape, "validation") for shape in SHAPES], ref_template="#/components/schemas/{model}"
    )
    paths: dict[str, Json] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _described(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Kokoro Gateway",
            "version": __version__,
            "summary": "The OpenAI speech API, spoken by Kokoro-82M on this machine.",
            "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _described(operation: Operation) -> Json:
    described: Json = {
        "operationId": operation.name,
        "summary": operation.summary,
        "responses": {"200": _success(operation)}
        | {str(status): _failure(status) for status in operation.errors},
    }
    if operation.parameters:
        described["parameters"] = list(operation.parameters)
    if operation.method == "post":
        described["requestBody"] = {"required": True, "content": _content(SpeechBody)}
    if operation.needs_key:
        described["security"] = [{"key": []}, {}]
    return described


def _success(operation: Operation) -> Json:
    if operation.answers:
        return {"description": "Success.", "content": _content(*operation.answers)}
    audio: Json = {encoder.content_type: {} for encoder in ENCODERS.values()}
    return {
        "description": "The speech, sent as it is made. A fault on the way cuts the connection: what ends is whole.",
        "content": audio | {"text/event-stream": {"schema": {"type": "string"}}},
    }


def _failure(status: int) -> Json:
    return {"description": ERRORS[status], "content": _content(ErrorEnvelope)}


def _content(*shapes: type[BaseModel]) -> Json:
    schemas = [{"$ref": f"#/components/schemas/{shape.__name__}"} for shape in shapes]
    return {"application/json": {"schema": schemas[0] if len(schemas) == 1 else {"anyOf": schemas}}}
