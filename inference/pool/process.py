"""WorkerProcess: one child from start to end, one job at a time. Knows no queue and no other worker."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import enum
import logging
import os
import socket
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeVar

from inference.errors import JobTimeout, ProtocolError, WorkerDied, WorkerFailedToStart
from inference.framing import Decoder, encode
from inference.protocol import VERSION, JobReply, Ready, StartFailed

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from inference.protocol import Job, Message, WorkerSpec

logger = logging.getLogger(__name__)

_KEPT_VARIABLES: Final = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "TZ",
    "LD_LIBRARY_PATH",
    "CUDA_VISIBLE_DEVICES",
)
"""All that a worker sees of the gateway's environment: it holds keys that a worker does not need."""

_STDERR_LINES_KEPT: Final = 20
_LONGEST_STDERR_LINE: Final = 1 << 14
_RUNG_S: Final = 2.0
"""Wait on each rung of the termination ladder."""

_LONGEST_STEP_S: Final = 1.0
_STOOD_STILL_S: Final = 1.0
"""A wait that took so much longer than asked for was no wait: nobody looked."""

T = TypeVar("T")


class State(enum.Enum):
    """What a worker is doing; changed only here."""

    STARTING = "starting"
    IDLE = "idle"
    BUSY = "busy"
    STOPPING = "stopping"
    DEAD = "dead"


class WorkerProcess:
    """One worker process. Lives from `start` until the process has ended; a dead one is never reused."""

    def __init__(self, spec: WorkerSpec, process: asyncio.subprocess.Process, channel: socket.socket) -> None:
        self.spec = spec
        self.state = State.STARTING
        self.ready: Ready | None = None
        self.jobs_done = 0
        self.lost_by: Literal["died", "timeout", "protocol"] = "died"
        """Why it ended, once it has."""

        self.ended = asyncio.Event()
        """Set once the process is gone, for whatever reason."""

        self._request_id = ""
        self._process = process
        self._channel = channel
        self._decoder = Decoder()
        self._stderr: collections.deque[str] = collections.deque(maxlen=_STDERR_LINES_KEPT)
        self._watch = asyncio.create_task(self._watch_end(), name=f"watch-{process.pid}")

    @classmethod
    async def start(cls, spec: WorkerSpec, timeout_s: float) -> WorkerProcess:
        """Start a worker and wait until it is ready.

        Raises:
            WorkerFailedToStart: it ended, said why it cannot start, or was not ready in time.
        """
        try:
            process, channel = await _spawned(spec)
        except OSError as error:
            raise WorkerFailedToStart(f"cannot start a {spec.role} worker: {error.strerror}") from error
        worker = cls(spec, process, channel)
        try:
            await worker._become_ready(timeout_s)
        except BaseException:
            await worker.stop(grace_s=0)
            raise
        return worker

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """Exit code, negative for a signal; None while it runs."""
        return self._process.returncode

    def __repr__(self) -> str:
        return f"<WorkerProcess {self.spec.role} {self.pid} {self.state.value}>"

    async def run(self, job: Job, timeout_s: float) -> JobReply:
        """Have one job done. Never cancel this: the reply would stay in the socket; end the worker instead.

        Raises:
            WorkerDied: the process ended before it answered.
            JobTimeout: no answer in time; the worker has been ended, since it cannot be trusted any more.
            ProtocolError: the answer is no message; the worker has been ended.
        """
        self.state = State.BUSY
        self._request_id = job.request_id
        try:
            reply = await _within(timeout_s, self._exchange(job))
        except TimeoutError as error:
            await self._give_up("timeout")
            raise JobTimeout(f"worker {self.pid} took more than {timeout_s:g} s") from error
        except OSError as error:
            await self._give_up("died")
            raise WorkerDied(self.pid, self.exit_code) from error
        except ProtocolError:
            await self._give_up("protocol")
            raise
        self._request_id = ""
        self.jobs_done += 1
        if self.state is State.BUSY:
            self.state = State.IDLE
        return reply

    async def stop(self, grace_s: float = _RUNG_S) -> None:
        """The termination ladder: close the socket, wait, SIGTERM, wait, SIGKILL, wait."""
        if self.state is not State.DEAD:
            self.state = State.STOPPING
        # Closing would pull the descriptor from under a read in progress; shutting down ends that read.
        with contextlib.suppress(OSError):
            self._channel.shutdown(socket.SHUT_RDWR)
        for end, wait_s in (
            (None, grace_s),
            (self._process.terminate, grace_s),
            (self._process.kill, _RUNG_S),
        ):
            if end is not None:
                with contextlib.suppress(ProcessLookupError):
                    end()
            if await self._ends_within(wait_s):
                self._channel.close()
                return
        logger.error("worker_does_not_end", extra=self._fields())

    async def _become_ready(self, timeout_s: float) -> None:
        try:
            first = await _within(timeout_s, self._receive())
        except TimeoutError as error:
            raise WorkerFailedToStart(
                f"the {self.spec.role} worker was not ready within {timeout_s:g} s"
            ) from error
        except (OSError, ProtocolError) as error:
            await self._ends_within(_RUNG_S)
            said = self._stderr[-1] if self._stderr else "it said nothing"
            code = self.exit_code
            raise WorkerFailedToStart(
                f"the {self.spec.role} worker ended with exit code {code}: {said}"
            ) from error
        if isinstance(first, StartFailed):
            raise WorkerFailedToStart(first.reason)
        if not isinstance(first, Ready) or first.version != VERSION:
            raise WorkerFailedToStart(f"the {self.spec.role} worker is of another version")
        self.ready, self.state = first, State.IDLE

    async def _exchange(self, job: Job) -> JobReply:
        await asyncio.get_running_loop().sock_sendall(self._channel, encode(job))
        reply = await self._receive()
        if isinstance(reply, JobReply):
            return reply
        raise ProtocolError(f"worker {self.pid} answered a job with {type(reply).__name__}")

    async def _give_up(self, cause: Literal["died", "timeout", "protocol"]) -> None:
        self.lost_by = cause
        await self.stop(grace_s=0)

    async def _receive(self) -> Message:
        loop = asyncio.get_running_loop()
        while data := await loop.sock_recv(self._channel, 1 << 18):
            messages = list(self._decoder.feed(data))
            if messages:
                if len(messages) > 1 or not self._decoder.is_empty:
                    raise ProtocolError(f"worker {self.pid} sent more than one answer")
                return messages[0]
        await self._ends_within(_RUNG_S)
        raise ConnectionResetError(f"worker {self.pid} closed its socket")

    async def _watch_end(self) -> None:
        assert self._process.stderr is not None
        while True:
            try:
                line = await self._process.stderr.readline()
            except ValueError:  # a line over the limit; what follows it is still read
                continue
            if not line:
                break
            self._stderr.append(line.decode(errors="replace").rstrip())
            logger.debug("worker_said", extra=self._fields() | {"said": self._stderr[-1]})
        await self._process.wait()
        self.state = State.DEAD
        self.ended.set()

    def _fields(self) -> dict[str, object]:
        request = {"request_id": self._request_id} if self._request_id else {}
        return {"role": self.spec.role, "pid": self.pid, **request}

    async def _ends_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self.ended.wait()
        except TimeoutError:
            return False
        return True


