"""What a request costs and leaves behind, spoken by real workers that hum: 1/15 s for each token."""

from __future__ import annotations

from contextlib import ExitStack, aclosing, closing
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from gateway.audio.encoders import ENCODERS
from gateway.settings import Settings
from gateway.speech.cache import Cache
from gateway.speech.errors import InvalidField, RepliesFull
from gateway.speech.lexicon import Lexicon
from gateway.speech.record import RequestRecord
from gateway.speech.reply_memory import RepliesInFlight
from gateway.speech.request import SpeechRequest
from gateway.speech.synthesis import Speech, Synthesis
from gateway.speech.turn import AS_HEARD, Turn
from gateway.speech.voices import Catalogue
from inference import EngineFailed, Pool
from tests.support.pools import config
from tests.support.sound import decode
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from inference import WorkerSpec

TEXT = "Seven lanterns were counted there. The old captain carried a letter to the harbour in the rain."
MB = 1 << 20


class Desk:
    """A synthesis, what it was made with, and requests for it. Lives as long as a test."""

    def __init__(self, pool: Pool, catalogue: Catalogue, most_bytes: int = 100 * MB) -> None:
        self.in_flight = RepliesInFlight(most_bytes)
        self.synthesis = Synthesis(
            pool, Settings.from_environment(), Cache(100, 100, 100 * MB), self.in_flight, Lexicon()
        )
        self.record = RequestRecord()
        self._catalogue = catalogue

    async def ask(self, text: str = TEXT, voice: str = "af_heart", **fields: Any) -> Speech:
        self.record = RequestRecord()
        request = SpeechRequest.from_fields(self._catalogue, text, voice, **fields)
        return await self.synthesis.stream(request, self.record)

    async def hear(self, text: str = TEXT, **fields: Any) -> tuple[Speech, bytes]:
        speech = await self.ask(text, **fields)
        async with aclosing(speech.body):
            return speech, b"".join([part async for part in speech.body])


@pytest.fixture
async def desk(tone: Path, text_spec: WorkerSpec, speech_spec: WorkerSpec) -> AsyncIterator[Desk]:
    async with Pool(config(text_spec, speech_spec)) as pool:
        made = Desk(pool, Catalogue.read(tone / "voices.bin"))
        with closing(made.synthesis):
            yield made
    assert len(made.in_flight) == 0, "whatever became of a reply, it left its place"


async def test_the_record_and_the_usage_tell_what_is_heard(desk: Desk) -> None:
    for speed, sample_rate in product((0.25, 0.5, 1.0, 2.0, 4.0), (24000, 48000)):
        speech, pcm = await desk.hear(speed=speed, sample_rate=sample_rate, response_format="pcm")
        heard_s = len(pcm) / 2 / sample_rate
        assert desk.record.audio_s == pytest.approx(heard_s, abs=1e-3)
        assert speech.usage()["output_tokens"] == round(heard_s * 40)
        tokens = speech.usage()["input_tokens"]
        assert heard_s == pytest.approx(tokens / 15 / speed, rel=0.15), "that is how long it hums"


async def test_a_whole_reply_is_as_long_as_it_says_and_sounds_as_long_as_a_stream(desk: Desk) -> None:
    for name, speed in product(sorted(ENCODERS), (1.0, 0.25)):
        rate = 48000 if name == "opus" else 44100
        fields: dict[str, Any] = {"response_format": name, "speed": speed, "sample_rate": rate}
        streamed, by_and_by = await desk.hear(TEXT, stream=True, **fields)
        whole, at_once = await desk.hear(f"{TEXT} ", stream=False, **fields)
        assert streamed.length is None, name
        assert whole.length == len(at_once)
        samples = [len(decode(name, data, rate)[0]) for data in (by_and_by, at_once)]
        assert samples[0] == samples[1] > 44100, (name, speed)


async def test_only_flac_is_whole_unless_a_stream_is_asked_for(desk: Desk) -> None:
    lengths = {name: (await desk.hear(response_format=name))[0].length for name in ENCODERS}
    assert [name for name, length in lengths.items() if length is not None] == ["flac"]


