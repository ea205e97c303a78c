from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from models.fetch import FetchError, FileState, fetch, verify
from tests.support.file_server import CONTENT, assert_only_the_file, file_from
from tests.support.processes import environment
from tests.support.waiting import DEADLINE_S, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.file_server import FileServer

ROOT = Path(__file__).parents[2]

# Fetches in a process of its own: argv is URL, directory, size and SHA-256 of the content.
FETCHER = """
import os, resource, signal, sys
from pathlib import Path
from models.fetch import FetchError, fetch
from models.manifest import File, PipSource, UrlSource

signal.signal(signal.SIGINT, signal.default_int_handler)  # a parent in the background leaves it ignored
url, directory, size, sha256 = sys.argv[1:]
source = UrlSource(url) if "://" in url else PipSource((url,), "part.bin")
file = File(name="m", about="", filename="m.onnx", bytes=int(size), sha256=sha256, licence="", sources=(source,))
if limit := os.environ.get("FILE_LIMIT"):
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
if os.environ.get("BE_NOBODY") and os.geteuid() == 0:
    os.seteuid(65534)
labels = set()

def progress(done, total, label):
    if label not in labels:
        labels.add(label)
        print(label, flush=True)

try:
    fetch(file, Path(directory), progress)
except FetchError as error:
    sys.exit(str(error))
"""


