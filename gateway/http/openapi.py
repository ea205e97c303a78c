"""The OpenAPI 3.1 document, made from the table of endpoints and the wire shapes, and the sockets beside it.

Knows no handler.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pydantic.json_schema import models_json_schema

from gateway import __version__
from gateway.audio.encoders import ENCODERS
from gateway.http.sockets import MESSAGE_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import BaseModel

    from gateway.http.endpoint import Endpoint
    from gateway.http.parameters import Json

KEY_ERRORS: Final = (401, 429)
"""Where a key is needed, it may be missing, wrong or busy."""

ERRORS: Final = {
    400: "Something that was asked for is not acceptable; the message says what.",
    401: "A key is needed, or the key is wrong.",
    404: "There is no such model, or no such voice.",
    408: "The body did not arrive in time.",
    413: "The body is too large.",
    429: "The key has as many requests running as it may; Retry-After says in how many seconds to try again.",
    500: "Nothing could be spoken; the log of the gateway says why.",
    503: "No worker is free for it; Retry-After says in how many seconds to try again.",
}

CLOSES: Final = {
    1000: "All that was asked for has been sent; or the client has said nothing for too long.",
    1001: "The gateway leaves; what had been written was spoken.",
    1008: "Something in a message is not acceptable, or the key is missing or wrong; the message before says what.",
    1009: f"A message has more than {MESSAGE_BYTES >> 10} KiB.",
    1011: "Nothing could be spoken; the log of the gateway says why.",
    1012: "The gateway leaves, and takes no new text. Connect again.",
    1013: "No worker is free for it. Try again later.",
}
"""What a socket is closed with, and why. A connection that breaks off without a code is a fault on the way."""


def document(endpoints: Iterable[Endpoint]) -> Json:
    """The document of those endpoints that have a summary."""
    described = [endpoint for endpoint in endpoints if endpoint.summary]
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
            if not endpoint.is_socket
        },
        # OpenAPI has no place for them; programs pass over what begins with x-.
        "x-websockets": {
            endpoint.paths[0]: _socket(endpoint) for endpoint in described if endpoint.is_socket
        },
        "components": {
            "schemas": _schemas(described),
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _schemas(endpoints: Iterable[Endpoint]) -> Json:
    shapes: dict[type[BaseModel], None] = {}
    for endpoint in endpoints:
        taken = (endpoint.takes,) if endpoint.takes else ()
        shapes |= dict.fromkeys((endpoint.envelope, *endpoint.replies, *taken))
    template = "#/components/schemas/{model}"
    _, schemas = models_json_schema([(shape, "validation") for shape in shapes], ref_template=template)
    return dict(schemas["$defs"])


def _operation(endpoint: Endpoint) -> Json:
    operation = _common(endpoint)
    operation["responses"] = {"200": _success(endpoint)} | _failures(endpoint)
    if endpoint.takes:
        operation["requestBody"] = {"required": True, "content": _content(endpoint.takes)}
    return operation


def _socket(endpoint: Endpoint) -> Json:
    """A socket, in the words of an operation and three more: what is said on it, and how it ends."""
    assert endpoint.takes, "a socket takes messages"
    return _common(endpoint) | {
        "takes": _reference(endpoint.takes),
        "sends": [_reference(shape) for shape in endpoint.replies],
        "closes": {str(code): meaning for code, meaning in CLOSES.items()},
        "responses": {"101": {"description": "The socket is open.", "content": {}}} | _failures(endpoint),
    }


def _common(endpoint: Endpoint) -> Json:
    common: Json = {"operationId": endpoint.name, "summary": endpoint.summary}
    if endpoint.about:
        common["description"] = endpoint.about
    if endpoint.parameters:
        common["parameters"] = list(endpoint.parameters)
    if endpoint.needs_key:
        common["security"] = [{"key": []}, {}]
    return common


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


def _failures(endpoint: Endpoint) -> Json:
    statuses = sorted({*endpoint.errors, *(KEY_ERRORS if endpoint.needs_key else ())})
    content = _content(endpoint.envelope)
    return {str(status): {"description": ERRORS[status], "content": content} for status in statuses}


def _reference(shape: type[BaseModel]) -> Json:
    return {"$ref": f"#/components/schemas/{shape.__name__}"}


def _content(*shapes: type[BaseModel]) -> Json:
    schemas = [_reference(shape) for shape in shapes]
    return {"application/json": {"schema": schemas[0] if len(schemas) == 1 else {"anyOf": schemas}}}
