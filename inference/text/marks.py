"""The marks with which writers say how their text is to be read: `[pause:1s]`, and the elements of SSML that matter.

Cuts a text at them into passages; knows no sentences and no phonemes. A pattern finds them one by one, no parser of XML
does: what a chat writes by accident (`a < b`, `<3`, a tag without its end) is text, and nothing expands.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from inference.text import ssml
from inference.text.code import code_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from inference.text.code import Code

ALL_PAUSES_S: Final = 60.0
"""Most silence that the marks of one text may ask for."""

_MOST_OPEN: Final = 16
"""Elements inside each other; those further in ask for nothing."""

_ATTRIBUTES: Final = r"""(?:\s++[\w:.-]{1,40}\s*+=\s*+(?:"[^"<]*"|'[^'<]*'|[^\s"'<>=]++))*+\s*+"""
_MARK: Final = re.compile(
    rf"""
    (?<!`) (?: \[ \s*+ pause [\s:=]\s*+ (?P<pause>[\d.]{{1,8}}\s?(?:ms|s)?) (?:ec(?:ond)?s?)? \s*+ \]
    | \[ (?P<word>[^\[\]()<>]{{1,100}}) \] \( (?P<level>[+-][12]) \)
    | < (?P<whole>sub|phoneme|say-as|emphasis) (?P<given>{_ATTRIBUTES}) >
      (?P<content>[^<>]{{0,500}}) </(?P=whole)\s*+>
    | < (?P<closes>/)? (?P<name>break|lang|voice|prosody|p|s) (?P<attributes>{_ATTRIBUTES}/?) >
    )""",
    re.VERBOSE | re.IGNORECASE,
)
"""`[pause:1s]`, `[word](+1)` of misaki, elements that are read as a whole, and tags of those that may be long.

What follows a backtick is no mark, closed or not, and nor is what stands in code: somebody writes about it."""

_LOOKED_BACK: Final = 1200
_UNFINISHED: Final = re.compile(
    r"""
    (?: < /? [a-z-]{0,8}
    | < (?:break|lang|voice|prosody|[ps]) \s [^<>]{0,600}
    | < (?:sub|phoneme|say-as|emphasis) (?: \s [^<>]{0,600} )? (?: > [^<>]{0,500} (?: </? [a-z-]{0,8} )? )?
    | \[ \s{0,2} (?: p | pa | pau | paus | pause [^\[\]]{0,20} )? ) \Z
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""The beginning of a mark at the end of a text, which more of it may complete."""

Kind: TypeAlias = Literal["words", "phonemes", "letters", "stressed", "unstressed", "flat"]
"""How a span is read: as text; as the phonemes that it is; by its characters; or with more stress, less, none."""

_ALPHABETS: Final = frozenset(["ipa", "kokoro", "misaki"])
"""Those that phonemes may be written in: the IPA, and the letters that Kokoro was trained on, which are misaki's."""

_OF_EMPHASIS: Final[dict[str, Kind]] = {"none": "words", "reduced": "unstressed"}
_OF_LEVEL: Final[dict[str, Kind]] = {"-1": "unstressed", "-2": "flat"}


@dataclass(frozen=True)
class State:
    """What the elements that are open at some place ask for."""

    open: tuple[tuple[str, str], ...] = ()
    """Names of elements and what they ask for, the innermost last."""

    paused_s: float = 0.0
    """Silence asked for so far."""

    said: int = 0
    """So many characters of what the mark that begins here puts in its place were read before."""

    code: str = ""
    """The delimiter of the code that goes on here, if any does."""

    @property
    def language(self) -> str:
        """Code of the language asked for; empty: that of the text."""
        return self._asked("lang", "voice")

    @property
    def rate(self) -> float:
        """How many times as fast as without marks."""
        return float(self._asked("prosody") or 1)

    def _asked(self, *names: str) -> str:
        return next((value for name, value in reversed(self.open) if name in names and value), "")

    def opened(self, name: str, value: str) -> State:
        """Inside one more element."""
        return self if len(self.open) >= _MOST_OPEN else replace(self, open=(*self.open, (name, value)))

    def closed(self, name: str) -> State:
        """Outside the innermost element of that name, if there is one."""
        for index, (other, _) in reversed(list(enumerate(self.open))):
            if other == name:
                return replace(self, open=self.open[:index] + self.open[index + 1 :])
        return self


@dataclass(frozen=True)
class Span:
    """Characters of a text that are read in one way."""

    text: str
    """What is read of them: themselves, but for marks that put something in their place."""

    start: int
    end: int
    """Where they are in the user's text."""

    state: State
    kind: Kind = "words"
    is_replaced: bool = False
    """It stands in place of a mark."""

    def part(self, start: int, end: int) -> Span:
        """Characters of `text` with the place that they come from."""
        if self.is_replaced:
            return replace(self, text=self.text[start:end])
        return replace(self, text=self.text[start:end], start=self.start + start, end=self.start + end)


@dataclass(frozen=True)
class Passage:
    """Text up to a mark that speech is cut at: a pause, or another rate."""

    spans: tuple[Span, ...]
    rate: float
    end: int
    """Where it ends in the user's text, mark included."""

    after: State
    """What is open there."""

    until: tuple[int, State]
    """Where its text ends, and what is open there."""

    pause_s: float = 0.0
    """Silence after it that the writer asked for, seconds."""

    is_ended: bool = True
    """A mark ends it; else the text does."""

    @cached_property
    def text(self) -> str:
        """All of it, as it is read."""
        return "".join(span.text for span in self.spans)

    @cached_property
    def _begins(self) -> list[int]:
        """Where each span begins in `text`."""
        return list(accumulate((len(span.text) for span in self.spans[:-1]), initial=0))

    def between(self, start: int, end: int) -> Iterator[Span]:
        """The spans of these characters of `text`."""
        for index in range(bisect_right(self._begins, start) - 1, bisect_left(self._begins, end)):
            span, begin = self.spans[index], self._begins[index]
            yield span.part(max(start - begin, 0), min(end - begin, len(span.text)))

    def place(self, offset: int) -> tuple[int, State]:
        """Where in the user's text a character of `text` stands, and what is open there.

        Of what stands in place of a mark it is where the mark is.
        """
        if offset >= len(self.text):
            return self.until
        (span,) = self.between(offset, offset + 1)
        begin = self._begins[bisect_right(self._begins, offset) - 1]
        said = span.state.said + offset - begin if span.is_replaced else 0
        return span.start, replace(span.state, said=said)


def passages(text: str, code: str, state: State) -> Iterator[Passage]:
    """The passages of a text in a language, each as it is asked for; `state` is what is open where it begins."""
    codes = list(code_in(text, state.code))
    state = replace(state, code="")
    spans: list[Span] = []
    start, rate = 0, state.rate
    for mark in _marks(text, codes):
        spans += _plain(text, start, mark.start(), state, codes)
        said, until = _said(mark, state, code), (mark.start(), state)
        start, state = mark.end(), _state_after(mark, state)
        pause_s = min(_pause_s(mark), ALL_PAUSES_S - state.paused_s)
        if pause_s or state.rate != rate:
            state = replace(state, paused_s=state.paused_s + pause_s)
            yield Passage(_not_empty(spans), rate, start, state, until, pause_s)
            spans, rate = [], state.rate
        else:
            spans.append(said)
    spans += _plain(text, start, len(text), state, codes)
    if codes and not codes[-1].is_closed:
        state = replace(state, code=codes[-1].delimiter)
    yield Passage(_not_empty(spans), rate, len(text), state, (len(text), state), is_ended=False)


def _marks(text: str, codes: Sequence[Code]) -> Iterator[re.Match[str]]:
    """Those that do not begin in code."""
    left = iter(codes)
    code = next(left, None)
    for mark in _MARK.finditer(text):
        while code and code.end <= mark.start():
            code = next(left, None)
        if code is None or mark.start() < code.start:
            yield mark


def _plain(text: str, start: int, end: int, state: State, codes: Sequence[Code]) -> Iterator[Span]:
    """What stands between two marks, cut where code begins and ends."""
    for code in codes[bisect_right(codes, start, key=lambda code: code.end) :]:
        if code.start >= end:
            break
        inside = max(code.start, start)
        yield Span(text[start:inside], start, inside, state)
        start = min(code.end, end)
        yield Span(text[inside:start], inside, start, replace(state, code=code.delimiter))
    yield Span(text[start:end], start, end, state)


def _not_empty(spans: list[Span]) -> tuple[Span, ...]:
    return tuple(span for span in spans if span.text)


def unfinished(text: str) -> int:
    """Where a mark begins that more text may complete; the length of the text if none does."""
    match = _UNFINISHED.search(text, max(len(text) - _LOOKED_BACK, 0))
    return match.start() if match else len(text)


def _pause_s(mark: re.Match[str]) -> float:
    if mark["pause"]:
        return ssml.duration_s(mark["pause"])
    if (mark["name"] or "").lower() == "break":
        return ssml.pause_s(ssml.attributes(mark["attributes"]))
    return 0.0


def _state_after(mark: re.Match[str], state: State) -> State:
    name, state = (mark["name"] or "").lower(), replace(state, said=0)
    if name not in {"lang", "voice", "prosody"} or mark["attributes"].endswith("/"):
        return state
    if mark["closes"]:
        return state.closed(name)
    given = ssml.attributes(mark["attributes"])
    if name == "prosody":
        return state.opened(name, f"{ssml.rate(given['rate']):g}" if "rate" in given else "")
    return state.opened(name, ssml.language(given.get("xml:lang") or given.get("language") or ""))


def _said(mark: re.Match[str], state: State, code: str) -> Span:
    """What is read in place of a mark: a boundary, or the text of its element in another way."""
    begins, ends, content = mark.start(), mark.end(), mark["content"] or ""
    given = ssml.attributes(mark["given"] or "")
    kind: Kind = "words"
    match (mark["whole"] or mark["name"] or "").lower():
        case "p":
            text = "\n\n"
        case "s":
            text = "\n"
        case "sub":
            text = given.get("alias", content)
        case "phoneme" if given.get("ph", "").strip() and given.get("alphabet", "ipa").lower() in _ALPHABETS:
            text, kind = given["ph"], "phonemes"
        case "say-as":
            how = given.get("interpret-as", "").strip().lower()
            text = ssml.said_as(how, content, given.get("format", ""), state.language or code)
            kind = "letters" if ssml.is_spelled(how) else "words"
        case "emphasis":
            text, kind = content, _OF_EMPHASIS.get(given.get("level", ""), "stressed")
        case "" if mark["word"]:
            text, kind = mark["word"], _OF_LEVEL.get(mark["level"], "stressed")
        case "break" | "":
            text = " "
        case _:
            text = content
    return Span(text[state.said :], begins, ends, state, kind, is_replaced=True)