async def _within(seconds: float, work: Coroutine[None, None, T]) -> T:
    """The result of `work`, for which this process waits so long; time in which it stood still does not count.

    A machine that is paused, or a gateway that is stopped, finds the clock advanced and the answer in the socket: so
    the clock is read in steps, each of which counts for no more than itself, and the socket is looked at in between.

    Raises:
        TimeoutError: it took longer, and was cancelled.
    """
    doing = asyncio.ensure_future(work)
    try:
        while not doing.done() and seconds > 0:
            step = min(seconds, _LONGEST_STEP_S)
            began = time.monotonic()
            await asyncio.wait({doing}, timeout=step)
            if time.monotonic() - began < step + _STOOD_STILL_S:
                seconds -= step
        if doing.done():
            return doing.result()
        raise TimeoutError
    finally:
        doing.cancel()


async def _spawned(spec: WorkerSpec) -> tuple[asyncio.subprocess.Process, socket.socket]:
    """A new process, and our end of its socket.

    Raises:
        OSError: the system has no more of something; nothing is left open.
    """
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with theirs:
        try:
            process = await asyncio.create_subprocess_exec(
                *_command(theirs.fileno(), spec),
                pass_fds=(theirs.fileno(),),
                env=_environment(spec),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                limit=_LONGEST_STDERR_LINE,
                start_new_session=True,  # a Ctrl-C in the terminal is for the gateway, which drains
            )
        except BaseException:
            ours.close()
            raise
    return process, ours


def _command(fd: int, spec: WorkerSpec) -> list[str]:
    # -P keeps the current directory off the path: a stray numpy.py there is not ours.
    return [sys.executable, "-P", "-m", "inference.worker", "--fd", str(fd), "--spec", spec.to_json()]


def _environment(spec: WorkerSpec) -> dict[str, str]:
    threads = str(spec.threads)
    return {
        **{name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ},
        "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
        "PYTHONUNBUFFERED": "1",
        # What a job frees goes back at once: 133 MB of memory after a page, not 168 to 220, at the same CPU.
        "MALLOC_TRIM_THRESHOLD_": str(1 << 20),
        "ORT_DISABLE_TELEMETRY": "1",  # onnxruntime 1.32 keeps usage records otherwise
        "OMP_NUM_THREADS": threads,
        "OPENBLAS_NUM_THREADS": threads,
        "MKL_NUM_THREADS": threads,
    }
