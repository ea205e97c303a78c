from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import random
import signal
import struct
import sys
import threading
from base64 import b64decode
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

import httpx
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from gateway.speech.cache import ENTRY_BYTES, Cache, HeldResponse, HeldSegment
from gateway.speech.shared_work import SharedWork
from tests.support.gateway import Gateway
from tests.support.sound import decode
from tests.support.streams import open_stream
from tests.support.waiting import DEADLINE_S, wait_for

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator
    from pathlib import Path

ENTRIES, TTL_S, MAX_BYTES = 4, 10.0, 4 * ENTRY_BYTES + 100
KEYS = [bytes([n]) for n in range(8)]

T = TypeVar("T")


class CacheIsItsModel(RuleBasedStateMachine):
    """The cache beside a list of what it must hold, used longest ago first."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.cache = Cache(ENTRIES, TTL_S, MAX_BYTES, clock=lambda: self.now)
        self.held: list[tuple[bytes, HeldSegment | HeldResponse, float]] = []
        self.events: Counter[tuple[str, str]] = Counter()

    @rule(key=st.sampled_from(KEYS), size=st.integers(0, MAX_BYTES), whole=st.booleans())
    def put(self, key: bytes, size: int, whole: bool) -> None:
        entry = HeldResponse(bytes(size), 1, 1, 1.0) if whole else HeldSegment(bytes(size))
        self.cache.put(key, entry)
        self._expire()
        if size + ENTRY_BYTES > MAX_BYTES:
            return
        self.held = [one for one in self.held if one[0] != key]
        while len(self.held) >= ENTRIES:
            self._evict("evicted_entries")
        while self._bytes() + size + ENTRY_BYTES > MAX_BYTES:
            self._evict("evicted_bytes")
        self.held.append((key, entry, self.now))

    @rule(key=st.sampled_from(KEYS), whole=st.booleans())
    def get(self, key: bytes, whole: bool) -> None:
        kind: type[Any] = HeldResponse if whole else HeldSegment
        self._expire()
        found = next((one for one in self.held if one[0] == key), None)
        if found is not None and not isinstance(found[1], kind):
            return  # a key says the kind of its entry
        assert self.cache.get(kind, key) is (found[1] if found else None)
        self.events[kind.kind, "hit" if found else "miss"] += 1
        if found:
            self.held.remove(found)
            self.held.append(found)

    @rule(seconds=st.floats(0, TTL_S))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @invariant()
    def agree(self) -> None:
        self._expire()
        status = self.cache.status()
        assert (status.entries, status.bytes) == (len(self.held), self._bytes())
        assert dict(status.events) == dict(self.events)
        assert status.entries <= ENTRIES
        assert status.bytes <= MAX_BYTES

    def _bytes(self) -> int:
        return sum(len(entry.data) + ENTRY_BYTES for _, entry, _ in self.held)

    def _evict(self, cause: str) -> None:
        self.events[self.held.pop(0)[1].kind, cause] += 1

    def _expire(self) -> None:
        for one in [one for one in self.held if one[2] <= self.now - TTL_S]:
            self.held.remove(one)
            self.events[one[1].kind, "evicted_ttl"] += 1


CacheIsItsModel.TestCase.settings = hypothesis_settings(
    max_examples=150, stateful_step_count=40, deadline=None
)
test_cache_is_its_model = CacheIsItsModel.TestCase


def test_nothing_keeps_what_the_cache_has_let_go() -> None:
    now = 0.0
    cache = Cache(ENTRIES, TTL_S, MAX_BYTES, clock=lambda: now)
    entries = [HeldSegment(bytes(size)) for size in (0, 0, 0, 0, 0, MAX_BYTES - ENTRY_BYTES, 1, 2)]
    before = [sys.getrefcount(entry) for entry in entries]
    for number, key in enumerate(KEYS):
        cache.put(key, entries[number])
    cache.put(KEYS[-1], HeldSegment(b""))
    now = TTL_S
    assert cache.status().entries == 0
    assert {event for _, event in cache.status().events} == {
        "evicted_entries",
        "evicted_bytes",
        "evicted_ttl",
    }
    assert [sys.getrefcount(entry) for entry in entries] == before


def test_threads_never_get_another_keys_entry_and_leave_the_sums_right() -> None:
    ticks, stopped = itertools.count(), threading.Event()
    cache = Cache(50, 500, 200_000, clock=lambda: 0 if stopped.is_set() else next(ticks))

    def work(seed: int) -> int:
        chance, hits = random.Random(seed), 0  # noqa: S311 - the same every time
        for _ in range(4000):
            number = chance.randrange(120)
            key = cache.key("segment", number)
            if chance.random() < 0.5:
                cache.put(key, HeldSegment(number.to_bytes(2) * (number * 20)))
            elif found := cache.get(HeldSegment, key):
                assert found.data == number.to_bytes(2) * (number * 20)
                hits += 1
            if chance.random() < 0.01:
                assert cache.status().bytes <= 200_000
        return hits

    with ThreadPoolExecutor(4) as threads:
        hits = sum(threads.map(work, range(4)))
    stopped.set()  # at 0, so that nothing expires any more
    status = cache.status()
    assert status.events["segment", "evicted_ttl"] > 0
    assert hits == status.events["segment", "hit"] > 0
    assert status.entries <= 50
    left = [cache.get(HeldSegment, cache.key("segment", number)) for number in range(120)]
    assert cache.status().bytes == sum(len(found.data) + ENTRY_BYTES for found in left if found)


@pytest.mark.parametrize(("entries", "ttl_s", "max_bytes"), [(0, 10, 10**6), (10, 0, 10**6), (10, 10, 0)])
def test_a_limit_of_zero_turns_it_off(entries: int, ttl_s: float, max_bytes: int) -> None:
    cache = Cache(entries, ttl_s, max_bytes)
    cache.put(b"k", HeldSegment(b"12"))
    assert not cache.is_on
    assert cache.status().entries == 0


facts = st.lists(st.text() | st.floats(allow_nan=False) | st.integers(), max_size=4)


@given(facts, facts)
def test_other_facts_have_another_key(some: list[Any], others: list[Any]) -> None:
    cache = Cache(1, 1, 1, "model")
    is_same = list(map(repr, some)) == list(map(repr, others))
    assert (cache.key("segment", *some) == cache.key("segment", *others)) == is_same


def test_kind_and_model_are_part_of_the_key() -> None:
    keys = {Cache(1, 1, 1, model).key(kind, "a") for model in ("x", "y") for kind in ("segment", "response")}
    assert len(keys) == 4


# Work that several wait for


async def all_of(items: AsyncGenerator[T, None]) -> list[T]:
    async with contextlib.aclosing(items):
        return [item async for item in items]


async def test_many_at_once_cost_one_piece_of_work() -> None:
    flights: SharedWork[int] = SharedWork()
    begun, go = itertools.count(), asyncio.Event()

    async def work() -> AsyncGenerator[int, None]:
        number = next(begun)
        yield number
        await go.wait()
        yield number + 100

    waiting = [asyncio.create_task(all_of(flights.join(b"k", work))) for _ in range(20)]
    await asyncio.sleep(0)
    go.set()
    assert await asyncio.gather(*waiting) == [[0, 100]] * 20
    assert len(flights) == 0
    assert await all_of(flights.join(b"k", work)) == [1, 101]


async def test_who_comes_late_gets_what_was_given_at_once_and_the_rest_as_it_comes() -> None:
    flights: SharedWork[int] = SharedWork()
    go = asyncio.Event()

    async def work() -> AsyncGenerator[int, None]:
        yield 1
        yield 2
        await go.wait()
        yield 3

    early = flights.join(b"k", work)
    assert [await anext(early), await anext(early)] == [1, 2]
    late = flights.join(b"k", work)
    assert [await anext(late), await anext(late)] == [1, 2]
    go.set()
    assert await all_of(late) == await all_of(early) == [3]


async def test_work_outlives_who_began_it_and_ends_with_the_last_who_waits() -> None:
    flights: SharedWork[str] = SharedWork()
    go, ended = asyncio.Event(), asyncio.Event()

    async def work() -> AsyncGenerator[str, None]:
        try:
            await go.wait()
            yield "done"
        finally:
            ended.set()

    first, second, third = (asyncio.create_task(all_of(flights.join(b"k", work))) for _ in range(3))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait({first})
    assert not ended.is_set()
    go.set()
    assert await second == await third == ["done"]

    go.clear()
    ended.clear()
    alone = asyncio.create_task(all_of(flights.join(b"k", work)))
    await asyncio.sleep(0)
    alone.cancel()
    await asyncio.wait({alone})
    assert b"k" not in flights
    await asyncio.wait_for(ended.wait(), DEADLINE_S)


async def test_what_work_raises_is_raised_to_each_and_forgotten() -> None:
    flights: SharedWork[int] = SharedWork()

    async def fail() -> AsyncGenerator[int, None]:
        yield 0
        await asyncio.sleep(0)
        raise ZeroDivisionError

    async def succeed() -> AsyncGenerator[int, None]:
        yield 1

    failing = (all_of(flights.join(b"k", fail)) for _ in range(3))
    results = await asyncio.gather(*failing, return_exceptions=True)
    assert [type(result) for result in results] == [ZeroDivisionError] * 3
    assert await all_of(flights.join(b"k", succeed)) == [1]


@pytest.mark.parametrize("seed", range(30))
async def test_any_interleaving_gives_each_who_stays_the_result_of_its_key(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same every time
    flights: SharedWork[int] = SharedWork()
    running: Counter[int] = Counter()

    async def work(key: int) -> AsyncGenerator[int, None]:
        running[key] += 1
        assert running[key] == 1, "two pieces of work for one key"
        try:
            for _ in range(chance.randrange(6)):
                await asyncio.sleep(0)
                yield key
            if chance.random() < 0.2:
                raise ZeroDivisionError
            yield -key
        finally:
            running[key] -= 1

    async def one(key: int) -> None:
        for _ in range(chance.randrange(10)):
            await asyncio.sleep(0)
        with contextlib.suppress(ZeroDivisionError):
            items = await all_of(flights.join(bytes([key]), lambda: work(key)))
            assert items == [key] * (len(items) - 1) + [-key]

    callers = [asyncio.create_task(one(chance.randrange(3))) for _ in range(60)]
    for _ in range(40):
        await asyncio.sleep(0)
        chance.choice(callers).cancel()
    results = await asyncio.gather(*callers, return_exceptions=True)
    assert not [result for result in results if isinstance(result, Exception)]
    assert len(flights) == 0
    for _ in range(10):
        await asyncio.sleep(0)
    assert not any(running.values())


# In the gateway

CLIENT = httpx.Client(timeout=60)
"""One for all: each new one reads the certificates of the world first, which takes as long as a slow segment."""


@pytest.fixture(scope="module")
def gateway(tone: Path) -> Iterator[Gateway]:
    started = Gateway.start(
        "tests.support.tone_server", str(tone), WORKERS="2", THREADS="1", LOG_LEVEL="debug"
    )
    yield started
    assert started.stop() == 0


def speak(gateway: Gateway, text: str, control: str = "", **fields: Any) -> httpx.Response:
    body = {"model": "tts-1", "input": text, "voice": "af_heart", "response_format": "pcm"} | fields
    headers = {"cache-control": control} if control else {}
    return CLIENT.post(f"{gateway.base_url}/audio/speech", json=body, headers=headers)


def jobs(gateway: Gateway) -> int:
    """Segments that workers have spoken so far."""
    workers = CLIENT.get(f"{gateway.root}/status").json()["workers"]
    return sum(worker["jobs"] for worker in workers if worker["role"] != "text")


def events(gateway: Gateway) -> dict[str, Any]:
    found: dict[str, Any] = CLIENT.get(f"{gateway.root}/status").json()["cache"]
    return found


@pytest.mark.parametrize("audio_format", ["pcm", "wav", "flac", "mp3", "opus", "aac"])
def test_a_repeated_request_is_answered_whole_in_every_format(gateway: Gateway, audio_format: str) -> None:
    text = f"As {audio_format} this is said once. And as {audio_format} it is said again."
    first = speak(gateway, text, response_format=audio_format)
    spoken = jobs(gateway)
    again = speak(gateway, text, response_format=audio_format)
    assert (first.headers["x-cache"], again.headers["x-cache"]) == ("miss", "hit")
    assert jobs(gateway) == spoken
    assert int(again.headers["content-length"]) == len(again.content)
    assert again.headers["content-type"] == first.headers["content-type"]
    if audio_format not in {"wav", "flac"}:  # these have sizes in their header, which a stream cannot know
        assert again.content == first.content
    if audio_format != "pcm":
        samples = [decode(audio_format, answer.content)[0] for answer in (first, again)]
        assert len(samples[0]) == len(samples[1]) > 0


def test_a_hit_says_its_exact_sizes(gateway: Gateway) -> None:
    text = "How long is this, to the sample, when all of it is there? And how long is it before it has come?"
    samples = len(speak(gateway, text).content) // 2
    streamed, wav = (speak(gateway, text, response_format="wav").content for _ in range(2))
    assert struct.unpack("<I", streamed[40:44]) == (0xFFFFFFFF,)
    assert struct.unpack("<I", wav[4:8]) == (36 + 2 * samples,)
    assert struct.unpack("<I", wav[40:44]) == (2 * samples,)
    streamed, flac = (speak(gateway, text, response_format="flac", stream=True).content for _ in range(2))
    totals = [int.from_bytes(data[18:26]) & (1 << 36) - 1 for data in (streamed, flac)]
    assert totals == [0, samples]


def test_the_log_line_of_a_hit_says_what_was_sent(gateway: Gateway) -> None:
    text = "What does the log say about this one?"
    ids = [speak(gateway, text).headers["x-request-id"] for _ in range(2)]
    wait_for(lambda: gateway.requests(request_id=ids[1]), "its line")
    (first,), (line,) = (gateway.requests(request_id=request_id) for request_id in ids)
    assert line["cache"] == "hit"
    for name in ("audio_s", "segments", "bytes_sent", "characters", "voice", "language", "format"):
        assert line[name] == first[name]
    assert not {"inference_ms", "rtf", "queue_ms", "worker_pids"} & set(line)


def test_another_format_of_the_same_text_needs_no_worker(gateway: Gateway) -> None:
    text = "The same words go out in two formats. There are two sentences here."
    speak(gateway, text, response_format="wav")
    spoken = jobs(gateway)
    other = speak(gateway, text, response_format="mp3", stream=False)
    assert other.headers["x-cache"] == "hit"
    assert jobs(gateway) == spoken


def test_texts_that_share_a_sentence_share_its_audio(gateway: Gateway) -> None:
    same = "This sentence is in both of the texts, and it stands at the beginning of them."
    speak(gateway, f"{same} The first text then ends in a way of its own.", stream=False)
    other = speak(gateway, f"{same} The second one goes on quite differently, as you hear.", stream=False)
    assert other.headers["x-cache"] == "partial"


@pytest.mark.parametrize(
    "fields",
    [
        {"voice": "af_bella"},
        {"speed": 1.25},
        {"speed": 3.0},
        {"volume_multiplier": 0.5},
        {"sample_rate": 16000},
        {"voice": "af_heart(2)+af_bella"},
        {"voice": "bf_emma", "lang_code": "en-us"},
        {"lang_code": "en-gb"},
    ],
    ids=str,
)
def test_what_changes_the_sound_is_another_request(gateway: Gateway, fields: dict[str, Any]) -> None:
    text = "Every field that is heard is part of the key."
    speak(gateway, text)
    other = speak(gateway, text, **fields)
    assert other.headers["x-cache"] != "hit" or "voice" not in fields
    hits = events(gateway)["hits"]["response"]
    again = speak(gateway, text, **fields)
    assert again.headers["x-cache"] == "hit"
    assert events(gateway)["hits"]["response"] == hits + 1
    assert again.content == other.content


@pytest.mark.parametrize(
    "fields",
    [
        {"stream": False},
        {"stream_format": "sse"},
        {"model": "kokoro"},
        {"voice": "AF_Heart"},
        {"instructions": "Sing."},
    ],
    ids=str,
)
def test_what_is_not_heard_is_the_same_request(gateway: Gateway, fields: dict[str, Any]) -> None:
    text = f"This is the same request: {next(iter(fields))}."
    speak(gateway, text)
    assert speak(gateway, text, **fields).headers["x-cache"] == "hit"


def test_no_cache_speaks_anew_and_no_store_leaves_nothing(gateway: Gateway) -> None:
    secret, text = "This must not be kept.", "Say it anew."
    assert "x-cache" not in speak(gateway, secret, "no-store").headers
    assert speak(gateway, secret).headers["x-cache"] == "miss"
    speak(gateway, text)
    before = jobs(gateway)
    assert speak(gateway, text, "no-cache").headers["x-cache"] == "miss"
    assert jobs(gateway) == before + 1
    assert speak(gateway, text).headers["x-cache"] == "hit"


def test_many_at_once_cost_one_inference(gateway: Gateway) -> None:
    before, shared = jobs(gateway), events(gateway)["shared"]
    with ThreadPoolExecutor(8) as clients:
        asked = [
            clients.submit(speak, gateway, "All of us want this now!", voice="af_slow") for _ in range(8)
        ]
        bodies = {answer.result().content for answer in asked}
    assert len(bodies) == 1
    assert jobs(gateway) == before + 1
    assert events(gateway)["shared"] > shared


def test_who_waits_for_anothers_audio_gets_it_when_that_one_hangs_up(gateway: Gateway) -> None:
    text = "Somebody hangs up!"
    before, shared = jobs(gateway), events(gateway)["shared"]
    with ThreadPoolExecutor(1) as clients, open_stream(gateway, text, "af_slow"):
        wait_for(
            lambda: CLIENT.get(f"{gateway.root}/status").json()["queue"]["running"], "the first one's job"
        )
        stays = clients.submit(speak, gateway, text, voice="af_slow")
        wait_for(lambda: events(gateway)["shared"] > shared, "the second one waiting")
        # The first one leaves here; the second one is waited for before the pool of clients ends.
    assert stays.result().status_code == 200
    assert jobs(gateway) == before + 1
    assert speak(gateway, text, voice="af_slow").content == stays.result().content


def test_half_a_stream_is_not_kept(gateway: Gateway) -> None:
    text = " ".join(
        f"Sentence {word} of this page takes its time!"
        for word in ["one", "two", "three", "four", "five", "six"]
    )
    with open_stream(gateway, text, "af_slow") as connection:
        assert connection.recv(100)
    wait_for(
        lambda: gateway.requests(outcome="client_gone", voice="af_slow", characters=len(text)), "its line"
    )
    again = speak(gateway, text, voice="af_slow")
    assert again.headers["x-cache"] != "hit"
    assert speak(gateway, text, voice="af_slow").content == again.content


def test_a_failure_leaves_nothing(gateway: Gateway) -> None:
    before = events(gateway)["entries"]
    assert [speak(gateway, "No!", voice="af_fail").status_code for _ in range(2)] == [500, 500]
    assert events(gateway)["entries"] == before


def test_a_hit_needs_neither_worker_nor_place_in_the_queue(tone: Path) -> None:
    gateway = Gateway.start("tests.support.tone_server", str(tone), WORKERS="1", THREADS="1")
    try:
        text = "This is there when nothing else can be had."
        whole = speak(gateway, text).content
        slow = " ".join(f"Number {number} takes its time!" for number in range(40))
        with open_stream(gateway, slow, "af_slow") as stream:
            assert stream.recv(10)
            gateway.process.send_signal(signal.SIGTERM)
            wait_for(lambda: speak(gateway, "New.", "no-store").status_code == 503, "nothing new taken")
            assert speak(gateway, text).content == whole
    finally:
        assert gateway.stop() == 0


def test_without_a_cache_everything_is_spoken(tone: Path) -> None:
    gateway = Gateway.start("tests.support.tone_server", str(tone), WORKERS="1", THREADS="1", CACHE_MB="0")
    try:
        answers = [speak(gateway, "Twice.") for _ in range(2)]
        assert all("x-cache" not in answer.headers for answer in answers)
        assert jobs(gateway) == 2
    finally:
        assert gateway.stop() == 0


def test_a_hit_in_events_keeps_its_lines_short(gateway: Gateway) -> None:
    text = "This is long enough to be more than one event when all of it is there at once. " * 3
    whole = speak(gateway, text).content
    answer = speak(gateway, text, stream_format="sse")
    assert answer.headers["x-cache"] == "hit"
    events_ = [json.loads(line[6:]) for line in answer.text.split("\n\n") if line]
    assert b"".join(b64decode(event.get("audio", "")) for event in events_) == whole
    assert len(events_) > 2
    assert max(map(len, answer.text.split("\n"))) < 1 << 16
    assert events_[-1]["usage"]["output_tokens"] == round(len(whole) / 48000 * 40)