async def test_flac_that_would_take_too_much_is_streamed_and_what_is_wanted_whole_refused(
    tone: Path, text_spec: WorkerSpec, speech_spec: WorkerSpec
) -> None:
    async with Pool(config(text_spec, speech_spec)) as pool:
        desk = Desk(pool, Catalogue.read(tone / "voices.bin"), most_bytes=MB)
        with closing(desk.synthesis):
            assert (await desk.hear(TEXT * 10, response_format="flac"))[0].length is None
            with pytest.raises(InvalidField, match="'stream'"):
                await desk.ask(TEXT * 11, response_format="flac", stream=False)
            assert (await desk.hear(TEXT, response_format="flac"))[0].length is not None


async def test_a_reply_that_memory_has_no_room_for_is_refused_until_another_has_gone(
    tone: Path, text_spec: WorkerSpec, speech_spec: WorkerSpec
) -> None:
    async with Pool(config(text_spec, speech_spec)) as pool:
        desk = Desk(pool, Catalogue.read(tone / "voices.bin"), most_bytes=MB)
        with closing(desk.synthesis):
            first = await desk.ask(response_format="pcm")
            with pytest.raises(RepliesFull):
                await desk.ask(f"Another: {TEXT}", response_format="pcm")
            await first.body.aclose()
            assert (await desk.hear(f"Another: {TEXT}", response_format="pcm"))[1]


async def test_a_reply_that_becomes_longer_than_it_looked_is_refused_where_there_is_no_room(
    tone: Path, text_spec: WorkerSpec, speech_spec: WorkerSpec
) -> None:
    """Figures are read out: a digit is a word, which nobody knows before."""
    async with Pool(config(text_spec, speech_spec)) as pool:
        desk = Desk(pool, Catalogue.read(tone / "voices.bin"), most_bytes=3 * MB)
        with closing(desk.synthesis):
            with pytest.raises(RepliesFull):
                await desk.ask("777 777 777 777, " * 20, response_format="wav", stream=False)
            assert len(desk.in_flight) == 0


async def test_turns_take_little_until_they_are_heard_and_those_that_are_heard_are_bounded(
    tone: Path, text_spec: WorkerSpec, speech_spec: WorkerSpec
) -> None:
    async with Pool(config(text_spec, speech_spec)) as pool:
        desk = Desk(pool, Catalogue.read(tone / "voices.bin"), most_bytes=5 * MB)
        order = SpeechRequest.without_text(desk._catalogue, "af_heart", response_format="mp3")
        with closing(desk.synthesis), ExitStack() as held:
            turns = [
                held.enter_context(closing(desk.synthesis.turn(order, RequestRecord(), AS_HEARD)))
                for _ in range(50)
            ]
            assert desk.in_flight.held_bytes < MB
            for turn in turns[:2]:
                await _first(turn)
            with pytest.raises(RepliesFull):
                await _first(turns[2])


async def _first(turn: Turn) -> None:
    """Take its first sound, and leave the rest."""
    turn.append("Good morning. ")
    turn.flush()
    async with aclosing(turn.sounds()) as sounds:
        assert (await anext(sounds)).data


async def test_what_fails_or_is_left_gives_back_its_place_and_its_lease(
    tone: Path, text_spec: WorkerSpec, speech_spec: WorkerSpec
) -> None:
    async with Pool(config(text_spec, speech_spec)) as pool:
        desk = Desk(pool, Catalogue.read(tone / "voices.bin"))
        with closing(desk.synthesis):
            with pytest.raises(EngineFailed):
                await desk.ask("No!", voice="af_fail")
            left = await desk.ask("It takes its time! " * 20, voice="af_slow")
            assert len(desk.in_flight) == 1
            await left.body.aclose()
            assert len(desk.in_flight) == 0
            await until(lambda: not pool.status().jobs_queued, "nothing queued for who has left")


async def test_what_is_held_needs_no_worker(desk: Desk) -> None:
    _, first = await desk.hear(response_format="mp3")
    speech, again = await desk.hear(response_format="mp3")
    assert (desk.record.cache, desk.record.worker_pids) == ("hit", None)
    assert speech.length == len(again) == len(first)


async def test_a_stream_that_is_never_read_has_no_more_spoken_than_the_look_ahead(desk: Desk) -> None:
    text = "Somebody counts all of the lanterns in the harbour once more. " * 40
    speech = await desk.ask(text, response_format="pcm", speed=2.0)
    async with aclosing(speech.body):
        pool = desk.synthesis._pool
        await until(lambda: not pool.status().jobs_running and not pool.status().jobs_queued, "it waits")
        spoken = speech.usage()["input_tokens"]
    assert spoken / 15 / 2.0 < 45, "30 s ahead, what is being read, and the segment that passed the mark"
