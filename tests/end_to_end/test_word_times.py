"""When words are heard, held against the sound of the real model, in every language and at every kind of speed."""

from __future__ import annotations

import base64
from itertools import cycle, pairwise
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pytest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tests.support.gateway import Gateway

RATE = 24_000
STEP = RATE // 200
"""5 ms, in which loudness is measured."""

LISTED = {
    "af_heart": (
        "Apples, oranges, lemons, melons, almonds, and onions.",
        "Well, I am here, on my own, again, although, obviously, nobody knew.",
        "Anna, Emma, Oliver, Ian, Amy, and Owen.",
        "In autumn, as ever, rain is normal, and winter, alas, is near.",
    ),
    "am_michael": (
        "Yellow, orange, red, white, violet, and lilac.",
        "No, never, ever, not once, I am afraid, in any of my years.",
        "Iron, amber, nylon, leather, and aluminium.",
        "Again, and again, one morning, our engine, an old one, would not run.",
    ),
    "bf_emma": (
        "Monday, Wednesday, Easter, Advent, or New Year.",
        "Now, we love it, as you know, and yet, alas, we leave.",
        "Under, over, in, on, around, or along.",
        "Evenings, we read, and mornings, in earnest, we run.",
    ),
}
"""Words apart by commas, most of which begin with a voice: their onset is where sound begins."""

SENTENCES = {
    "af_heart": "We paid $5.50 for **two** books, on 3 May, didn't we? Yes: 1/2 off!",
    "bf_emma": "The colonel, aged 45, lives at 12 High St. near the river.",
    "ef_dora": "El 3 de mayo, la señora García pagó $5,50 por 2 kg de manzanas.",
    "ff_siwis": "Les amis de l'homme sont arrivés à 14h30, avec 5,50 €, n'est-ce pas ?",
    "hf_alpha": "वह 3 मई को घर गया, और ₹500 लाया।",
    "if_sara": "L'amica di Marco ha pagato 5,50 €, e se n'è andata alle 9.",
    "jf_alpha": "私は3月5日に、東京で1,500円のラーメンを食べました。",
    "pf_dora": "O Sr. Silva pagou R$ 5,50 em 3 de março, às 14h30, não foi?",
    "zf_xiaoxiao": "我3月5日，在北京花了1,500元，买了一本书。",
}


def heard(
    gateway: Gateway, text: str, voice: str, speed: float
) -> tuple[list[dict[str, Any]], NDArray[np.int16]]:
    """The words of a text with their times, and its sound."""
    body = {"model": "kokoro", "input": text, "voice": voice, "speed": speed, "response_format": "pcm"}
    reply = httpx.post(
        f"{gateway.root}/dev/captioned_speech", json=body | {"stream": False}, timeout=120
    ).json()
    return reply["timestamps"], np.frombuffer(base64.b64decode(reply["audio"]), "<i2")


def loudness(sound: NDArray[np.int16]) -> NDArray[np.float64]:
    steps = sound[: len(sound) // STEP * STEP].reshape(-1, STEP).astype(float)
    level = np.sqrt((steps**2).mean(axis=1))
    return np.asarray(level / level.max())


def onsets(words: list[dict[str, Any]], sound: NDArray[np.int16]) -> list[float]:
    """How much later than it is told each word begins after a comma that is a silence of 60 ms or more, seconds."""
    level, found = loudness(sound), []
    for before, word in pairwise(words):
        first = max(round((word["start_time"] - 0.25) * RATE / STEP), 0)
        silent = level[first : first + 80] < 0.02
        edges = np.flatnonzero(np.diff(np.concatenate([[False], silent, [False]])))
        silences = [(end - start, first + end) for start, end in edges.reshape(-1, 2) if end < len(silent)]
        longest, onset = max(silences, default=(0, 0))
        if before["word"].endswith(",") and longest * STEP >= 0.06 * RATE:
            found.append(onset * STEP / RATE - word["start_time"])
    return found


def test_words_begin_where_their_sound_does(kokoro: Gateway) -> None:
    late = np.array(
        [
            seconds
            for voice, texts in LISTED.items()
            for text in texts
            for seconds in onsets(*heard(kokoro, text, voice, 1.0))
        ]
    )
    assert len(late) >= 18
    assert abs(np.median(late)) <= 0.015
    assert (abs(late) <= 0.05).mean() >= 0.95


@pytest.mark.parametrize(("voice", "speed"), [*zip(SENTENCES, cycle([0.5, 1.0, 1.5, 2.0]), strict=False)])
def test_words_of_every_language_are_in_order_and_end_with_the_sound(
    kokoro: Gateway, voice: str, speed: float
) -> None:
    text = SENTENCES[voice]
    words, sound = heard(kokoro, text, voice, speed)
    assert len(words) >= 7
    assert all(0 <= word["start_index"] < word["end_index"] <= len(text) for word in words)
    places = [place for word in words for place in (word["start_index"], word["end_index"])]
    times = [time for word in words for time in (word["start_time"], word["end_time"])]
    assert places == sorted(places)
    assert times == sorted(times)
    between = "".join(
        text[end:start] for end, start in zip([0, *places[1::2]], [*places[::2], None], strict=True)
    )
    assert not any(map(str.isalnum, between)), "every character that is spoken belongs to a word"
    assert times[-1] == pytest.approx(len(sound) / RATE, abs=0.025)
