"""The ports that a gateway listens on, bound before anything slow is started. Knows settings; serves nobody."""

from __future__ import annotations

import logging
import socket
from typing import TYPE_CHECKING

from gateway.server.connections import BACKLOG, UNSENT_BYTES
from gateway.settings import Settings, is_loopback

if TYPE_CHECKING:
    from gateway.keys import Keys

logger = logging.getLogger(__name__)


class PortTaken(Exception):
    """Another process listens there."""


def listen(settings: Settings, keys: Keys) -> socket.socket:
    """The socket for clients, bound; nobody can connect before `lifecycle.run` listens.

    Raises:
        PortTaken: with what to do about it.
    """
    listener = _bound(settings.host, settings.port, "port")
    warn_if_open(settings, keys)
    return listener


def warn_if_open(settings: Settings, keys: Keys) -> None:
    """Say so where other machines can reach the gateway without a key."""
    if not settings.is_loopback and not keys:
        _warn_of_everyone(settings.host, "set KOKORO_API_KEYS, or listen on 127.0.0.1")


def listen_on_node(settings: Settings) -> socket.socket | None:
    """A socket where one machine of several answers for itself, if that is wanted; clients can connect from now on.

    Raises:
        PortTaken: with what to do about it.
    """
    if settings.node_port is None:
        return None
    listener = _bound(settings.host, settings.node_port, "node-port")
    listener.listen(BACKLOG)
    return listener


def require_ports(settings: Settings, join_port: int | None) -> None:
    """See that a machine of several can listen where it will; the first one has a `join_port`, and the door.

    Raises:
        PortTaken: with what to do about it.
    """
    bound = [_bound(settings.host, settings.node_port, "node-port")] if settings.node_port else []
    if settings.wyoming_port:
        bound.append(_bound(settings.wyoming_host, settings.wyoming_port, "wyoming-port"))
    if join_port is not None:
        bound.append(_bound(settings.host, settings.port, "port"))
        bound.append(_bound("0.0.0.0", join_port, "join-port"))  # noqa: S104 - as Ray does
    for listener in bound:
        listener.close()


def listen_for_wyoming(settings: Settings) -> socket.socket | None:
    """The socket for Wyoming's clients, bound where they are wanted; they have no keys.

    Raises:
        PortTaken: with what to do about it.
    """
    if settings.wyoming_port is None:
        return None
    listener = _bound(settings.wyoming_host, settings.wyoming_port, "wyoming-port")
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)
    if not is_loopback(settings.wyoming_host):
        _warn_of_everyone(
            settings.wyoming_host, "Wyoming has no keys: keep strangers off its port by other means"
        )
    return listener


def _bound(host: str, port: int, option: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise taken(host, port, option, error) from error
    listener.setblocking(False)
    return listener


def _warn_of_everyone(host: str, advice: str) -> None:
    logger.warning("open_to_everyone", extra={"host": host, "advice": advice})


def taken(host: str, port: int, option: str, error: OSError) -> PortTaken:
    """What is said of a port that cannot be had, which this option of the command line names."""
    name = option.replace("-", "_")
    variable = f" or KOKORO_{name.upper()}" if name in Settings.model_fields else ""
    return PortTaken(
        f"cannot listen on {host}:{port}: {error.strerror}; choose another port with --{option}{variable}"
    )
