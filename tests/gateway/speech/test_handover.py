from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from gateway.audio.shaping import shape
from gateway.speech.handover import Handover
from gateway.speech.record import RequestRecord
from inference import Manner, Pool, Utterance
from tests.support.pools import config

if TYPE_CHECKING:
    from inference import WorkerSpec


@pytest.mark.parametrize("is_written", [True, False])
async def test_what_is_handed_over_is_counted_as_long_as_it_is_heard(
    text_spec: WorkerSpec, speech_spec: WorkerSpec, is_written: bool
) -> None:
    async with Pool(config(text_spec, speech_spec)) as pool:
        manner = Manner("en-us", (("af_heart", 1.0),), tempo=2.0)
        record, utterance = RequestRecord(), Utterance(pool.lease("", 1), manner)
        with closing(utterance), closing(shape(tempo=2.0, sample_rate=48000)) as shaping:
            handover = Handover(utterance, record, shaping, 48000, is_written=is_written)
            for seconds in (1, 2):
                handover.give(seconds * 48000)
            assert handover.samples == 3 * 48000 / 2
            assert handover.seconds_with(48000) == 2.0
            assert utterance.playback.heard_s == record.audio_s == 1.5
            assert (record.underruns is None) != is_written
