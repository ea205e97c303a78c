"""The OpenAPI 3.1 document, made from the table of endpoints and the wire shapes. Knows no handler."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pydantic.json_schema import models_json_schema

from gateway import __version__
from gateway.audio.encoders import ENCODERS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import BaseModel

    from gateway.http.routes import Endpoint, Json

KEY_ERRORS: Final = (401, 429)
"""Where a key is needed, it may be missing, wrong or busy."""

ERRORS: Final = {
    400: "Something in the body is not acceptable; the message says what.",
    401: "A key is needed, or the key is wrong.",
    404: "There is no such model, or no such voice.",
    408: "The body did not arrive in time.",
    413: "The body is too large.",
    429: "The key has as many requests running as it may; Retry-After says in how many seconds to try again.",
    500: "Nothing could be spoken; the log of the gateway says why.",
    503: "No worker is free for it; Retry-After says in how many seconds to try again.",
}


def document(endpoints: Iterable[Endpoint]) -> Json:
    """The document of those endpoints that have a summary."""
    described = [endpoint for endpoint in endpoints if endpoint.summary]
    shapes: dict[type[BaseModel], None] = dict.fromkeys(endpoint.envelope for endpoint in described)
    for endpoint in described:
        shapes |= dict.fromkeys((*endpoint.replies, *([endpoint.takes] if endpoint.takes else ())))
    _, schemas = models_json_schema(
        [(shape, "validation") for shape in shapes], ref_template="#/components/schemas/{model}"
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Kokoro Gateway",
            "version": __version__,
            "summary": "The OpenAI speech API, spoken by Kokoro-82M on this machine.",
            "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
        },
        "paths": {
            endpoint.paths[0].replace(":path", ""): {endpoint.method.lower(): _operation(endpoint)}
            for endpoint in described
        },
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(endpoint: Endpoint) -> Json:
    statuses = sorted({*endpoint.errors, *(KEY_ERRORS if endpoint.needs_key else ())})
    operation: Json = {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "responses": {"200": _success(endpoint)}
        | {str(status): _failure(endpoint, status) for status in statuses},
    }
    if endpoint.parameters:
        operation["parameters"] = list(endpoint.parameters)
    if endpoint.takes:
        operation["requestBody"] = {"required": True, "content": _content(endpoint.takes)}
    if endpoint.needs_key:
        operation["security"] = [{"key": []}, {}]
    return operation


def _success(endpoint: Endpoint) -> Json:
    if endpoint.replies:
        texts = {media_type: {"schema": {"type": "string"}} for media_type in endpoint.texts}
        return {"description": "Success.", "content": _content(*endpoint.replies) | texts}
    events: Json = {"text/event-stream": {"schema": {"type": "string"}}} if endpoint.has_events else {}
    audio: Json = {encoder.content_type: {} for encoder in ENCODERS.values()}
    return {
        "description": "The speech, sent as it is made. A fault on the way cuts the connection: what ends is whole.",
        "content": audio | events,
    }


def _failure(endpoint: Endpoint, status: int) -> Json:
    return {"description": ERRORS[status], "content": _content(endpoint.envelope)}


def _content(*shapes: type[BaseModel]) -> Json:
    schemas = [{"$ref": f"#/components/schemas/{shape.__name__}"} for shape in shapes]
    return {"application/json": {"schema": schemas[0] if len(schemas) == 1 else {"anyOf": schemas}}}
