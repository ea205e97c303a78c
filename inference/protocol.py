"""What gateway and worker say to each other: messages, and what a worker is started with. Knows no bytes on a wire.

A new message is one more class here, named in Job or in JobReply.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import msgspec

VERSION: Final = 4
SAMPLE_RATE: Final = 24_000
"""Samples a second of everything that a worker speaks, as the model makes them."""

SAMPLE_BYTES: Final = 2
TOKENS_PER_SECOND: Final = 15
"""How fast Kokoro speaks at speed 1."""

SLOWEST: Final = 0.8
FASTEST: Final = 1.2
"""Speeds that the engine is asked for: beyond 1.2 the model swallows 4 to 27 % of the words."""

LONGEST_READING_S: Final = 0.05
"""CPU time after which the rest of a stretch is left for another job, and so the most that one is priced at: there is
one text worker, and others wait for it."""

STEP_SAMPLES: Final = 300
"""Samples of a step, 12.5 ms: a score is told, and a window cut, in steps."""

RECORD_BYTES: Final = 3664
"""What the vocoder reads of one step: 512 features and 60 columns of 22 bins of the source, in half precision."""

Role: TypeAlias = Literal["text", "speech"]
"""What a worker does: text to phonemes, or phonemes to sound."""


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

    alone_threads: int = 0
    """Of one more session, on any CPU, for a first sound while no other worker is at work; 0: there is none."""

    cpus: tuple[int, ...] = ()
    """CPUs the worker is pinned to; none: not pinned."""

    arena_bytes: int = 1 << 30
    """Memory that the session's arena keeps between two jobs."""

    providers: tuple[str, ...] = ("cpu",)
    """The provider ladder, best first."""

    provider_is_forced: bool = False
    """The user named the provider: it must work, and need not be faster than the CPU."""

    is_proven: bool = False
    """A session like this has spoken soundly here: the worker is ready once it is loaded, without a warm-up.

    That is 0.5 of its 0.9 s; the first unit then takes 10 ms longer."""

    cache_dir: str = ""
    """Where a provider may keep compiled graphs."""

    engine: str = "inference.engine.speech:SpeechEngine"
    """`module:class` that does this worker's jobs."""

    def to_json(self) -> str:
        """The command-line form."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def from_json(cls, text: str) -> WorkerSpec:
        """Undo `to_json`."""
        return msgspec.json.decode(text, type=cls)


class _Message(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """A message: immutable, told from the others by the name of its class, with no field but its own."""


class Trial(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What came of one rung of the provider ladder."""

    provider: str
    outcome: str
    """`chosen`, or why it was not."""

    real_time_factor: float | None = None
    """Seconds of work for one second of the warm-up audio."""


class Ready(_Message, frozen=True):
    """First message of a worker that can take jobs."""

    provider: str
    """ONNX Runtime provider in use; `espeak` for the text role."""

    load_ms: float
    """From the start of main to here, milliseconds."""

    trials: tuple[Trial, ...] = ()
    languages: tuple[str, ...] = ()
    """Languages the text role can phonemise."""

    is_staged: bool = False
    """It answers a SpeechJob with a score, whose windows it is then asked for."""

    version: int = VERSION


class StartFailed(_Message, frozen=True):
    """First and only message of a worker that cannot start."""

    reason: str


class TextJob(_Message, frozen=True):
    """A stretch of a text to read: to cut into sentences, and those into phonemes."""

    request_id: str
    text: str
    """From where the last stretch was read to."""

    language: str
    most: int = 1 << 16
    """Characters wanted: the sentence that reaches this is the last."""

    is_all: bool = True
    """Nothing follows: it is read to its end. Else only what is certain to be a whole sentence is."""

    context: str = ""
    """What the last Reading said of the text before this stretch."""

    pronunciations: tuple[tuple[str, str], ...] = ()
    """Words that are to be said otherwise, with `/phonemes/` or other words."""

    is_timed: bool = False
    """It is wanted to know which words the phonemes stand for."""


