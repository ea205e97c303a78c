"""Simulated machines, listeners and doors, for `capacity`. Pure: a heap of events.

Who is sent a request is settled in `capacity_policies.py`.
"""

from __future__ import annotations

import random
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import accumulate, count
from typing import TYPE_CHECKING, Any, Final, Protocol

from gateway.cluster.routing import key_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FIRST_S: Final = 1.4
WINDOW_S: Final = 3.0
"""Seconds of sound of a first window and of the others: inference/planning/windows.py."""

SENTENCE_S: Final = 7.0
TOKENS_PER_SECOND: Final = 15
HICCUP_S: Final = 0.02
SPREAD: Final = 0.06


@dataclass(frozen=True)
class Costs:
    """Seconds of a worker's time."""

    first: float
    window: float
    second: float
    """Of sound, of a stream that goes on."""

    @classmethod
    def of(cls, machine: Mapping[str, float]) -> Costs:
        """From the figures of a machine."""

        def window(sound_s: float) -> float:
            return machine["window_s"] + machine["rendered_s"] * (sound_s + machine["context_s"])

        score = machine["score_s"] + machine["score_token_s"] * SENTENCE_S * TOKENS_PER_SECOND
        slowness, going_on = machine["slowness"], score * WINDOW_S / SENTENCE_S
        first, later = score + window(FIRST_S), window(WINDOW_S) + going_on
        return cls(first * slowness, later * slowness, later * slowness / WINDOW_S)


class Clock:
    """What happens when. Lives as long as one run."""

    def __init__(self) -> None:
        self.now = 0.0
        self._events: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._order = count()

    def after(self, seconds: float, do: Callable[..., None], *args: Any) -> None:
        """Have something happen."""
        heappush(self._events, (self.now + seconds, next(self._order), do, args))

    def run(self, until_s: float) -> None:
        """Let everything happen until then."""
        while self._events and self._events[0][0] <= until_s:
            self.now, _, do, args = heappop(self._events)
            do(*args)


@dataclass(eq=False)
class Stream:
    """A reply that is being made and heard. Lives until it was heard, or its machine is lost."""

    asked_at: float
    left_s: float
    """Seconds of sound that are yet to be made."""

    listener: Listener
    host: Host
    router: int
    is_first: bool = True
    dry_at: float = 0.0
    gaps: int = 0


class Host:
    """A simulated machine: workers, its queue, its cache. Lives as long as one run."""

    def __init__(self, fleet: Fleet, place: int) -> None:
        self.place = place
        self.streams: set[Stream] = set()
        self.cache: OrderedDict[int, None] = OrderedDict()
        self._fleet = fleet
        self._idle = fleet.workers
        self._firsts: deque[Stream] = deque()
        self._others: list[tuple[float, int, Stream]] = []
        self._order = count()

    @property
    def work_s(self) -> float:
        """As a pool has it: until all is spoken that runs or waits, no more than what is planned ahead."""
        fleet, now, seconds = self._fleet, self._fleet.clock.now, 0.0
        for stream in self.streams:
            ahead_s = 0.0 if stream.is_first else max(stream.dry_at - now, 0.0)
            seconds += min(stream.left_s, max(fleet.ahead_s - ahead_s, 0.0))
        return seconds * fleet.costs.second / fleet.workers

    def ask(self, stream: Stream) -> None:
        """Take a request."""
        self.streams.add(stream)
        self._firsts.append(stream)
        self._start()

    def lose(self) -> list[Stream]:
        """Be gone, with all that was being spoken."""
        lost = list(self.streams)
        self.streams.clear()
        self.cache.clear()
        self._firsts.clear()
        self._others.clear()
        self._idle = self._fleet.workers
        return lost

    def _wait(self, stream: Stream) -> None:
        if stream in self.streams:
            heappush(self._others, (stream.dry_at, next(self._order), stream))
            self._start()

    def _start(self) -> None:
        fleet = self._fleet
        while self._idle and (self._firsts or self._others):
            stream = self._firsts.popleft() if self._firsts else heappop(self._others)[2]
            seconds = fleet.costs.first if stream.is_first else fleet.costs.window
            if stream.is_first and self._idle == fleet.workers:
                seconds /= fleet.alone_speed
            self._idle -= 1
            fleet.clock.after(seconds * fleet.random.gauss(1, SPREAD), self._done, stream)

    def _done(self, stream: Stream) -> None:
        if stream not in self.streams:  # its machine was lost
            return
        self._idle += 1
        fleet, now = self._fleet, self._fleet.clock.now
        made_s = min(stream.left_s, FIRST_S if stream.is_first else WINDOW_S)
        if stream.is_first:
            stream.is_first, stream.dry_at = False, now
            fleet.heard.first(now, now - stream.asked_at + fleet.hop_s)
        elif now - stream.dry_at > HICCUP_S:
            stream.gaps += 1
        stream.dry_at = max(stream.dry_at, now) + made_s
        stream.left_s -= made_s
        if stream.left_s > 0.01:
            fleet.clock.after(max(stream.dry_at - now - fleet.ahead_s, 0.0), self._wait, stream)
        else:
            self.streams.discard(stream)
            fleet.clock.after(stream.dry_at - now, fleet.end, stream)
        self._start()


@dataclass
class Listener:
    """Somebody who asks, hears and thinks, again and again. Lives as long as one run."""

    is_reader: bool


@dataclass
class Heard:
    """What was heard once the fleet was warm. Lives as long as one run."""

    since: float
    firsts_s: list[float] = field(default_factory=list)
    replies: int = 0
    with_gaps: int = 0
    lost: int = 0
    local: int = 0
    remote: int = 0
    repeats: int = 0

    def first(self, now: float, seconds: float) -> None:
        """A first sound."""
        if now >= self.since:
            self.firsts_s.append(seconds)


