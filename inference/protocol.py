"""The messages between gateway and worker, and their frame. Knows no socket: bytes in, messages out.

A frame is two big-endian 32-bit lengths (header, payload), a JSON header and a raw payload. The header names the
message and holds its fields; the payload is its one field of type bytes, if it has one. Audio is never base64.
"""

from __future__ import annotations

import json
import struct
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from inference.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSION: Final = 1
MAX_HEADER_BYTES: Final = 1 << 20
MAX_PAYLOAD_BYTES: Final = 1 << 26
"""About 23 minutes of PCM; the model speaks at most half a minute at once."""

_PREFIX: Final = struct.Struct("!II")

Role: TypeAlias = Literal["text", "express", "speech"]
"""What a worker does: phonemes, the first segment of a request, any segment."""


@dataclass(frozen=True)
class WorkerSpec:
    """What a worker is started with: one JSON argument of its command line."""

    role: Role
    model_path: str = ""
    cpu_model_path: str = ""
    """The graph for the CPU provider, if it is another."""

    voices_path: str = ""
    threads: int = 1
    """Intra-op threads of the session."""

    cpus: tuple[int, ...] = ()
    """CPUs the worker is pinned to; none: not pinned."""

    nice: int = 0
    """What is added to its niceness: above 0 it makes way for others."""

    arena_bytes: int = 1 << 30
    """Memory that the session's arena keeps between two segments."""

    providers: tuple[str, ...] = ("cpu",)
    """The provider ladder, best first."""

    provider_is_forced: bool = False
    """The user named the provider: it must work, and need not be faster than the CPU."""

    cache_dir: str = ""
    """Where a provider may keep compiled graphs."""

    engine: str = "inference.engine.speech:SpeechEngine"
    """`module:class` that does this worker's jobs."""

    def to_json(self) -> str:
        """The command-line form."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> WorkerSpec:
        """Undo `to_json`."""
        values: dict[str, Any] = json.loads(text)
        return cls(**_tuples(values))


@dataclass(frozen=True)
class Trial:
    """What came of one rung of the provider ladder."""

    provider: str
    outcome: str
    """`chosen`, or why it was not."""

    real_time_factor: float | None = None
    """Seconds of work for one second of the warm-up audio."""


@dataclass(frozen=True)
class Ready:
    """First message of a worker that can take jobs."""

    version: int
    pid: int
    role: str
    provider: str
    """ONNX Runtime provider in use; `espeak` for the text role."""

    load_ms: float
    """From the start of main to here, milliseconds."""

    trials: tuple[Trial, ...] = ()
    languages: tuple[str, ...] = ()
    """Languages the text role can phonemise."""

    sample_rate: int = 0
    """Hertz; of the speech role."""


@dataclass(frozen=True)
class NotReady:
    """First and only message of a worker that cannot start."""

    reason: str


@dataclass(frozen=True)
class PhonemeJob:
    """Texts to phonemise, in one language."""

    request_id: str
    texts: tuple[str, ...]
    language: str


@dataclass(frozen=True)
class Phonemes:
    """The answer to a PhonemeJob: one string for each text, one character for each token."""

    phonemes: tuple[str, ...]
    elapsed_ms: float


@dataclass(frozen=True)
class SpeechJob:
    """One segment to speak."""

    request_id: str
    phonemes: str
    voice: tuple[tuple[str, float], ...]
    """Voice ids with their weights, which add up to 1."""

    speed: float


@dataclass(frozen=True)
class Audio:
    """The answer to a SpeechJob."""

    pcm: bytes
    """Mono signed 16-bit little-endian samples."""

    elapsed_ms: float


@dataclass(frozen=True)
class Failure:
    """The answer to a job that could not be done; the worker lives on."""

    kind: Literal["engine", "language"]
    message: str


Job: TypeAlias = PhonemeJob | SpeechJob
Reply: TypeAlias = Phonemes | Audio | Failure
Message: TypeAlias = Ready | NotReady | Job | Reply

_MESSAGES: Final[dict[str, type[Any]]] = {
    kind.__name__: kind for kind in (Ready, NotReady, PhonemeJob, Phonemes, SpeechJob, Audio, Failure)
}
_SCALARS: Final[dict[str, tuple[type, ...]]] = {"int": (int,), "float": (int, float), "str": (str,)}


def encode(message: Message) -> bytes:
    """One frame."""
    header: dict[str, Any] = {"type": type(message).__name__}
    payload = b""
    for field in fields(message):
        value = getattr(message, field.name)
        if field.type == "bytes":
            payload = value
        else:
            header[field.name] = [_plain(item) for item in value] if isinstance(value, tuple) else value
    text = json.dumps(header, separators=(",", ":")).encode()
    return b"".join((_PREFIX.pack(len(text), len(payload)), text, payload))


class Decoder:
    """Cuts a byte stream into messages. Lives as long as one connection."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Message]:
        """Every message that `data` completes.

        Raises:
            ProtocolError: the bytes are no frame, too long a frame, or no known message.
        """
        self._buffer += data
        while len(self._buffer) >= _PREFIX.size:
            header_size, payload_size = _PREFIX.unpack_from(self._buffer)
            if header_size > MAX_HEADER_BYTES or payload_size > MAX_PAYLOAD_BYTES:
                raise ProtocolError(f"frame of {header_size} + {payload_size} bytes is over the limit")
            payload_start = _PREFIX.size + header_size
            end = payload_start + payload_size
            if len(self._buffer) < end:
                return
            header, payload = (
                bytes(self._buffer[_PREFIX.size : payload_start]),
                bytes(self._buffer[payload_start:end]),
            )
            del self._buffer[:end]
            yield _message(header, payload)

    @property
    def is_empty(self) -> bool:
        """True between frames: the stream may end here."""
        return not self._buffer


def _tuples(values: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}


def _plain(item: Any) -> Any:
    return vars(item) if isinstance(item, Trial) else item


def _message(header: bytes, payload: bytes) -> Message:
    try:
        values = json.loads(header)
        kind = _MESSAGES[values.pop("type")]
        for field in fields(kind):
            if field.type == "bytes":
                values[field.name] = payload
            elif isinstance(values.get(field.name), list):
                values[field.name] = tuple(_item(field.name, item) for item in values[field.name])
        message: Message = kind(**values)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ProtocolError(f"no message: {type(error).__name__}") from error
    _check(message)
    return message


def _item(name: str, item: Any) -> Any:
    if name == "trials":
        return Trial(**item)
    return tuple(item) if isinstance(item, list) else item


def _check(message: Message) -> None:
    for field in fields(message):
        value, kind = getattr(message, field.name), str(field.type)
        wanted = (tuple,) if kind.startswith("tuple") else _SCALARS.get(kind, (str, bytes))
        if not isinstance(value, wanted) or isinstance(value, bool):
            raise ProtocolError(f"{type(message).__name__}.{field.name} is no {kind}")
