"""Two machines of one fleet on this one: which of them speaks what, and how many there are under load."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from http import HTTPStatus
from itertools import count
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from gateway.cluster.routing import BOUND_S
from tests.cluster.fleet import KEY, Fleet, Machine, fleet
from tests.support.processes import descendants
from tests.support.waiting import DEADLINE_S, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def two(undisturbed: None, tone: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    directory = tmp_path_factory.mktemp("fleet")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TONE_DIRECTORY", str(tone))
        with fleet("tests.support.tone_cluster", directory, API_KEYS=KEY, BODY_TIMEOUT_S="1") as running:
            running.join()
            places = (str(number) for number in count())
            wait_for(
                lambda: len({ask(running, next(places))[0]["replica"] for _ in range(8)}) == 2, "both asked"
            )
            yield running


def lines(two: Fleet, **fields: Any) -> list[dict[str, Any]]:
    return [line for machine in (two.first, *two.others) for line in machine.requests(**fields)]


def ask(two: Fleet, *texts: str) -> list[dict[str, Any]]:
    """Have texts spoken, one after the other, and return what the log has of them, in their order."""
    ids = []
    with httpx.Client(headers={"authorization": f"Bearer {KEY}"}, timeout=DEADLINE_S) as client:
        for text in texts:
            body = {"model": "tts-1", "input": text, "voice": "af_heart", "response_format": "pcm"}
            reply = client.post(f"{two.first.base_url}/audio/speech", json=body).raise_for_status()
            ids.append(reply.headers["x-request-id"])
    found = wait_for(lambda: by_id if (by_id := _by_id(two)).keys() >= set(ids) else None, "lines of the log")
    return [found[asked] for asked in ids]


def _by_id(two: Fleet) -> dict[str, dict[str, Any]]:
    return {line["request_id"]: line for line in lines(two)}


def named(two: Fleet, replica: str) -> Machine:
    return next(m for m in (two.first, *two.others) if m.lines[-1]["replica"] == replica)


def test_repeats_are_answered_by_the_machine_that_holds_them(two: Fleet) -> None:
    texts = [f"This is text number {number}." for number in range(200)]
    first, again = ask(two, *texts), ask(two, *texts)
    held = [
        now["replica"] == then["replica"] and now["cache"] == "hit" and now["cache_tier"] == "local"
        for then, now in zip(first, again, strict=True)
    ]
    assert sum(held) > 180
    shares = [sum(line["replica"] == replica for line in first) for replica in {x["replica"] for x in first}]
    assert len(shares) == 2
    assert min(shares) > 60


def test_a_body_that_does_not_come_is_an_error_of_the_api(two: Fleet) -> None:
    with socket.create_connection(("127.0.0.1", two.first.port), timeout=DEADLINE_S) as connection:
        connection.sendall(b"POST /v1/audio/speech HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n{")
        head, _, body = connection.makefile("rb").read().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 ")
    assert json.loads(body)["error"]["message"] == "The body of your request did not arrive within 1 seconds."


@contextmanager
def crowd(machine: Machine, people: int = 24) -> Iterator[None]:
    """So many who ask this machine again and again, past the door, for what it takes half a second to speak."""
    leave, numbers = threading.Event(), count()

    def stay() -> None:
        url = f"http://127.0.0.1:{machine.node_port}/v1/audio/speech"
        while not leave.is_set():
            body = {"model": "tts-1", "input": f"It takes its time! {next(numbers)}", "voice": "af_slow"}
            httpx.post(url, json=body, headers={"authorization": f"Bearer {KEY}"}, timeout=DEADLINE_S)

    staying = [threading.Thread(target=stay) for _ in range(people)]
    for thread in staying:
        thread.start()
    yield
    leave.set()
    for thread in staying:
        thread.join()


def work_s(machine: Machine) -> float:
    return float(machine.ask("/status").json()["queue"]["work_s"])


def test_a_text_goes_elsewhere_while_its_favourite_is_behind(two: Fleet) -> None:
    text = "Everybody asks for this."
    favourite = ask(two, text)[0]["replica"]
    machine = named(two, favourite)
    with crowd(machine):
        wait_for(lambda: work_s(machine) > 2 * BOUND_S, "work for seconds")
        wait_for(lambda: ask(two, text)[0]["replica"] != favourite, "the router to have heard of it")
    wait_for(lambda: work_s(machine) < BOUND_S / 2, "little to do")
    wait_for(lambda: ask(two, text)[0]["replica"] == favourite, "the router to have heard of that")


def test_a_router_that_says_nothing_is_not_waited_for(two: Fleet) -> None:
    started = {
        p: w for machine in (two.first, *two.others) for p, w in descendants(machine.process.pid).items()
    }
    routers = [process for process, words in started.items() if ":kokoro-gateway:Router" in " ".join(words)]
    assert routers
    for router in routers:
        router.suspend()
    try:
        assert ask(two, "Nobody says where this one goes.")[0]["outcome"] == "ok"
    finally:
        for router in routers:
            router.resume()


def deploy_scaled(two: Fleet) -> None:
    """The application of `deploy/ray.yaml`, with as many machines as its promise needs; its times are short."""
    told = subprocess.run(
        [sys.executable, "-m", "tests.support.tone_scaled", str(two.join_port)],
        env=os.environ | {"RAY_SERVE_ENABLE_HA_PROXY": "1", "RAY_AUTH_MODE": "token"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert not told.returncode, told.stderr


async def stay(two: Fleet, name: str, leave: asyncio.Event) -> list[int]:
    """Ask for one text after the other until it is time to leave; bytes of each reply, which ends as it should."""
    body = {"model": "tts-1", "voice": "af_slow", "response_format": "pcm"}
    numbers, sizes = count(), []
    async with httpx.AsyncClient(headers={"authorization": f"Bearer {KEY}"}, timeout=120) as client:
        while not leave.is_set():
            text = f"{name} takes its time for number {next(numbers)}! " * 8  # none that is in a cache
            reply = await client.post(f"{two.first.base_url}/audio/speech", json=body | {"input": text})
            if reply.status_code == HTTPStatus.SERVICE_UNAVAILABLE:  # one machine alone has too much to do
                await asyncio.sleep(0.5)
            else:
                sizes.append(len(reply.raise_for_status().content))
    return sizes


def audio_s(two: Fleet, voice: str) -> list[float]:
    return [line["audio_s"] for line in lines(two, voice=voice, format="pcm", outcome="ok")]


def replicas(two: Fleet) -> int:
    return sum(machine.is_ready for machine in (two.first, *two.others))


async def test_machines_come_under_load_and_go_after_it_with_every_reply_whole(two: Fleet) -> None:
    deploy_scaled(two)
    await asyncio.to_thread(wait_for, lambda: replicas(two) == 1, "one machine let go")
    leave = asyncio.Event()
    staying = [asyncio.create_task(stay(two, f"Listener {number}", leave)) for number in range(12)]
    try:
        await asyncio.to_thread(wait_for, lambda: replicas(two) == 2, "a second machine", 2 * DEADLINE_S)
    finally:
        leave.set()
    sizes = [size for heard in await asyncio.gather(*staying) for size in heard]
    said = await asyncio.to_thread(
        wait_for, lambda: len(whole := audio_s(two, "af_slow")) == len(sizes) and whole, "lines of the log"
    )
    assert sizes
    assert sorted(sizes) == pytest.approx(sorted(48_000 * seconds for seconds in said), abs=48)
    await asyncio.to_thread(wait_for, lambda: replicas(two) == 1, "one machine let go")
