"""The record of one request: what it was, how it ended and where its time went.

Knows no HTTP and no log: it is told what happens on the request's way, and written elsewhere.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, fields
from time import perf_counter
from typing import TYPE_CHECKING, ClassVar, Final, Literal, NamedTuple

from pydantic import ConfigDict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.speech.cache import HeldResponse
    from gateway.speech.request import SpeechRequest
    from inference import Playback, Spoken, Times

Outcome = Literal[
    "ok",
    "client_gone",
    "interrupted",
    "refused_queue",
    "refused_rate",
    "refused_auth",
    "invalid",
    "not_found",
    "timeout",
    "draining",
    "failed",
]
"""How a request can end: every log line and metric uses one of these. Interrupted: the client broke in on a socket."""

Verdict = Literal["hit", "miss", "partial"]
"""What the cache held of a request's audio: all, nothing or some."""


Tier = Literal["local", "remote"]
"""Where that was held: in this gateway, or on the server that several share."""


class Ending(NamedTuple):
    """What an outcome means to an operator."""

    level: int = logging.INFO
    """Of the request's line in the log."""

    refused_for: Literal["queue", "rate", "auth", "draining"] | None = None
    """Why the request was refused, if that is how it ended."""

    is_fault: bool = False
    """True when the gateway is to blame."""


ENDINGS: Final[Mapping[Outcome, Ending]] = {
    "ok": Ending(),
    "client_gone": Ending(),
    "interrupted": Ending(),
    "refused_queue": Ending(logging.WARNING, refused_for="queue"),
    "refused_rate": Ending(refused_for="rate"),
    "refused_auth": Ending(refused_for="auth"),
    "invalid": Ending(),
    "not_found": Ending(),
    "timeout": Ending(logging.WARNING, is_fault=True),
    "draining": Ending(logging.WARNING, refused_for="draining"),
    "failed": Ending(logging.ERROR, is_fault=True),
}


class Phase(NamedTuple):
    """A part of the work for a request. Phases may overlap: segments are spoken while others are encoded."""

    name: Literal["phonemes", "segment", "encode"]
    began: float
    ended: float


@dataclass(slots=True)
class Trail:
    """When what was done for a request, on the clock of `perf_counter`. Lives as long as the record."""

    parent: str = ""
    """The trace that the request is part of, as W3C Trace Context writes it; empty: a new one."""
    began: float = field(default_factory=perf_counter)
    phases: list[Phase] = field(default_factory=list)
    inferred_s: float = 0.0
    """Seconds of audio that workers spoke for it."""


