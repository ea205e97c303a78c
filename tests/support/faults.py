"""A speech engine that breaks in the way its voice is named for: on units that hold an exclamation mark, and on the
windows of those that hold a question mark.
"""

from __future__ import annotations

import os
import signal
import sys
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from inference.errors import EngineFailed
from inference.framing import encode
from inference.protocol import SpeechJob, Unit, WindowJob

if TYPE_CHECKING:
    from collections.abc import Callable

    from inference.protocol import Job, JobReply, WorkerSpec


def _crash(_: WorkerSpec) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _is_first(spec: WorkerSpec, what: str) -> bool:
    """True for the first worker of a test that asks."""
    mark = Path(spec.cache_dir) / what
    if mark.exists():
        return False
    mark.touch()
    return True


def _crash_once(spec: WorkerSpec) -> None:
    if _is_first(spec, "crashed"):
        _crash(spec)


def _abort(_: WorkerSpec) -> None:
    os.abort()


def _leave(_: WorkerSpec) -> None:
    os._exit(7)


def _hang(_: WorkerSpec) -> None:
    time.sleep(3600)


def _hang_once(spec: WorkerSpec) -> None:
    if _is_first(spec, "hung"):
        _hang(spec)


def _slow(_: WorkerSpec) -> None:
    time.sleep(0.5)


def _fail(_: WorkerSpec) -> None:
    raise ValueError("this message must not reach a client")


def _garbage(_: WorkerSpec) -> None:
    _write(b"HTTP/1.1 200 OK\r\n\r\n" * 100)


def _half(spec: WorkerSpec) -> None:
    _write(encode(SpeechJob("r", Unit("a", (("af_heart", 1.0),), 1.0)))[:20])
    _leave(spec)


def _chatty(_: WorkerSpec) -> None:
    os.write(1, b"a library prints\n" * 2000)
    warnings.warn("a library quotes the text", stacklevel=1)


def _leak(_: WorkerSpec) -> None:
    sys.modules["leak"] = (sys.modules.get("leak") or []) + [b"x" * (64 << 20)]  # type: ignore[operator,assignment]


FAULTS: dict[str, Callable[[WorkerSpec], None]] = {
    "af_crash": _crash,
    "af_once": _crash_once,
    "af_abort": _abort,
    "af_leave": _leave,
    "af_hang": _hang,
    "af_hang_once": _hang_once,
    "af_slow": _slow,
    "af_fail": _fail,
    "af_garbage": _garbage,
    "af_half": _half,
    "af_chatty": _chatty,
    "af_leak": _leak,
    "af_shy": lambda _: None,  # it fails only where it speaks alone
}


def _write(data: bytes) -> None:
    os.write(int(sys.argv[sys.argv.index("--fd") + 1]), data)


class FaultyEngine:
    """The real engine, with faults. Lives as long as its worker process."""

    def __init__(self, spec: WorkerSpec) -> None:
        from inference.engine.speech import SpeechEngine  # noqa: PLC0415 - the parent takes only the names from this file

        self._spec = spec
        self._engine = SpeechEngine(spec)
        self.ready = self._engine.ready

    def do(self, job: Job) -> JobReply:
        if (isinstance(job, SpeechJob) and "!" in job.unit.phonemes) or (
            isinstance(job, WindowJob) and "?" in job.unit.phonemes
        ):
            for name, _ in job.unit.voice:
                if name in FAULTS:
                    FAULTS[name](self._spec)
                if name == "af_shy" and job.is_alone:
                    raise EngineFailed("it does not speak alone")
        return self._engine.do(job)


class LeavingEngine:
    """Ends its process before it is ready. Lives as long as that."""

    def __init__(self, spec: WorkerSpec) -> None:
        del spec
        sys.stderr.write("the disk of this engine is on fire\n")
        sys.stderr.flush()
        os._exit(5)
