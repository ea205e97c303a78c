"""The main of a worker, started as its parent starts it, at the other end of its socket."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psutil
import pytest

from inference.framing import Decoder, encode
from inference.protocol import (
    Audio,
    Failure,
    Reading,
    Ready,
    SpeechJob,
    StartFailed,
    TextJob,
    Unit,
    WorkerSpec,
)
from inference.worker import CANNOT_START, OK, PROTOCOL
from tests.support.tree import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inference.protocol import Message

DEADLINE_S = 60.0
TEXT = WorkerSpec(role="text", engine="inference.text.engine:TextEngine")


class Worker:
    """A worker and our end of its socket. Lives as long as a test."""

    def __init__(self, process: subprocess.Popen[str], channel: socket.socket) -> None:
        self.process = process
        self.channel = channel
        self._decoder = Decoder()

    def hear(self) -> Message:
        """The next message."""
        while data := self.channel.recv(1 << 16):
            if messages := list(self._decoder.feed(data)):
                (message,) = messages
                return message
        raise AssertionError("the worker closed its socket")

    def say(self, data: bytes) -> None:
        """Send some bytes."""
        self.channel.sendall(data)

    def leave(self) -> int:
        """Close the socket, as a gateway does that ends or dies, and wait for the exit code."""
        self.channel.close()
        return self.process.wait(DEADLINE_S)


@contextmanager
def started(spec: WorkerSpec) -> Iterator[Worker]:
    ours, theirs = socket.socketpair()
    ours.settimeout(DEADLINE_S)
    process = subprocess.Popen(
        [sys.executable, "-m", "inference.worker", "--fd", str(theirs.fileno()), "--spec", spec.to_json()],
        pass_fds=(theirs.fileno(),),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    theirs.close()
    with process, ours:
        yield Worker(process, ours)
        process.kill()


def test_a_worker_is_ready_works_and_leaves_with_its_gateway() -> None:
    with started(TEXT) as worker:
        assert isinstance(worker.hear(), Ready)
        worker.say(encode(TextJob("r1", "Hello. You.", "en-us")))
        reply = worker.hear()
        assert isinstance(reply, Reading)
        assert len(reply.sentences) == 2
        assert worker.leave() == OK


def test_a_worker_leaves_in_the_middle_of_a_job_when_its_gateway_is_gone(speech_spec: WorkerSpec) -> None:
    with started(speech_spec) as worker:
        assert isinstance(worker.hear(), Ready)
        worker.say(encode(SpeechJob("r1", Unit("zzz!", (("af_hang", 1.0),), 1.0))))
        time.sleep(0.2)
        assert worker.leave() == OK


def test_what_a_library_prints_goes_to_standard_error(speech_spec: WorkerSpec) -> None:
    with started(speech_spec) as worker:
        assert isinstance(worker.hear(), Ready)
        worker.say(encode(SpeechJob("r1", Unit("bla!", (("af_chatty", 1.0),), 1.0))))
        assert isinstance(worker.hear(), Audio)
        worker.leave()
        out, err = worker.process.communicate()
    assert out == ""
    assert "a library prints" in err
    assert "a library quotes" not in err, "at debug level that is a line of the log"


@pytest.mark.parametrize(
    "said",
    [
        b"\x00\x00\x00\x03abc",
        b"\xff" * 100,
        encode(TextJob("r1", "Hello.", "en-us"))[:-3],
    ],
)
def test_a_gateway_that_talks_nonsense_is_left(said: bytes) -> None:
    with started(TEXT) as worker:
        assert isinstance(worker.hear(), Ready)
        worker.say(said)
        worker.channel.shutdown(socket.SHUT_WR)
        assert worker.process.wait(DEADLINE_S) in {PROTOCOL, OK}  # OK: the guard saw the end first


def test_a_job_of_the_other_role_is_refused_and_the_next_one_done() -> None:
    with started(TEXT) as worker:
        assert isinstance(worker.hear(), Ready)
        worker.say(encode(SpeechJob("r1", Unit("hello", (("af_heart", 1.0),), 1.0))))
        reply = worker.hear()
        assert isinstance(reply, Failure)
        assert "cannot do a SpeechJob" in reply.message
        worker.say(encode(TextJob("r1", "Hello.", "xx")))
        reply = worker.hear()
        assert isinstance(reply, Failure)
        assert reply.kind == "language"


def test_a_worker_that_cannot_start_says_why_and_leaves_with_a_code_of_its_own() -> None:
    with started(WorkerSpec(role="speech", engine="inference.text.phonemizer:NoSuchEngine")) as worker:
        reply = worker.hear()
        assert isinstance(reply, StartFailed)
        assert "NoSuchEngine" in reply.reason
        assert worker.process.wait(DEADLINE_S) == CANNOT_START


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system pins no process")
def test_a_worker_takes_its_place_before_it_loads() -> None:
    cpu = min(os.sched_getaffinity(0))
    with started(WorkerSpec(role="text", engine=TEXT.engine, cpus=(cpu,))) as worker:
        assert isinstance(worker.hear(), Ready)
        process = psutil.Process(worker.process.pid)
        assert process.cpu_affinity() == [cpu]