@dataclass(slots=True)
class RequestRecord:
    """What one request was and where its time went.

    Lives as long as the request: the middleware makes it, whoever works for the request tells it what happened, and
    it is written once when the response has ended. A field that stays None is left out of the line.
    """

    __pydantic_config__: ClassVar = ConfigDict(use_attribute_docstrings=True, extra="forbid")

    request_id: str = ""
    """The client's X-Request-ID when it is a plain one, else made here."""
    method: str = ""
    """HTTP method; OTHER for one that is not in common use; WYOMING where a text came over that."""
    path: str | None = None
    """Template of the route that answered; absent when there is none."""
    status: int | None = None
    """HTTP status sent; absent when the client left before it."""
    outcome: Outcome | None = None
    """How the request ended."""
    error: str | None = None
    """Class of the exception that ended the request."""
    key: int | None = None
    """Which of the configured keys was used, counted from 1."""

    voice: str | None = None
    """Voice or mix, in its canonical form."""
    language: str | None = None
    """Language spoken."""
    format: str | None = None
    """Audio format."""
    stream_format: str | None = None
    """How the audio is sent: audio or sse."""
    characters: int | None = None
    """Characters of input."""
    text: str | None = None
    """Input itself; only with KOKORO_LOG_TEXT."""
    segments: int | None = None
    """Segments that the input was split into."""
    provider: str | None = None
    """ONNX Runtime provider of the workers that spoke."""
    worker_pids: list[int] | None = None
    """Process ids of the workers that spoke."""
    cache: Verdict | None = None
    """What the cache held, or others were having spoken, of the audio; absent when the cache was not used."""
    cache_tier: Tier | None = None
    """Where that was held: in this gateway, or some of it on the server of KOKORO_CACHE_URL."""
    retries: int | None = None
    """Jobs that a second worker did because the first one died."""

    queue_ms: float | None = None
    """Milliseconds that the first segment waited for a worker; later ones wait while the listener plays."""
    phonemes_ms: float | None = None
    """Milliseconds of making phonemes, all segments."""
    inference_ms: float | None = None
    """Milliseconds of inference, all segments."""
    encode_ms: float | None = None
    """Milliseconds of encoding."""
    send_ms: float | None = None
    """Milliseconds of handing bytes to the connection: long when the client reads slowly."""
    ttfa_ms: float | None = None
    """Milliseconds from the request until its first audio went to the connection."""
    total_ms: float | None = None
    """Milliseconds from the request until its response had ended."""
    audio_s: float | None = None
    """Seconds of audio spoken, or sent again from the cache."""
    rtf: float | None = None
    """Real-time factor: seconds of inference for each second of audio that was inferred."""
    underruns: int | None = None
    """Times that a listener who plays at once ran out of audio."""
    bytes_sent: int | None = None
    """Bytes of body handed to the connection."""

    _trail: Trail = field(default_factory=Trail, init=False, repr=False)

    @property
    def trail(self) -> Trail:
        """When what was done for the request: for traces, not for the line."""
        return self._trail

    def elapsed_ms(self) -> float:
        """Milliseconds since the request came in."""
        return (perf_counter() - self._trail.began) * 1000

    def part_of(self, trace: str) -> None:
        """The request belongs to a trace, as W3C Trace Context writes it."""
        self._trail.parent = trace

    def known_by(self, key: int) -> None:
        """The client has this key."""
        self.key = key

    def ordered(self, request: SpeechRequest, *, keep_text: bool) -> None:
        """It is known what is to be spoken."""
        self.voice, self.language = request.voice.canonical, request.language
        self.format, self.stream_format = request.response_format, request.stream_format
        self.characters = len(request.input)
        self.text = request.input if keep_text else None

    def written(self, text: str, *, keep_text: bool) -> None:
        """More of the text has come: of one that was not there when it was ordered."""
        self.characters = (self.characters or 0) + len(text)
        if keep_text:
            self.text = (self.text or "") + text

    def found(self, held: HeldResponse, tier: Tier | None) -> None:
        """The cache held the whole response."""
        self.cache_tier = tier
        self.cache, self.segments, self.audio_s = "hit", held.segments, held.audio_s

    def spoken(self, spoken: Spoken, verdict: Verdict | None, tier: Tier | None) -> None:
        """A piece of a segment came: from a worker, or found spoken; with it, what the cache has held so far."""
        self.cache, self.cache_tier = verdict, tier
        self.segments = spoken.segment.index + 1
        if (answer := spoken.piece.answer) is None:
            return
        self.provider = answer.provider
        self.worker_pids = sorted({*(self.worker_pids or ()), answer.pid})
        self.retries = (self.retries or 0) + answer.attempts - 1
        if self.queue_ms is None and spoken.segment.index == 0:
            self.queue_ms = answer.waited_s * 1000
        self.inference_ms = (self.inference_ms or 0) + spoken.piece.audio.elapsed_ms
        self._trail.inferred_s += spoken.piece.audio.seconds
        self.rtf = self.inference_ms / 1000 / self._trail.inferred_s

    def phonemised(self, times: Times) -> None:
        """So many stretches of the text have been read by now."""
        self.phonemes_ms = sum(ended - began for began, ended in times) * 1000

    def encoded(self, began: float, ended: float) -> None:
        """A piece of audio was shaped and encoded between these times of `perf_counter`."""
        self._trail.phases.append(Phase("encode", began, ended))
        self.encode_ms = (self.encode_ms or 0) + (ended - began) * 1000

    def heard(self, playback: Playback, *, is_written: bool = True) -> None:
        """This is what the listener has been given so far; of a text being written, who runs dry may wait for that."""
        self.audio_s = playback.heard_s
        if is_written:
            self.underruns = playback.underruns

    def worked(self, phonemes: Times, segments: Times) -> None:
        """All work behind the pool has ended."""
        self._trail.phases += (Phase("phonemes", *times) for times in phonemes)
        self._trail.phases += (Phase("segment", *times) for times in segments)

    def answered(self, status: int) -> None:
        """The response begins."""
        self.status = status

    def sent(self, piece: bytes, began: float) -> None:
        """A piece of the body, its sending begun at this time of `perf_counter`, is with the connection."""
        self.ttfa_ms = self.ttfa_ms or self.elapsed_ms()
        self.send_ms = (self.send_ms or 0) + (perf_counter() - began) * 1000
        self.bytes_sent = (self.bytes_sent or 0) + len(piece)

    def sent_whole(self) -> None:
        """The response ended as it should; if it told of an error, that is how the request ended."""
        self.outcome = self.outcome or "ok"

    def left(self) -> None:
        """The client left before the response had ended."""
        self.outcome = "client_gone"

    def interrupted(self) -> None:
        """The client wanted to hear no more of it."""
        self.outcome = "interrupted"

    def failed(self, error: Exception, outcome: Outcome) -> None:
        """An exception ended it."""
        self.outcome = self.outcome or outcome
        self.error = type(error).__name__

    def ended(self, path: str | None) -> Ending:
        """Nothing more happens; `path` is that of the route. What ended without a word was a fault."""
        self.path, self.outcome = path, self.outcome or "failed"
        self.total_ms = self.elapsed_ms()
        return ENDINGS[self.outcome]

    def line(self) -> dict[str, object]:
        """The known fields, times and ratios to a thousandth."""
        values = ((f.name, getattr(self, f.name)) for f in fields(self) if not f.name.startswith("_"))
        return {
            name: round(value, 3) if isinstance(value, float) else value
            for name, value in values
            if value is not None
        }
