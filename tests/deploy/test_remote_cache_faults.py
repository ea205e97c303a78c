"""One remote cache and its server, whatever is wrong with that."""

from __future__ import annotations

import asyncio
import logging
import math
import os
import random
import subprocess
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from gateway.cli import USERS_CAN_MEND
from gateway.settings import Settings
from gateway.speech import cache_remote, cache_writes
from gateway.speech.cache import HeldResponse, HeldSegment
from gateway.speech.cache_remote import MOST_ASKED, MOST_MISSED, RemoteCache
from gateway.speech.cache_server import CONNECTIONS, RemoteCacheUnavailable
from gateway.speech.cache_values import Values
from gateway.speech.cache_writes import MOST_BYTES
from gateway.tools.doctor import examine
from inference import HeardWord
from tests.deploy.redis_server import delayed, redis_server, saying, silent_about
from tests.deploy.tools import free_port
from tests.support.tls import certificate
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from gateway.tools.doctor import Check
    from tests.deploy.redis_server import RedisServer

TTL_S = 300.0
RESPONSE = HeldResponse(b"sound" * 1000, 2, 30, 1.5, (HeardWord(0, 5, 0.1, 0.6),))
KEYS = [bytes([number]) * 32 for number in range(50)]
NEVER = [bytes([number]) * 32 for number in range(100, 110)]
"""Keys of what no gateway has written."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """For the tests that do it no harm."""
    with redis_server(tmp_path_factory.mktemp("redis")) as started:
        yield started


@asynccontextmanager
async def remote_cache(
    url: str, *, answers: bool = True, secret: str = "", ttl_s: float = TTL_S
) -> AsyncIterator[RemoteCache]:
    """A remote cache on the server of this URL."""
    cache = RemoteCache(url, secret, ttl_s)
    async with cache.running():
        if answers:
            await until(lambda: cache.status().is_answering, "the server found")
        yield cache


def happened(cache: RemoteCache, event: str) -> int:
    """How often, to entries of any kind."""
    return sum(count for (_, name), count in cache.status().events.items() if name == event)


async def write(cache: RemoteCache, key: bytes, entry: HeldResponse | HeldSegment = RESPONSE) -> None:
    """Have it written, and wait for that."""
    before = happened(cache, "written")
    cache.put(key, entry)
    await until(lambda: happened(cache, "written") > before, "it is written")


async def look_up(cache: RemoteCache, key: bytes) -> HeldResponse | None:
    """What there is, however often a busy machine keeps it from coming in time."""
    answered = happened(cache, "hit") + happened(cache, "miss")
    while True:
        found = await cache.get(HeldResponse, key)
        if happened(cache, "hit") + happened(cache, "miss") > answered:
            return found
        await asyncio.sleep(0.1)


async def test_what_is_written_is_found_and_ends_with_its_time(server: RedisServer) -> None:
    async with remote_cache(server.url) as cache:
        await write(cache, KEYS[0])
        assert await look_up(cache, KEYS[0]) == RESPONSE
        assert 0 < server.ask("PTTL", Values("").name(KEYS[0])) <= TTL_S * 1000
        assert await cache.get(HeldResponse, KEYS[1]) is None


@pytest.mark.parametrize("ttl_s", [1e-6, 1e30, math.inf])
async def test_any_time_to_live_is_taken(ttl_s: float, server: RedisServer) -> None:
    async with remote_cache(server.url, ttl_s=ttl_s) as cache:
        await write(cache, KEYS[3])


async def test_the_largest_response_comes_in_pieces(server: RedisServer) -> None:
    large = HeldResponse(os.urandom(4 << 20), 100, 4000, 300.0, RESPONSE.words * 4000)
    async with remote_cache(server.url) as cache:
        await write(cache, KEYS[2], large)
        assert await look_up(cache, KEYS[2]) == large


def times_asked(server: RedisServer) -> int:
    """How often it has been asked for some of a value."""
    counted = server.ask("INFO", "commandstats").get("cmdstat_getrange", {"calls": 0})
    return int(counted["calls"])


async def test_a_thousand_who_ask_at_once_ask_once_for_the_same_and_else_not_all(server: RedisServer) -> None:
    async with remote_cache(server.url) as cache:
        await write(cache, KEYS[0])
        before = times_asked(server)
        found = await asyncio.gather(*(cache.get(HeldResponse, KEYS[0]) for _ in range(1000)))
        assert len(set(map(id, found))) == 1
        for _ in range(1000):
            cache.put(KEYS[1], RESPONSE)
        assert cache.status().queued == 1
        assert times_asked(server) == before + 1
        others = (number.to_bytes(32, "big") for number in range(1000))
        await asyncio.gather(*(cache.get(HeldResponse, key) for key in others))
        assert happened(cache, "skipped") == 1000 - MOST_ASKED
        assert not cache._asked


def ways(directory: Path) -> dict[str, tuple[list[str], str]]:
    """Options of a server, and the URL by which it is reached then."""
    made, key = certificate(directory)
    tls, socket = free_port(), directory / "redis.sock"
    encrypted = [
        "--tls-port",
        tls,
        "--tls-cert-file",
        made,
        "--tls-key-file",
        key,
        "--tls-auth-clients",
        "no",
    ]
    user = ["--user", "kokoro", "on", ">pw", "~kokoro-gateway:*", "+getrange", "+set"]
    return {
        "TLS": (list(map(str, encrypted)), f"rediss://127.0.0.1:{tls}?ssl_ca_certs={made}"),
        "a socket": (["--unixsocket", str(socket)], f"unix://{socket}"),
        "a password": (["--requirepass", "a/b@c#d"], "redis://:a%2Fb%40c%23d@127.0.0.1:{port}"),
        "a user of few rights": (user, "redis://kokoro:pw@127.0.0.1:{port}"),
        "another database": ([], "redis://127.0.0.1:{port}/3"),
        "its other name": ([], "valkey://127.0.0.1:{port}"),
        "its other name and TLS": (
            list(map(str, encrypted)),
            f"Valkeys://127.0.0.1:{tls}?ssl_ca_certs={made}",
        ),
    }


@pytest.mark.parametrize(
    "way",
    [
        *("TLS", "a socket", "a password", "a user of few rights", "another database", "its other name"),
        "its other name and TLS",
    ],
)
async def test_every_way_to_a_server_works(way: str, tmp_path: Path) -> None:
    options, url = ways(tmp_path)[way]
    with redis_server(tmp_path, *options) as server:
        async with remote_cache(url.format(port=server.port)) as cache:
            await write(cache, KEYS[0])
            assert await look_up(cache, KEYS[0]) == RESPONSE


async def test_a_frozen_server_is_waited_for_three_times_and_comes_back_by_itself(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with redis_server(tmp_path) as server:
        async with remote_cache(server.url) as cache:
            await write(cache, KEYS[0])
            server.freeze()
            for _ in range(MOST_MISSED + 5):
                assert await cache.get(HeldResponse, KEYS[0]) is None
            assert happened(cache, "late") == MOST_MISSED
            assert happened(cache, "skipped") == 5
            cache.put(KEYS[1], RESPONSE)
            assert happened(cache, "dropped") == 1
            server.thaw()
            await until(lambda: cache.status().is_answering, "it has come back")
            assert await look_up(cache, KEYS[0]) == RESPONSE
    said = [record.message for record in caplog.records if record.name == cache_remote.__name__]
    assert said[:3] == ["remote_cache_answers", "remote_cache_lost", "remote_cache_answers"]


async def test_a_server_that_dies_is_no_fault_and_is_found_again(tmp_path: Path) -> None:
    with redis_server(tmp_path) as server:
        port = server.port
        async with remote_cache(server.url) as cache:
            await write(cache, KEYS[0])
            server.process.kill()
            server.process.wait()
            for _ in range(MOST_MISSED + 2):
                assert await cache.get(HeldResponse, KEYS[0]) is None
            assert not cache.status().is_answering
            with redis_server(tmp_path, port=port):
                await until(lambda: cache.status().is_answering, "it is found again")
                assert await look_up(cache, KEYS[0]) is None
                await write(cache, KEYS[0])
                assert await look_up(cache, KEYS[0]) == RESPONSE


async def test_a_server_that_is_not_there_at_the_start_is_found_when_it_comes(tmp_path: Path) -> None:
    port = free_port()
    async with remote_cache(f"redis://127.0.0.1:{port}", answers=False) as cache:
        assert await cache.get(HeldResponse, KEYS[0]) is None
        assert happened(cache, "skipped") == 1
        with redis_server(tmp_path, port=port):
            await until(lambda: cache.status().is_answering, "it is found")


@pytest.mark.parametrize(
    ("fault", "options"),
    [
        ("full", ("--maxmemory", "1kb", "--maxmemory-policy", "noeviction")),
        ("read-only", ("--replicaof", "127.0.0.1", "1")),
    ],
)
async def test_a_server_that_takes_nothing_is_still_read(
    fault: str, options: tuple[str, ...], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with redis_server(tmp_path, *options) as server:
        async with remote_cache(server.url) as cache:
            for key in KEYS[:4]:
                cache.put(key, RESPONSE)
            await until(lambda: happened(cache, "refused"), "it refuses")
            cache.put(KEYS[4], RESPONSE)
            assert (happened(cache, "refused"), happened(cache, "dropped")) == (1, 4)
            assert await look_up(cache, KEYS[0]) is None
    assert [r.message for r in caplog.records if r.name == cache_writes.__name__] == ["remote_cache_refuses"]


@pytest.mark.parametrize("user", ["", ":wrong-password@", "nobody:wrong-password@"])
async def test_a_server_that_lets_nobody_in_is_left_alone(
    user: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with redis_server(tmp_path, "--requirepass", "right-password", user=":right-password@") as server:
        async with remote_cache(f"redis://{user}127.0.0.1:{server.port}", answers=False) as cache:
            await until(lambda: caplog.records, "it says so")
            assert not cache.status().is_answering
            assert await cache.get(HeldResponse, KEYS[0]) is None
    (record,) = caplog.records
    assert record.message == "remote_cache_lost"
    assert "password" not in str(vars(record))


NONSENSE = {
    "nothing": b"",
    "noise": bytes(range(256)) * 4,
    "another protocol": b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
    "always OK": b"+OK\r\n",
    "a number": b":5\r\n",
    "null": b"$-1\r\n",
    "a list": b"*2\r\n$1\r\na\r\n$1\r\nb\r\n",
    "an error": b"-ERR \x1b[31m no\r\n",
    "it moved": b"-MOVED 3999 127.0.0.1:6381\r\n",
    "it wants a password": b"-NOAUTH Authentication required.\r\n",
    "it starts": b"-LOADING Redis is loading the dataset in memory\r\n",
    "a value of ours that is none": b"$400\r\n" + bytes(400) + b"\r\n",
    "a length that is none": b"$many\r\n",
    "too long": b"$2147483647\r\n" + bytes(1 << 16),
    "a line without end": b"+" + b"x" * (1 << 17),
    "lists in lists": b"*1\r\n" * 50_000,
    "a list without end": b"*1000000000\r\n:1\r\n",
}


@pytest.mark.parametrize("endless", [False, True])
@pytest.mark.parametrize("answer", NONSENSE.values(), ids=NONSENSE)
async def test_nonsense_is_a_miss(answer: bytes, endless: bool) -> None:
    url = "redis://127.0.0.1:{}".format
    async with (
        saying(answer, endless=endless and bool(answer), sane=2 * CONNECTIONS) as port,
        remote_cache(url(port)) as cache,
    ):
        for _ in range(MOST_MISSED + 1):
            assert await cache.get(HeldResponse, KEYS[0]) is None
        cache.put(KEYS[0], RESPONSE)
        events = cache.status().events
    assert happened(cache, "late") + happened(cache, "failed") + happened(cache, "unusable") >= MOST_MISSED, (
        events
    )


@pytest.mark.parametrize("answer", [b"+HELLO\r\n", b"HELLO\r\n", b"$1\r\n1\r\n"])
async def test_what_talks_nonsense_from_the_start_is_never_asked(answer: bytes) -> None:
    async with (
        saying(answer) as port,
        remote_cache(f"redis://127.0.0.1:{port}", answers=False) as cache,
    ):
        await asyncio.sleep(0.2)
        assert await cache.get(HeldResponse, KEYS[0]) is None
        assert happened(cache, "skipped") == 1


@pytest.mark.parametrize("seconds", [0.019, 0.2])
async def test_a_slow_server_costs_its_limit_at_most_three_times_in_a_row(
    seconds: float, server: RedisServer
) -> None:
    url = "redis://127.0.0.1:{}".format
    async with delayed(server.port, seconds) as port, remote_cache(url(port), answers=False) as cache:
        await asyncio.sleep(1)
        for _ in range(20):
            await cache.get(HeldResponse, NEVER[0])
        assert happened(cache, "late") < 20
        assert seconds < 0.1 or happened(cache, "skipped") == 20
        assert not happened(cache, "failed") + happened(cache, "unusable") + happened(cache, "hit")


async def test_a_server_that_answers_others_meanwhile_is_not_lost() -> None:
    """What is late then waits for this process, at which many have asked at once."""
    keys = KEYS[:MOST_MISSED]
    async with (
        silent_about(*map(Values("").name, keys)) as port,
        remote_cache(f"redis://127.0.0.1:{port}") as cache,
    ):
        waiting = asyncio.gather(*(cache.get(HeldResponse, key, 0.5) for key in keys))
        while not waiting.done():
            await cache.get(HeldResponse, NEVER[0], 0.5)  # long enough for a busy machine
        assert happened(cache, "miss")
        assert happened(cache, "late") >= MOST_MISSED
        assert cache.status().is_answering


async def test_who_stops_waiting_leaves_no_answer_for_another(server: RedisServer) -> None:
    chance = random.Random(7)  # noqa: S311 - the same every time
    entries = {key: HeldResponse(key * chance.randrange(1, 9000), 1, 1, 1.0) for key in KEYS}
    async with remote_cache(server.url) as cache:
        for key, entry in entries.items():
            await write(cache, key, entry)

        async def leave(key: bytes) -> None:
            limit_s = chance.choice([0.0, 0.0002, 0.001, 0.02])
            found = await cache.get(HeldResponse, key, limit_s)
            assert found in (None, entries[key])
            cache._missed = 0  # or it would be left alone after three of them

        for _ in range(20):
            await asyncio.gather(*(leave(chance.choice(KEYS)) for _ in range(20)))
        assert happened(cache, "late")
        assert not happened(cache, "unusable")
        for key, entry in entries.items():
            assert await look_up(cache, key) == entry


async def test_a_value_under_another_name_or_of_another_kind_is_a_miss(server: RedisServer) -> None:
    values = Values("")
    async with remote_cache(server.url) as cache:
        server.ask("SET", values.name(NEVER[1]), values.value(NEVER[0], RESPONSE))
        server.ask("SET", values.name(NEVER[2]), values.value(NEVER[2], RESPONSE)[:-1])
        server.ask("SET", values.name(NEVER[3]), b"somebody else's")
        server.ask("RPUSH", values.name(NEVER[4]), b"a list")
        large = HeldResponse(bytes(4 << 20), 1, 1, 1.0)
        server.ask("SET", values.name(NEVER[5]), values.value(NEVER[5], large)[: 3 << 20])
        server.ask("SET", values.name(NEVER[6]), values.value(NEVER[6], large)[: 1 << 20])
        server.ask("SET", values.name(NEVER[7]), values.value(NEVER[7], large) + b"more")
        for key in NEVER[1:8]:
            assert await cache.get(HeldResponse, key) is None
        assert happened(cache, "unusable") + happened(cache, "late") >= 3
        assert not happened(cache, "hit")


async def test_what_is_too_much_to_be_written_is_dropped_and_the_end_is_not_held_up(tmp_path: Path) -> None:
    with redis_server(tmp_path) as server:
        async with remote_cache(server.url) as cache:
            server.freeze()
            large = HeldResponse(bytes(MOST_BYTES // 4), 1, 1, 1.0)
            for key in KEYS[:8]:
                cache.put(key, large)
            assert happened(cache, "dropped") == 4
            assert cache.status().queued == 4
        assert not happened(cache, "written")


async def test_what_waits_at_the_end_is_written(tmp_path: Path) -> None:
    with redis_server(tmp_path) as server:
        async with remote_cache(server.url) as cache:
            for key in KEYS:
                cache.put(key, RESPONSE)
        assert len(server.names()) == len(KEYS)


def test_without_the_client_it_is_said_what_to_install() -> None:
    program = (
        "import sys; sys.modules['redis'] = sys.modules['redis.asyncio'] = None\n"
        "import gateway.http.app; from gateway.settings import Settings\n"
        "from gateway.speech.cache_remote import RemoteCache; RemoteCache.of(Settings.from_environment())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"KOKORO_CACHE_URL": "redis://127.0.0.1"},
    )
    assert "install kokoro-gateway[redis]" in done.stderr.splitlines()[-1]
    assert RemoteCacheUnavailable in USERS_CAN_MEND


def test_without_a_server_the_client_is_not_loaded() -> None:
    program = "import sys, gateway.cli, gateway.http.app; assert not 'redis' in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize(
    ("options", "user", "is_well", "found"),
    [
        (("--maxmemory-policy", "allkeys-lru"), "", True, "takes entries"),
        ((), "", True, "set allkeys-lru"),
        (("--maxmemory", "1kb"), "", False, "OutOfMemoryError"),
        (("--replicaof", "127.0.0.1", "1"), "", False, "ReadOnlyError"),
        (("--requirepass", "hush-hush"), ":hash-hash@", False, "AuthenticationError"),
        (("--requirepass", "hush-hush"), ":hush-hush@", True, "takes entries"),
    ],
)
def test_the_doctor_says_whether_the_server_answers(
    options: tuple[str, ...], user: str, is_well: bool, found: str, tmp_path: Path
) -> None:
    with redis_server(tmp_path, *options) as server:
        url = f"redis://{user}127.0.0.1:{server.port}"
        check = checked(url, tmp_path)
    assert (check.is_well, check.is_needed) == (is_well, is_well)
    assert found in check.found
    assert "hush" not in check.found + check.advice


def test_a_server_that_is_gone_is_found_and_keeps_nobody_from_starting(tmp_path: Path) -> None:
    check = checked(f"redis://127.0.0.1:{free_port()}", tmp_path)
    assert (check.is_well, check.is_needed) == (False, False)
    assert "ConnectionError" in check.found


def checked(url: str, models_dir: Path) -> Check:
    """What the doctor finds of the remote cache."""
    report = examine(Settings.from_environment(port=0, models_dir=models_dir, cache_url=url), lambda *_: None)
    (check,) = (check for check in report.checks if check.name == "remote cache")
    return check
