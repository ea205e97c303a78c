"""What the document says of the sockets is what is said on them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, get_args

import msgspec
import pytest
from pydantic import BaseModel, ConfigDict

from gateway.http.openapi import CLOSES, document
from gateway.http.routes import ENDPOINTS
from gateway.http.socket_schema import MultiStreamMessage, SpeakMessage, StreamMessage
from gateway.talk import deepgram, elevenlabs_messages
from gateway.talk.errors import CLOSE_CODES, GOING_AWAY, NORMAL
from tests.support.sockets import Socket

if TYPE_CHECKING:
    from gateway.http.endpoint import Endpoint
    from tests.support.gateway import Gateway

SOCKETS = {endpoint.name: endpoint for endpoint in ENDPOINTS if endpoint.is_socket}
DESCRIBED = document(ENDPOINTS)["x-websockets"]
OTHER_SPELLINGS = {"contextId", "xi-api-key", "authorization"}


def names(message: type[msgspec.Struct]) -> set[str]:
    return {field.encode_name for field in msgspec.structs.fields(message)}


def exactly(shape: type[BaseModel]) -> type[BaseModel]:
    """The shape without room for more fields, and without any that may be left out."""
    assert all(field.is_required() for field in shape.model_fields.values())
    return type(
        shape.__name__, (shape,), {"model_config": ConfigDict(extra="forbid"), "__module__": __name__}
    )


def test_each_socket_is_described_with_its_path_query_messages_and_ends() -> None:
    assert set(DESCRIBED) == {endpoint.paths[0] for endpoint in SOCKETS.values()}
    for socket in DESCRIBED.values():
        assert socket["summary"]
        assert socket["description"]
        assert all(parameter["description"] for parameter in socket["parameters"])
        assert set(map(int, socket["closes"])) == {NORMAL, GOING_AWAY, *CLOSE_CODES.values()} == set(CLOSES)


def test_what_is_read_on_a_socket_is_what_is_described() -> None:
    elevenlabs = set(MultiStreamMessage.model_fields) | set(StreamMessage.model_fields)
    assert names(elevenlabs_messages.ClientMessage) == elevenlabs | OTHER_SPELLINGS
    said = json.dumps([MultiStreamMessage.model_json_schema(), StreamMessage.model_json_schema()])
    assert all(f"`{spelling}`" in said for spelling in OTHER_SPELLINGS)
    assert names(deepgram.ClientMessage) == set(SpeakMessage.model_fields)
    kinds = msgspec.structs.fields(deepgram.ClientMessage)[0].type
    assert get_args(kinds) == get_args(SpeakMessage.model_fields["type"].annotation)


@pytest.mark.slow
@pytest.mark.parametrize("endpoint", SOCKETS.values(), ids=list(SOCKETS))
def test_examples_are_taken_and_what_comes_of_them_is_described(gateway: Gateway, endpoint: Endpoint) -> None:
    assert endpoint.takes
    shapes = [exactly(shape) for shape in endpoint.replies]
    examples: list[Any] = endpoint.takes.model_json_schema()["examples"]
    seen = set()
    for messages in (examples, ["this is no message"]):
        with Socket(gateway.port, endpoint.paths[0].format(voice="af_heart")) as socket:
            for message in messages:
                socket.say(**message) if isinstance(message, dict) else socket.send(message)
            while (told := socket.receive()) is not None:
                if isinstance(told, str):
                    seen |= {shape.__name__ for shape in shapes if fits(shape, told)} or {told}
            assert socket.closed == (NORMAL if messages is examples else 1008)
    assert seen == {shape.__name__ for shape in shapes}


def fits(shape: type[BaseModel], message: str) -> bool:
    try:
        shape.model_validate_json(message, strict=True)
    except ValueError:
        return False
    return True