class Policy(Protocol):
    """Who is sent a request. Lives as long as one run."""

    def begin(self, fleet: Fleet) -> None:
        """Called once, before anything happens; most need no more than what they see when asked."""

    def choose(self, fleet: Fleet, router: int, key: int, sound_s: float) -> int:
        """The place of a host that is up."""


class Fleet:
    """Machines, doors and listeners. Lives as long as one run."""

    def __init__(
        self, figures: Mapping[str, Any], machines: int, policy: Policy, seed: int, warm_s: float
    ) -> None:
        self.figures = figures
        self.clock = Clock()
        self.random = random.Random(seed)  # noqa: S311 - no secrets
        self.costs = Costs.of(figures["machine"])
        self.workers: int = figures["machine"]["workers"]
        self.alone_speed: float = figures["machine"]["alone_speed"]
        self.ahead_s: float = figures["machine"]["ahead_s"]
        self.speed = self.workers / self.costs.second
        self.hop_s: float = figures["fleet"]["hop_s"]
        self.report_every_s: float = figures["fleet"]["report_every_s"]
        self.report_late_s: float = figures["fleet"]["report_late_s"]
        self.routers: int = min(figures["fleet"]["routers"], machines)
        self.heard = Heard(warm_s)
        self.hosts = [Host(self, place) for place in range(machines)]
        self.up = list(range(machines))
        self.open = [[0] * machines for _ in range(self.routers)]
        self._policy = policy
        self._remote: set[int] = set()
        texts = range(1, figures["listener"]["texts"] + 1)
        self._texts = [key_of("voice", f"text {rank}") for rank in texts]
        self._weights = list(accumulate(1 / rank for rank in texts))
        policy.begin(self)

    def populate(self, listeners: int, readers: int) -> None:
        """Let people come, each at a moment of a round of their own."""
        chat, page = self.figures["listener"], self.figures["page"]
        for _ in range(listeners):
            self.clock.after(
                self.random.uniform(0, chat["think_s"] + chat["reply_s"]), self._ask, Listener(False)
            )
        for _ in range(readers):
            self.clock.after(self.random.uniform(0, page["sound_s"] / 4), self._ask, Listener(True))

    def lose(self, place: int) -> None:
        """A machine dies: its listeners ask again at once, and it is back after a while."""
        machine = self.figures["machine"]
        lost = self.hosts[place].lose()
        self.up.remove(place)
        self.heard.lost += len(lost)
        for stream in lost:
            self.open[stream.router][place] -= 1
            self.clock.after(self.random.uniform(0, machine["lost_seen_s"]), self._ask, stream.listener)
        self.clock.after(machine["back_after_s"], self._return, place)

    def _return(self, place: int) -> None:
        self.up = sorted([*self.up, place])

    def _ask(self, listener: Listener) -> None:
        is_repeat = not listener.is_reader and self.random.random() < self.figures["listener"]["repeats"]
        sound_s = self._sound_s(listener)
        key = self.random.choices(self._texts, cum_weights=self._weights)[0] if is_repeat else 0
        router = self.random.randrange(self.routers)
        place = self._policy.choose(self, router, key or self.random.getrandbits(64), sound_s)
        host = self.hosts[place]
        stream = Stream(self.clock.now, sound_s, listener, host, router)
        self.open[router][place] += 1
        if is_repeat and (wait_s := self._found(host, key)) is not None:
            self.heard.first(self.clock.now, wait_s + self.hop_s)
            self.clock.after(wait_s + sound_s, self.end, stream)
        else:
            host.ask(stream)

    def _sound_s(self, listener: Listener) -> float:
        if listener.is_reader:
            return float(self.figures["page"]["sound_s"])
        return min(max(self.random.gammavariate(4, self.figures["listener"]["reply_s"] / 4), 1.0), 40.0)

    def _found(self, host: Host, key: int) -> float | None:
        """Seconds until a cache has answered; None: neither has it, and both will.

        That it will only once it is spoken is left out: until then, it is spoken once for all who ask.
        """
        cache, heard, counts = self.figures["cache"], self.heard, self.clock.now >= self.heard.since
        heard.repeats += counts
        is_local, is_remote = key in host.cache, key in self._remote
        host.cache[key] = None
        host.cache.move_to_end(key)
        if len(host.cache) > cache["replies"]:
            host.cache.popitem(last=False)
        self._remote.add(key)
        heard.local += is_local and counts
        heard.remote += is_remote and not is_local and counts
        if is_local:
            return float(cache["hit_s"])
        return float(cache["remote_s"]) if is_remote and cache["remote_s"] else None

    def end(self, stream: Stream) -> None:
        """A reply was heard to its end."""
        if self.clock.now >= self.heard.since:
            self.heard.replies += 1
            self.heard.with_gaps += stream.gaps > 0
        self.open[stream.router][stream.host.place] -= 1
        pause_s = self.figures["page" if stream.listener.is_reader else "listener"]
        mean_s = pause_s["pause_s" if stream.listener.is_reader else "think_s"]
        self.clock.after(self.random.expovariate(1 / mean_s), self._ask, stream.listener)


def simulate(
    figures: Mapping[str, Any],
    machines: int,
    policy: Policy,
    listeners: int,
    readers: int,
    *,
    seconds: float = 60.0,
    warm_s: float = 30.0,
    lose: int = 0,
    seed: int = 1,
) -> Heard:
    """What so many people hear; `lose` machines die when the fleet is warm."""
    fleet = Fleet(figures, machines, policy, seed, warm_s)
    fleet.populate(listeners, readers)
    fleet.clock.run(warm_s)
    for place in range(lose):
        fleet.lose(place)
    fleet.clock.run(warm_s + seconds)
    return fleet.heard
