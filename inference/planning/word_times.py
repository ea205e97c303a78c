"""When each word of a text is heard, by the frames of its scores. Knows tokens and samples, no text and no clock."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from inference.protocol import SAMPLE_BYTES, SAMPLE_RATE, Word

if TYPE_CHECKING:
    from inference.planning.rendering import Piece
    from inference.planning.segments import Segment
    from inference.protocol import Audio

_FRAME: Final = SAMPLE_RATE // 40
"""Samples of a frame, 25 ms."""

_EARLY: Final = 2 * _FRAME
"""A token is heard 50 ms before its first frame: the median of 395 words after a silence, in five voices, where sound
begins at a fiftieth of the loudest. At a tenth of it, they begin 35 to 40 ms before."""

_SILENT: Final = ' ;:,.!?—…"“”()'
"""Phonemes that are no sound of the word they follow."""


@dataclass(frozen=True, slots=True)
class HeardWord:
    """A word of a text, and when it is heard.

    Words are in order, and neither characters nor times overlap. What lies between two words belongs to none: spaces,
    what is not spoken, and pauses. Words that cannot be told apart, such as those of `$5 million`, are one.
    """

    start: int
    end: int
    """Where it stands in the text, characters."""

    start_s: float
    end_s: float
    """Seconds from the start of the text's sound, as it is played: stretching is counted."""


class _Span(NamedTuple):
    """Where the sound of a word begins and ends, samples."""

    word: Word
    begin: int
    end: int


class WordClock:
    """Tells when the words of a text are heard, as its sound comes piece by piece. Lives as long as its utterance."""

    def __init__(self, tempo: float) -> None:
        """`tempo` is how many times as fast as it is spoken the sound is played."""
        self._rate = SAMPLE_RATE * tempo
        self._before = 0
        """Samples before this unit."""

        self._sent = 0
        """Samples of this unit."""

        self._ahead: list[_Span] = []
        """Words of this unit that have not been told, in samples of it."""

    def words(self, segment: Segment, piece: Piece, pause: bytes) -> tuple[HeardWord, ...]:
        """The words that begin in this piece, which is the next of all; none where the graph tells no frames.

        A word may go on in the piece after it. The last of a unit ends where its sound does, for what the frames tell
        of the last phoneme is 0.3 s of silence; if it began in an earlier piece, it ends with its phonemes.
        """
        if piece.audio.frames:
            self._ahead = _spans(segment, piece.audio)
        self._sent += len(piece.audio.pcm) // SAMPLE_BYTES
        begun = [span for span in self._ahead if piece.is_last or span.begin < self._sent]
        self._ahead = self._ahead[len(begun) :]
        if piece.is_last and begun:
            begun[-1] = begun[-1]._replace(end=self._sent)
        heard = tuple(map(self._heard, begun))
        if piece.is_last:
            self._before += self._sent + len(pause) // SAMPLE_BYTES
            self._sent = 0
        return heard

    def _heard(self, span: _Span) -> HeardWord:
        begin = min(max(span.begin, 0), self._sent)
        end = max(span.end, begin)
        start_s, end_s = ((self._before + samples) / self._rate for samples in (begin, end))
        return HeardWord(span.word.start, span.word.end, start_s, end_s)


def _spans(segment: Segment, audio: Audio) -> list[_Span]:
    """Where each word of a segment begins and ends in the sound that begins with `audio`, before that bounds it."""
    phonemes, words = segment.phonemes, segment.words
    if len(audio.frames) != len(phonemes) + 2:  # of a phoneme that the model does not know they tell nothing
        return []
    borders = [frame * _FRAME - audio.cut for frame in accumulate(audio.frames)]
    spans = []
    for word, after in pairwise([*words, Word(len(phonemes), 0, 0)]):
        sounding = len(phonemes[word.token : after.token].rstrip(_SILENT))
        end = min(borders[word.token + sounding], borders[after.token] - _EARLY)
        spans.append(_Span(word, borders[word.token] - _EARLY, end))
    return spans