@contextmanager
def fetcher(source: str, directory: Path, **environment: str) -> Iterator[subprocess.Popen[str]]:
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    with subprocess.Popen(
        [sys.executable, "-c", FETCHER, source, str(directory), str(len(CONTENT)), sha256],
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def half_there(directory: Path) -> bool:
    part = directory / "m.onnx.part"
    return part.exists() and part.stat().st_size >= len(CONTENT) // 2


# --- what is there -------------------------------------------------------------------------------------


def test_a_file_is_fetched_with_progress_and_then_is_good(server: FileServer, tmp_path: Path) -> None:
    file, told = file_from(f"{server.url}/good"), []
    directory = tmp_path / "not" / "there" / "yet"
    assert verify(file, directory) is FileState.MISSING
    assert fetch(file, directory, lambda *figures: told.append(figures)) == directory / "m.onnx"
    assert verify(file, directory) is FileState.GOOD
    assert_only_the_file(directory)
    assert [done for done, _, _ in told] == sorted(done for done, _, _ in told)
    assert told[-1] == (len(CONTENT), len(CONTENT), "verified")
    assert {label for _, _, label in told[:-1]} == {"127.0.0.1"}


def test_a_good_file_is_not_fetched_again(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(CONTENT)
    fetch(file_from(f"{server.url}/good"), tmp_path)
    assert server.requests == []


@pytest.mark.parametrize(
    "damaged", [b"", CONTENT[:1000], CONTENT + b"more", CONTENT[:-1] + bytes([CONTENT[-1] ^ 1])]
)
def test_a_truncated_or_altered_file_is_fetched_again(
    server: FileServer, tmp_path: Path, damaged: bytes
) -> None:
    file = file_from(f"{server.url}/good")
    (tmp_path / "m.onnx").write_bytes(damaged)
    assert verify(file, tmp_path) is FileState.DAMAGED
    fetch(file, tmp_path)
    assert_only_the_file(tmp_path)


def test_a_damaged_file_stays_until_a_good_one_can_take_its_place(tmp_path: Path, closed_port: int) -> None:
    (tmp_path / "m.onnx").write_bytes(b"precious to somebody")
    with pytest.raises(FetchError):
        fetch(file_from(f"http://127.0.0.1:{closed_port}/m"), tmp_path)
    assert (tmp_path / "m.onnx").read_bytes() == b"precious to somebody"


# --- other processes, signals, full and read-only disks ------------------------------------------------


def test_two_processes_at_once_fetch_one_good_copy(server: FileServer, tmp_path: Path) -> None:
    with fetcher(f"{server.url}/gated", tmp_path) as first:
        wait_for(lambda: half_there(tmp_path), "half of the file is there")
        with fetcher(f"{server.url}/gated", tmp_path) as second:
            assert second.stdout is not None
            assert second.stdout.readline() == "another process\n"
            server.gate.set()
            assert (first.wait(DEADLINE_S), second.wait(DEADLINE_S)) == (0, 0)
    assert server.requests == [("/gated", None)]
    assert_only_the_file(tmp_path)


@pytest.mark.slow
def test_a_process_that_waited_for_one_that_failed_fetches_itself(server: FileServer, tmp_path: Path) -> None:
    with fetcher(f"{server.url}/silent", tmp_path) as first:
        wait_for(lambda: server.requests, "a request came")
        with fetcher(f"{server.url}/good", tmp_path) as second:
            assert second.stdout is not None
            assert second.stdout.readline() == "another process\n"
            assert (first.wait(DEADLINE_S), second.wait(DEADLINE_S)) == (1, 0)
    assert_only_the_file(tmp_path)


@pytest.mark.slow
def test_many_processes_started_together_fetch_one_good_copy(server: FileServer, tmp_path: Path) -> None:
    with ExitStack() as stack:
        crowd = [stack.enter_context(fetcher(f"{server.url}/good", tmp_path)) for _ in range(5)]
        assert [process.wait(DEADLINE_S) for process in crowd] == [0] * 5
    assert server.requests == [("/good", None)]
    assert_only_the_file(tmp_path)


def test_a_killed_fetch_holds_up_nobody_and_is_resumed(server: FileServer, tmp_path: Path) -> None:
    with fetcher(f"{server.url}/gated", tmp_path) as process:
        wait_for(lambda: half_there(tmp_path), "half of the file is there")
        process.kill()
    assert not (tmp_path / "m.onnx").exists()
    fetch(file_from(f"{server.url}/good"), tmp_path)
    assert server.requests[1:] == [("/good", "bytes=1500000-")]
    assert_only_the_file(tmp_path)


def test_what_a_killed_fetch_left_is_cleared_where_the_file_is_there(tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(CONTENT)  # put there by hand
    (tmp_path / "m.onnx.part").write_bytes(CONTENT[:1000])
    (tmp_path / "m.onnx.scratch" / "cache").mkdir(parents=True)
    fetch(file_from(), tmp_path)
    assert_only_the_file(tmp_path)


def test_what_another_process_works_on_is_left_to_it(server: FileServer, tmp_path: Path) -> None:
    with fetcher(f"{server.url}/gated", tmp_path) as busy:
        wait_for(lambda: half_there(tmp_path), "half of the file is there")
        (tmp_path / "m.onnx").write_bytes(CONTENT)
        fetch(file_from(), tmp_path)
        assert half_there(tmp_path)
        server.gate.set()
        assert busy.wait(DEADLINE_S) == 0
    assert_only_the_file(tmp_path)


def test_a_start_that_has_its_files_does_not_wait_for_the_http_client() -> None:
    program = "import sys, models.fetch; print('httpx' in sys.modules, 'numpy' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "False"]


def test_an_interrupted_fetch_leaves_no_bad_file(server: FileServer, tmp_path: Path) -> None:
    with fetcher(f"{server.url}/gated", tmp_path) as process:
        wait_for(lambda: half_there(tmp_path), "half of the file is there")
        process.send_signal(signal.SIGINT)
        assert process.wait(DEADLINE_S) == -signal.SIGINT
    assert [path.name for path in tmp_path.iterdir()] == ["m.onnx.part"]


@pytest.mark.slow
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_fetch_ends_the_package_client_it_started(
    server: FileServer, tmp_path: Path, end: signal.Signals
) -> None:
    index = {
        "KOKORO_API_KEYS": "secret",
        "PIP_INDEX_URL": f"{server.url}/silent",
        "PIP_DEFAULT_TIMEOUT": "300",
        "PIP_CONFIG_FILE": os.devnull,
    }
    with fetcher("some-package==1", tmp_path, **index) as process:
        wait_for(lambda: server.requests, "a request came")
        clients = psutil.Process(process.pid).children(recursive=True)
        assert clients
        assert not any("secret" in environment(client).values() for client in clients)
        process.send_signal(end)
        assert process.wait(DEADLINE_S) == -end
    assert psutil.wait_procs(clients, timeout=DEADLINE_S)[1] == []
    if end is not signal.SIGKILL:
        assert list(tmp_path.iterdir()) == []
    fetch(file_from(f"{server.url}/good"), tmp_path)
    assert_only_the_file(tmp_path)


def test_a_disk_that_takes_no_more_is_told_and_keeps_what_it_took(server: FileServer, tmp_path: Path) -> None:
    with fetcher(f"{server.url}/good", tmp_path, FILE_LIMIT="1000000") as process:
        _, message = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 1
    assert f"{tmp_path} cannot hold m.onnx (3,000,000 bytes): File too large" in message
    assert [path.name for path in tmp_path.iterdir()] == ["m.onnx.part"]


def test_a_directory_that_may_not_be_written_is_told(server: FileServer, tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    with fetcher(f"{server.url}/good", tmp_path, BE_NOBODY="1") as process:
        _, message = process.communicate(timeout=DEADLINE_S)
    tmp_path.chmod(0o755)
    assert process.returncode == 1
    assert f"{tmp_path} cannot hold m.onnx (3,000,000 bytes): Permission denied" in message


def test_a_file_in_the_place_of_the_directory_is_told(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("not a directory")
    with pytest.raises(FetchError, match=r"models cannot hold m\.onnx .*: (File exists|Not a directory)"):
        fetch(file_from(), tmp_path / "models")
