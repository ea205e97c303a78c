"""The cache: audio made before, within limits of entries, bytes and age; what was used longest ago goes first.

Knows no request and no worker; what asks it, and with which keys, is in `cache_use`.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter, OrderedDict
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, ClassVar, Final, Literal, TypeVar

from lru import LRU

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from inference import HeardWord

Kind = Literal["segment", "response"]
Event = Literal["hit", "miss", "shared", "evicted_entries", "evicted_bytes", "evicted_ttl"]
"""What happens in the cache. `shared`: audio that another request was having spoken just then; it is no miss."""

ENTRY_BYTES: Final = 512
"""What an entry takes besides its audio: key, object and places in two tables."""


_FRAME_BYTES: Final = 8
_WORD_BYTES: Final = 180
"""What a number of a tuple takes, and a word with its four."""


@dataclass(frozen=True, slots=True)
class HeldSegment:
    """A segment as the engine spoke it."""

    kind: ClassVar[Kind] = "segment"

    data: bytes
    """Mono s16le samples."""

    cut: int = 0
    frames: tuple[int, ...] = ()
    """As with the sound that a worker gave: they tell when each word is heard."""

    @property
    def size(self) -> int:
        """Bytes that it takes, about."""
        return len(self.data) + _FRAME_BYTES * len(self.frames)


@dataclass(frozen=True, slots=True)
class HeldResponse:
    """A whole response, with the figures that its log line and its usage need."""

    kind: ClassVar[Kind] = "response"

    data: bytes
    """The body, its header with exact sizes where the format has them."""

    segments: int
    tokens: int
    """Tokens spoken."""

    audio_s: float
    words: tuple[HeardWord, ...] = ()
    """When each is heard, where that was asked for."""

    @property
    def size(self) -> int:
        """Bytes that it takes, about."""
        return len(self.data) + _WORD_BYTES * len(self.words)


Entry = TypeVar("Entry", HeldSegment, HeldResponse)


@dataclass(frozen=True)
class CacheStatus:
    """The cache as an operator sees it."""

    entries: int
    bytes: int
    max_entries: int
    max_bytes: int
    ttl_s: float
    events: Mapping[tuple[Kind, Event], int]
    """How often each has happened."""


class Cache:
    """Segments and whole responses under one budget. Lives as long as the application; any thread may use it.

    A limit of 0 turns it off: nothing is kept then.
    """

    def __init__(
        self,
        entries: int,
        ttl_s: float,
        max_bytes: int,
        speaker: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.is_on: Final = min(entries, ttl_s, max_bytes) > 0
        self.max_bytes: Final = max_bytes
        self._entries = entries
        self._ttl_s = ttl_s
        self._speaker = speaker
        self._clock = clock
        self._lock = threading.Lock()
        self._held: LRU[bytes, HeldSegment | HeldResponse] = LRU(max(entries, 1))
        self._born: OrderedDict[bytes, float] = OrderedDict()  # oldest first, since all live equally long
        self._bytes = 0
        self._events: Counter[tuple[Kind, Event]] = Counter()

    def key(self, kind: Kind, *facts: str | float | tuple[str, float]) -> bytes:
        """The key of what this speaker makes of these facts.

        A cryptographic digest of an encoding that no two lists of facts share: whoever could make two texts
        collide could have one caller's audio played to another.
        """
        encoded = json.dumps([kind, self._speaker, *facts], separators=(",", ":")).encode()
        return blake2b(encoded, digest_size=32).digest()

    def get(self, kind: type[Entry], key: bytes) -> Entry | None:
        """What is held under a key of this kind; counted as a hit or a miss."""
        with self._lock:
            self._expire()
            found = self._held.get(key)
            self._events[kind.kind, "miss" if found is None else "hit"] += 1
            assert found is None or isinstance(found, kind)
            return found

    def __contains__(self, key: bytes) -> bool:
        """True if something is held under it; that is no use of it, and not counted."""
        with self._lock:
            self._expire()
            return key in self._held

    def put(self, key: bytes, entry: HeldSegment | HeldResponse) -> None:
        """Hold an entry and evict what there is no room for beside it; one larger than all the room is not held."""
        size = _size(entry)
        with self._lock:
            self._expire()
            if not self.is_on or size > self.max_bytes:
                return
            if key in self._held:
                self._remove(key)
            while len(self._held) >= self._entries:
                self._evict("evicted_entries")
            while self._bytes + size > self.max_bytes:
                self._evict("evicted_bytes")
            self._held[key] = entry
            self._born[key] = self._clock()
            self._bytes += size

    def count(self, kind: Kind, event: Event) -> None:
        """Count an event that bypassed `get`."""
        with self._lock:
            self._events[kind, event] += 1

    def status(self) -> CacheStatus:
        """The cache at this moment."""
        with self._lock:
            self._expire()
            return CacheStatus(
                entries=len(self._held),
                bytes=self._bytes,
                max_entries=self._entries,
                max_bytes=self.max_bytes,
                ttl_s=self._ttl_s,
                events=dict(self._events),
            )

    def _expire(self) -> None:
        horizon = self._clock() - self._ttl_s
        while self._born:
            key, born = next(iter(self._born.items()))
            if born > horizon:
                return
            self._events[self._remove(key).kind, "evicted_ttl"] += 1

    def _evict(self, cause: Event) -> None:
        oldest = self._held.peek_last_item()  # popitem of lru-dict 1.4.1 keeps what it returns for ever
        assert oldest is not None
        self._events[self._remove(oldest[0]).kind, cause] += 1

    def _remove(self, key: bytes) -> HeldSegment | HeldResponse:
        entry = self._held[key]
        del self._held[key], self._born[key]
        self._bytes -= _size(entry)
        return entry


def _size(entry: HeldSegment | HeldResponse) -> int:
    return entry.size + ENTRY_BYTES
