"""What the door of a replica lets in, and for how long; it needs no Ray."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx
import pytest

from gateway.cluster.door import Door
from gateway.http.request_errors import ClientStalled
from gateway.settings import Settings

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Neighbours:
    """The machines of a fleet whose addresses are known."""

    async def have(self, address: str) -> bool:
        return address == "10.0.0.1"


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    headers = [(b"x-request-id", scope["state"]["id"])]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"hello"})


def door(app: ASGIApp = hello, **settings: float) -> Door:
    options = {name: str(value) for name, value in settings.items()}
    return Door(app, {"id": b"ours"}, Settings.from_environment(**options), Neighbours())


async def ask(through: Door, address: str = "10.0.0.1", **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(through, client=(address, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://door") as client:
        return await client.get("/", headers=headers)


async def test_only_machines_of_the_fleet_are_let_in() -> None:
    assert (await ask(door())).text == "hello"
    assert (await ask(door(), "192.0.2.7")).status_code == 403


async def test_an_id_that_ray_sends_back_is_not_sent_twice() -> None:
    named = {"x-request-id": "ours"}
    assert "x-request-id" not in (await ask(door(), **named)).headers
    assert (await ask(door())).headers["x-request-id"] == "ours"


async def test_who_comes_when_all_places_are_taken_is_told_so() -> None:
    inside, leave = asyncio.Event(), asyncio.Event()

    async def stay(scope: Scope, receive: Receive, send: Send) -> None:
        inside.set()
        await leave.wait()
        await hello(scope, receive, send)

    full = door(stay, max_connections=1)
    first = asyncio.create_task(ask(full))
    await inside.wait()
    refused = await ask(full)
    assert refused.status_code == 503
    assert refused.json()["error"]["code"] == "overloaded"
    assert refused.headers["retry-after"] == "5"
    leave.set()
    assert (await first).status_code == 200


async def test_a_client_that_does_not_read_is_given_up() -> None:
    async def never(_: Message) -> None:
        await asyncio.Event().wait()

    scope = {"type": "http", "headers": [], "client": ("10.0.0.1", 1)}
    with pytest.raises(ClientStalled):
        await door(stall_timeout_s=0.05)(scope, never, never)  # type: ignore[arg-type]


async def test_what_ray_breaks_off_is_told_and_ended() -> None:
    inside, seen = asyncio.Event(), []

    async def notice(scope: Scope, receive: Receive, send: Send) -> None:
        inside.set()
        seen.append((await receive())["type"])

    async def receive() -> Message:
        await asyncio.sleep(0.05)
        return {"type": "http.disconnect"}

    scope = {"type": "http", "headers": [], "client": ("10.0.0.1", 1)}
    request = asyncio.create_task(door(notice)(scope, receive, receive))  # type: ignore[arg-type]
    await inside.wait()
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    assert seen == ["http.disconnect"]
