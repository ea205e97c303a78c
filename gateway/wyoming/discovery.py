"""Announces Wyoming's port to the local network, so that Home Assistant offers to add it. Knows no event.

Needs the extra `zeroconf`. The package `wyoming` has a class for it, which cannot take back what it announced.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import uuid
from contextlib import asynccontextmanager, suppress
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

import psutil

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

logger = logging.getLogger(__name__)

_KIND: Final = "_wyoming._tcp.local."


@asynccontextmanager
async def announced(address: str, port: int) -> AsyncIterator[None]:
    """Have the port found while the context is open, unless only this machine can reach it."""
    if ip_address(address).is_loopback:
        yield
        return
    try:
        from zeroconf.asyncio import AsyncZeroconf  # noqa: PLC0415 - an extra

        network = AsyncZeroconf()
    except ImportError:
        logger.info("wyoming_not_announced", extra={"advice": "pip install 'kokoro-gateway[zeroconf]'"})
        yield
        return
    except OSError as error:  # there is no network that takes a message for all
        logger.info("wyoming_not_announced", extra={"reason": error.strerror})
        yield
        return
    announcing = asyncio.create_task(_announce(network, _service(address, port)))
    try:
        yield
    finally:
        announcing.cancel()
        await asyncio.gather(announcing, return_exceptions=True)
        await network.async_close()  # which takes back what was announced


async def _announce(network: AsyncZeroconf, service: AsyncServiceInfo) -> None:
    with suppress(OSError):
        await (await network.async_register_service(service, allow_name_change=True))


def _service(address: str, port: int) -> AsyncServiceInfo:
    from zeroconf.asyncio import AsyncServiceInfo  # noqa: PLC0415 - an extra

    mine = _own_addresses() if ip_address(address).is_unspecified else [address]
    name = f"kokoro-{uuid.getnode():012x}"  # the same after each start: Home Assistant knows it by this
    reachable = [each for each in mine if not ip_address(each).is_loopback]
    return AsyncServiceInfo(
        _KIND, f"{name}.{_KIND}", port=port, parsed_addresses=reachable, server=f"{name}.local."
    )


def _own_addresses() -> list[str]:
    cards = psutil.net_if_addrs().values()
    return [each.address for card in cards for each in card if each.family == socket.AF_INET]
