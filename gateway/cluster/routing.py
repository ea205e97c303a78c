"""Which machine speaks a request: the one that has its sound already, unless that one is behind. Pure: knows no Ray.

Of the machines that are at most a bound behind the least loaded, the one that a hash of voice and text names is asked
first. So repeats meet the cache that holds them, a text that everybody asks for spills over to its second machine and
its third, and when a machine comes or goes, only its own share of the texts moves.
"""

from __future__ import annotations

import json
from collections import deque
from hashlib import blake2b
from heapq import nsmallest
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

BOUND_S: Final = 1.0
"""Seconds of work by which the favourite may be behind the least loaded.

Simulated, 100 machines at nine tenths of their load: with 1 s, 3 of 4 repeats meet the memory of their machine, and
0.2 % of replies have a gap; with 2 s, four times as many (`python -m tests.benchmarks.capacity --bounds`).
"""

_BYTES_PER_SECOND: Final = 15
"""Of UTF-8 in a second of speech."""

_PLANNED_S: Final = 30.0
"""Seconds of sound that a machine plans ahead of a listener: no more of a page is ever in its queue."""

_ASKED: Final = 3
"""Machines that are worth asking for one request."""

_ON_ITS_WAY_S: Final = 0.05
"""A report that is taken while a request travels does not know of it yet."""

_MASK: Final = 2**64 - 1
_ODD: Final = 0x9E3779B97F4A7C15


def key_of(*parts: str) -> int:
    """A key of 64 bits for what is spoken (voice, text), or for a machine (its name)."""
    digest = blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=8)
    return int.from_bytes(digest.digest(), "little")


def sound_s(text_bytes: int) -> float:
    """Estimated seconds of sound of a text, as far as they make work at once."""
    return min(text_bytes / _BYTES_PER_SECOND, _PLANNED_S)


def asked(body: bytes, length: int) -> tuple[int | None, float]:
    """What a POST asks for, in any of our APIs: the key of its voice and text, and estimated seconds of sound.

    `length` is that of the whole body. The start of one that is too long is a key as well: it repeats when that does.
    """
    try:
        fields = json.loads(body)
        text = fields.get("input") or fields["text"]
        return key_of(str(fields.get("voice")), text), sound_s(len(text.encode("utf-8", "replace")))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return (key_of(body.decode("latin-1")), sound_s(length)) if body else (None, 0.0)


class Machine:
    """What one machine has to do, as far as a router knows. Lives as long as the router has it.

    Between two reports, its work is what it reported, less the time that has passed, and what was sent to it since:
    without that, all requests between two reports would go to the same machine.
    """

    def __init__(self, name: str) -> None:
        self.name: Final = name
        self.seed: Final = key_of(name)
        self.done_at = 0.0
        """When it will have done all that it has to do, if nothing more comes."""

        self._speed = 1.0
        self._reported_at = 0.0
        self._sent: deque[tuple[float, float]] = deque(maxlen=256)

    def report(self, work_s: float, speed: float, taken_at: float, now: float) -> None:
        """It had `work_s` seconds to do at `taken_at`, and makes `speed` seconds of sound a second.

        The same report again changes nothing.
        """
        if taken_at == self._reported_at:
            return
        self._reported_at, self._speed = taken_at, speed or self._speed
        taken_at = min(taken_at, now)  # clocks of machines differ
        self.done_at = taken_at + work_s
        sent = [(then, seconds) for then, seconds in self._sent if then > taken_at - _ON_ITS_WAY_S]
        self._sent.clear()
        for then, seconds in sent:
            self._add(seconds, then)

    def send(self, sound_s: float, now: float) -> None:
        """A request of about so many seconds of sound was sent to it."""
        self._add(sound_s / self._speed, now)

    def work_s(self, now: float) -> float:
        """Seconds that it would take, by now, to do all that it has to do."""
        return max(self.done_at - now, 0.0)

    def _add(self, seconds: float, now: float) -> None:
        self.done_at = max(self.done_at, now) + seconds
        self._sent.append((now, seconds))


def order(
    key: int | None, machines: Sequence[Machine], now: float, bound_s: float = BOUND_S
) -> list[Machine]:
    """The machines to ask: the favourite of those that are not behind, then the least loaded; a few, not all.

    Without a key (a socket, on which the text is yet to come) there is no favourite. The same key, machines and work
    give the same order, whatever the order of `machines`. Takes 0.3 ms for 1,000 machines.
    """
    done = [machine.done_at for machine in machines]
    seeds = [machine.seed for machine in machines]
    idlest = [machine for _, _, machine in nsmallest(_ASKED, zip(done, seeds, machines, strict=True))]
    if key is None or not machines:
        return idlest
    latest = max(min(done), now) + bound_s
    near = [machine for machine in machines if machine.done_at <= latest]
    # one multiplication mixes enough, for key and seed are hashes themselves
    ranks = [(key ^ machine.seed) * _ODD & _MASK for machine in near]
    favourite = near[ranks.index(max(ranks))]
    return [favourite, *(machine for machine in idlest if machine is not favourite)]
