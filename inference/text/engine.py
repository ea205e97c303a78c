"""The text worker: a stretch of a text to sentences, and those to phonemes. Knows no audio and no segments.

Keeps nothing between two jobs: what the next one has to know of this one goes to the gateway and comes back.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from inference.errors import EngineFailed
from inference.pronunciations import Pronunciations
from inference.protocol import LONGEST_READING_S, Reading, Ready, Sentence, TextJob
from inference.text import inserts
from inference.text.alignment import aligned, placed, written_words
from inference.text.characters import without_voiced
from inference.text.code import begun
from inference.text.context import Context
from inference.text.marks import passages, unfinished
from inference.text.phonemizer import Phonemizer
from inference.text.pronounced import Growth
from inference.text.sentences import PARAGRAPH_END, Stretch
from inference.text.thoughts import without_thoughts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inference.pronunciations import Pronunciation
    from inference.protocol import Job, JobReply, Word, WorkerSpec
    from inference.text.inserts import Read
    from inference.text.marks import Passage
    from inference.text.sentences import Cut


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
            InvalidPronunciation: words of its own multiply the text.
            EngineFailed: a phonemizer failed.
        """
        if not isinstance(job, TextJob):
            raise EngineFailed(f"a text worker cannot do a {type(job).__name__}")
        began, began_cpu = time.perf_counter(), time.process_time()
        sentences: list[Sentence] = []
        task, step = self._task(job), None
        for step in self._steps(task):
            if step.sentence:
                sentences.append(step.sentence)
                is_enough = (
                    step.sentence.end >= job.most or time.process_time() - began_cpu > LONGEST_READING_S
                )
                if is_enough and step.taken:  # else it is inside what the first mark stands for
                    break
        elapsed_ms = round((time.perf_counter() - began) * 1000, 2)
        if step is None:
            return Reading((), 0, job.context, elapsed_ms)
        context = replace(step.context, grown=task.growth.characters)
        return Reading(tuple(sentences), step.taken, context.written(), elapsed_ms)

    def sentences(
        self, text: str, language: str, pronunciations: tuple[Pronunciation, ...] = ()
    ) -> Iterator[Sentence]:
        """The sentences of a whole text; raises what `do` does."""
        job = TextJob("", text, language, pronunciations=pronunciations)
        return (step.sentence for step in self._steps(self._task(job)) if step.sentence)

    def _task(self, job: TextJob) -> _Task:
        context, own = Context.read(job.context), Pronunciations(job.pronunciations)
        read = partial(self._phonemizer.phonemes, own=own)
        return _Task(job, context, read, Growth(own, job.language, context.grown))

    def _steps(self, task: _Task) -> Iterator[_Step]:
        job, context = task.job, task.context
        thoughtless = without_thoughts(
            without_voiced(job.text),
            is_inside=context.is_thought,
            code=context.marks.code,
            is_all=job.is_all,
        )
        is_all = job.is_all or thoughtless.is_open
        text = thoughtless.text[: thoughtless.open_at]
        if not is_all:
            text = text[: min(unfinished(text), begun(text, context.marks.code), thoughtless.settled)]
        is_wrapped, marks = context.is_wrapped, context.marks
        for passage in passages(text, job.language, marks):
            gap = PARAGRAPH_END if thoughtless.is_open and not passage.is_ended else ""
            is_whole = is_all or passage.is_ended
            stretch = Stretch(passage.text, is_wrapped, language=job.language, is_all=is_whole, gap=gap)
            yield from self._read(passage, stretch, task)
            if is_whole:
                yield _end(passage)
            is_wrapped, marks = None, passage.after
        if thoughtless.is_open and not job.is_all:
            yield _Step(None, thoughtless.taken, Context(None, thoughtless.is_begun, marks=marks))
        elif job.is_all:
            yield _Step(None, len(job.text), Context(marks=marks))

    def _read(self, passage: Passage, stretch: Stretch, task: _Task) -> Iterator[_Step]:
        for cut in stretch.sentences():
            task.growth.add(cut.text)
            sentence = self._sentence(passage, cut, task.job, task.read)
            taken, marks = passage.place(stretch.taken)
            yield _Step(sentence, taken, Context(stretch.is_wrapped, marks=marks))

    def _sentence(self, passage: Passage, cut: Cut, job: TextJob, read: Read) -> Sentence:
        spans = list(passage.between(cut.start, cut.end))
        embedded, language = inserts.embedded(spans, job.language, read)
        text = "".join(span.text for span in embedded)
        phonemes = read(" ".join(text.split()) + cut.gap, language)
        words: tuple[Word, ...] = ()
        if job.is_timed:
            written = written_words(text, partial(self._phonemizer.cut, code=language))
            words = placed(
                aligned(text, phonemes, written, lambda word: read(word, language)),
                inserts.places(spans, embedded),
            )
        return Sentence(
            phonemes,
            spans[0].start,
            spans[-1].end,
            ends_paragraph=cut.gap == PARAGRAPH_END,
            speed=passage.rate,
            words=words,
        )


@dataclass(frozen=True)
class _Task:
    """A job with what reads it. Lives as long as the job."""

    job: TextJob
    context: Context
    read: Read
    growth: Growth


@dataclass(frozen=True)
class _Step:
    """How far a text has been read. Lives until the next."""

    sentence: Sentence | None
    """The last that was read, if one was."""

    taken: int
    context: Context


def _end(passage: Passage) -> _Step:
    """The silence after a passage that is read, if there is any."""
    end = passage.end
    pause = Sentence("", end, end, pause_s=passage.pause_s) if passage.pause_s else None
    return _Step(pause, end, Context(marks=passage.after))
