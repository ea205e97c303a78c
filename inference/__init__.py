"""A pool of pinned speech engines. Importing this package loads neither numpy nor onnxruntime."""

from inference.errors import (
    EngineFailed,
    InferenceError,
    JobPoisoned,
    JobTimeout,
    PoolClosed,
    PoolSaturated,
    ProtocolError,
    UnsupportedLanguage,
    WorkerDied,
    WorkerFailedToStart,
)
from inference.hardware import HardwareProfile, Machine, profile, read_machine
from inference.lease import Lease
from inference.plan import Limits
from inference.pool import Answer, Pool, PoolConfig, PoolStatus
from inference.protocol import Audio, Ready, Trial, WorkerSpec
from inference.slot import RestartCause, WorkerStatus
from inference.utterance import Pace, Spoken, Utterance
from inference.voices import OPENAI_VOICES, Catalogue, Mix, UnknownVoice, Voice

__all__ = [
    "OPENAI_VOICES",
    "Answer",
    "Audio",
    "Catalogue",
    "EngineFailed",
    "HardwareProfile",
    "InferenceError",
    "JobPoisoned",
    "JobTimeout",
    "Lease",
    "Limits",
    "Machine",
    "Mix",
    "Pace",
    "Pool",
    "PoolClosed",
    "PoolConfig",
    "PoolSaturated",
    "PoolStatus",
    "ProtocolError",
    "Ready",
    "RestartCause",
    "Spoken",
    "Trial",
    "UnknownVoice",
    "UnsupportedLanguage",
    "Utterance",
    "Voice",
    "WorkerDied",
    "WorkerFailedToStart",
    "WorkerSpec",
    "WorkerStatus",
    "profile",
    "read_machine",
]
