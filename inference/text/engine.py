"""The text worker: a stretch of a text to sentences, and those to phonemes. Knows no audio and no segments.

Keeps nothing between two jobs: what the next one has to know of this one goes to the gateway and comes back.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from inference.errors import EngineFailed
from inference.protocol import Reading, Ready, Sentence, TextJob
from inference.text.phonemizer import Phonemizer
from inference.text.sentences import PARAGRAPH_END, Place, Stretch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inference.protocol import Job, JobReply, WorkerSpec

_LONGEST_READING_S: Final = 0.05
"""After so long the rest is left for another job: there is one text worker, and others wait for it."""


class TextEngine:
    """Reads texts, one job at a time. Lives as long as its worker process."""

    def __init__(self, spec: WorkerSpec) -> None:
        """Load espeak and warm it up.

        Raises:
            EngineFailed: espeak-ng does not work here.
        """
        del spec
        self._phonemizer = Phonemizer()
        self._phonemizer.phonemes("Ready.", "en-us")

    def ready(self, load_ms: float) -> Ready:
        """The first message of this worker."""
        return Ready("espeak", load_ms, languages=self._phonemizer.languages)

    def do(self, job: Job) -> JobReply:
        """Read one stretch.

        Raises:
            UnsupportedLanguage: there is no phonemizer for the language; the message says what to install.
            EngineFailed: a phonemizer failed.
        """
        if not isinstance(job, TextJob):
            raise EngineFailed(f"a text worker cannot do a {type(job).__name__}")
        began = time.perf_counter()
        place = Place.of(job.context)
        stretch = Stretch(job.text, place, language=job.language, is_all=job.is_all)
        sentences: list[Sentence] = []
        for sentence in self._sentences(stretch, job.language):
            sentences.append(sentence)
            if sentence.end >= job.most or time.perf_counter() - began > _LONGEST_READING_S:
                break
        elapsed_ms = round((time.perf_counter() - began) * 1000, 2)
        return Reading(tuple(sentences), stretch.taken, stretch.place.context(), elapsed_ms)

    def _sentences(self, stretch: Stretch, language: str) -> Iterator[Sentence]:
        for cut in stretch.sentences():
            phonemes = self._phonemizer.phonemes(cut.text, language)
            yield Sentence(phonemes, cut.start, cut.end, cut.text.endswith(PARAGRAPH_END))