class Word(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A word that is spoken, with its marks and markup. Spaces, and what nobody would say, belong to no word."""

    token: int
    """The first of its phonemes; the others go on to the next word's first."""

    start: int
    end: int
    """Where it stands in the text, characters."""

    def moved(self, *, tokens: int = 0, characters: int = 0) -> Word:
        """The same so much further on."""
        return Word(self.token + tokens, self.start + characters, self.end + characters)


class Sentence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A sentence that was read."""

    phonemes: str
    """One character for each token; empty if there is nothing to speak."""

    start: int
    end: int
    """Where it stands in the stretch, characters."""

    ends_paragraph: bool = False
    speed: float = 1.0
    """How many times as fast as the rest the writer wants it."""

    pause_s: float = 0.0
    """Silence after it that the writer asked for, seconds; a sentence without phonemes may be all silence."""

    words: tuple[Word, ...] = ()
    """All of them, where that was asked for; where they stand is told as for the sentence."""


class Reading(_Message, frozen=True):
    """The answer to a TextJob."""

    sentences: tuple[Sentence, ...]
    taken: int
    """Characters of the stretch that were read: what is left comes again, with what follows it."""

    context: str
    """What whoever reads the next stretch has to know of the text before it."""

    elapsed_ms: float


VoiceParts: TypeAlias = tuple[tuple[str, float], ...]
"""Ids of the voices that are blended, with their weights, which add up to 1."""


class Unit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is spoken at once, and how: equal units sound the same, whoever asks for them."""

    phonemes: str
    """One character for each token."""

    voice: VoiceParts
    speed: float


class SpeechJob(_Message, frozen=True):
    """A unit to speak."""

    request_id: str
    unit: Unit
    is_alone: bool = False
    """No other worker is at work: it may use their cores."""


class Score(_Message, frozen=True):
    """The answer to a SpeechJob where the graph has two stages: how the unit will sound, to be had window by window."""

    frames: tuple[int, ...]
    """How long each token lasts, 25 ms each; the silence before and after them is the first and the last."""

    energy: tuple[int, ...]
    """Log of the loudness of each step, in tenths: about -100 in silence and 20 to 80 in speech."""

    records: bytes
    """RECORD_BYTES for each step, and one record more with which the source ends."""

    elapsed_ms: float


class WindowJob(_Message, frozen=True):
    """A window of a score to turn into sound."""

    request_id: str
    unit: Unit
    """The score's."""

    skip: int
    """Steps at the start that are only context."""

    keep: int
    """Steps whose sound is wanted, after those."""

    is_first: bool
    """It begins the unit: the silence before the speech is cut."""

    is_last: bool
    """It ends the unit: the silence after the speech is cut."""

    records: bytes
    """Of all its steps, and the closing one."""

    is_alone: bool = False
    """As of a SpeechJob."""

    @property
    def seconds(self) -> float:
        """Of sound, context included."""
        return (len(self.records) // RECORD_BYTES - 1) * STEP_SAMPLES / SAMPLE_RATE


def alone(job: SpeechJob | WindowJob) -> SpeechJob | WindowJob:
    """The same job for a worker that is told that no other is at work."""
    return msgspec.structs.replace(job, is_alone=True)


class Audio(_Message, frozen=True):
    """The answer to a WindowJob, and to a SpeechJob of an engine that speaks units at once."""

    pcm: bytes
    """Mono signed 16-bit little-endian samples, SAMPLE_RATE a second."""

    elapsed_ms: float
    cut: int = 0
    """Samples of silence that were cut off before it."""

    frames: tuple[int, ...] = ()
    """Of what begins a unit: those of its score, where the graph tells them."""

    @property
    def seconds(self) -> float:
        """How long it plays."""
        return len(self.pcm) / SAMPLE_BYTES / SAMPLE_RATE


class Failure(_Message, frozen=True):
    """The answer to a job that could not be done; the worker lives on."""

    kind: Literal["engine", "language", "pronunciations"]
    message: str


Job: TypeAlias = TextJob | SpeechJob | WindowJob
JobReply: TypeAlias = Reading | Score | Audio | Failure
Message: TypeAlias = Ready | StartFailed | Job | JobReply
