"""What may stand in a path or a query, as the OpenAPI document describes it. Knows no route."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gateway.http.deepgram import SocketQuery, SpeakQuery
from gateway.http.sockets import LONGEST_INACTIVITY_S, SHORTEST_INACTIVITY_S
from gateway.speech.elevenlabs_names import DEFAULT_FORMAT, FORMATS, SOCKET_FORMATS
from gateway.talk.context import REST_S
from gateway.talk.conversation import INACTIVITY_S

if TYPE_CHECKING:
    from pydantic import BaseModel

Json = dict[str, Any]


def _in_path(name: str, description: str) -> Json:
    schema = {"type": "string", "minLength": 1}
    return {"name": name, "in": "path", "required": True, "description": description, "schema": schema}


def _in_query(name: str, description: str, **schema: Any) -> Json:
    return {"name": name, "in": "query", "description": description, "schema": schema}


def _all_of(query: type[BaseModel]) -> tuple[Json, ...]:
    return tuple(
        {"name": name, "in": "query", "schema": schema, "description": schema.pop("description", "")}
        for name, schema in query.model_json_schema()["properties"].items()
    )


MODEL_NAME: Final = _in_path("name", "Id of the model; it may hold slashes.")
LEGACY: Final = _in_query("legacy", "`true`: only the names, as strings.", type="string", default="false")
VOICE: Final = _in_path(
    "voice", "A Kokoro voice, an OpenAI voice, a mix, or one of ElevenLabs' stock voices."
)

_FORMAT: Final = "Codec, sample rate and, where the codec has a choice, kilobits a second."
OUTPUT_FORMAT: Final = _in_query(
    "output_format", _FORMAT, type="string", enum=list(FORMATS), default=DEFAULT_FORMAT
)
ELEVENLABS_SOCKET: Final = (
    VOICE,
    _in_query("output_format", _FORMAT, type="string", enum=list(SOCKET_FORMATS), default=DEFAULT_FORMAT),
    _in_query("language_code", "Language of the text, for a stock voice.", type="string", default=""),
    _in_query(
        "auto_mode",
        f"`true`: a message that ends like a sentence ends one; else so does a pause of {REST_S} s after it.",
        type="string",
        default="false",
    ),
    _in_query(
        "sync_alignment",
        "`true`: times count from the beginning of a text; else from that of the sound they come with.",
        type="string",
        default="false",
    ),
    _in_query(
        "inactivity_timeout",
        "How long the client may say nothing, seconds.",
        type="number",
        minimum=SHORTEST_INACTIVITY_S,
        maximum=LONGEST_INACTIVITY_S,
        default=INACTIVITY_S,
    ),
)
DEEPGRAM: Final = _all_of(SpeakQuery)
DEEPGRAM_SOCKET: Final = _all_of(SocketQuery)
