"""Speaks orders with one client and prints what came of them. Runs in that client's environment, not in the tests'."""

from __future__ import annotations

import json
import sys
from base64 import b64encode
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

Order = dict[str, Any]


class Spoken(NamedTuple):
    """What a client made of an order, where it tells more than the audio."""

    audio: bytes
    words: list[tuple[str, float]]
    """Each with the second in which it is heard."""
    aligned_s: float | None = None
    """Until when it believes to hear them, seconds."""


def report(package: str, speak: Callable[[str, int, Order], bytes | Spoken]) -> None:
    """Speak what the command line says: how often to retry, and in JSON a list of base URLs, each with an order."""
    retries, orders = int(sys.argv[1]), json.loads(sys.argv[2])
    answers = [_answer(speak, base_url, retries, order) for base_url, order in orders]
    sys.stdout.write("\n" + json.dumps({"version": version(package), "answers": answers}) + "\n")


def _answer(
    speak: Callable[[str, int, Order], bytes | Spoken], base_url: str, retries: int, order: Order
) -> Order:
    try:
        made = speak(base_url, retries, order)
        spoken = made if isinstance(made, Spoken) else Spoken(made, [])
        return spoken._asdict() | {"audio": b64encode(spoken.audio).decode()}
    except Exception as error:  # each client has its own, and the tests say what they expect
        return {
            "error": type(error).__name__,
            "status": getattr(error, "status_code", None),
            "message": str(error),
        }
