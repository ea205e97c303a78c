"""A pool of pinned speech engines. Importing this package loads neither numpy nor onnxruntime."""

from inference.backend import Backend
from inference.errors import (
    EngineFailed,
    InferenceError,
    InvalidPronunciation,
    JobPoisoned,
    JobTimeout,
    PoolClosed,
    PoolSaturated,
    ProtocolError,
    UnknownLanguage,
    UnsupportedLanguage,
    WorkerDied,
    WorkerFailedToStart,
)
from inference.hardware.profile import HardwareProfile, Machine, profile, read_machine
from inference.languages import LANGUAGES, Language, language_named
from inference.planning.playback import Pace, Playback
from inference.planning.rendering import Piece, render
from inference.planning.text import Text
from inference.planning.utterance import Manner, Spoken, Times, Utterance
from inference.planning.word_times import HeardWord
from inference.pool.config import PoolConfig
from inference.pool.job import Answer
from inference.pool.lease import Lease
from inference.pool.pool import Pool, PoolStatus
from inference.pool.slot import RestartCause, WorkerStatus
from inference.pronunciations import LONGEST_SAID, LONGEST_WORD, Pronunciation, Pronunciations
from inference.pronunciations import read_file as read_pronunciations
from inference.protocol import (
    FASTEST,
    SAMPLE_BYTES,
    SAMPLE_RATE,
    SLOWEST,
    Audio,
    Ready,
    Role,
    Trial,
    Unit,
    VoiceParts,
    WorkerSpec,
)
from inference.vocabulary import phoneme_letters

__all__ = [
    "FASTEST",
    "LANGUAGES",
    "LONGEST_SAID",
    "LONGEST_WORD",
    "SAMPLE_BYTES",
    "SAMPLE_RATE",
    "SLOWEST",
    "Answer",
    "Audio",
    "Backend",
    "EngineFailed",
    "HardwareProfile",
    "HeardWord",
    "InferenceError",
    "InvalidPronunciation",
    "JobPoisoned",
    "JobTimeout",
    "Language",
    "Lease",
    "Machine",
    "Manner",
    "Pace",
    "Piece",
    "Playback",
    "Pool",
    "PoolClosed",
    "PoolConfig",
    "PoolSaturated",
    "PoolStatus",
    "Pronunciation",
    "Pronunciations",
    "ProtocolError",
    "Ready",
    "RestartCause",
    "Role",
    "Spoken",
    "Text",
    "Times",
    "Trial",
    "Unit",
    "UnknownLanguage",
    "UnsupportedLanguage",
    "Utterance",
    "VoiceParts",
    "WorkerDied",
    "WorkerFailedToStart",
    "WorkerSpec",
    "WorkerStatus",
    "language_named",
    "phoneme_letters",
    "profile",
    "read_machine",
    "read_pronunciations",
    "render",
]
