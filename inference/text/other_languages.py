"""Everyday writing in languages other than English: money, times, dates, units, titles, ordinals, kings.

Knows no language: the words of each are in its phrase book, `data/LANGUAGE.toml`, with an example for each rule; units
and dates are CLDR's. Plain numbers are left to the phonemizer, without the marks that group their figures.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from inference.text.everyday_codes import CodeBook
from inference.text.everyday_counters import Counters
from inference.text.everyday_dates import YEAR, DateBook
from inference.text.everyday_gates import Gates
from inference.text.everyday_money import MILLIONS, MoneyBook
from inference.text.everyday_notes import NoteBook
from inference.text.everyday_ordinals import OrdinalBook
from inference.text.everyday_science import ScienceBook
from inference.text.everyday_signs import SignBook
from inference.text.everyday_units import UnitBook
from inference.text.numbers import number_in_words
from inference.text.phrases import filled
from inference.text.readings import Readings
from inference.text.rules import Rule, any_of, apply
from inference.text.tables import tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inference.text.rules import Said


def written_out(text: str, code: str) -> str:
    """One sentence with its everyday abbreviations and figures in words, as far as the language has a phrase book."""
    return apply(rules(code), text)


@cache
def rules(code: str) -> tuple[Rule, ...]:
    """The rules that the phrase book of a language has examples for; none if there is no such book."""
    try:
        book = tables(code)
    except FileNotFoundError:
        return ()
    return tuple(PhraseBook(book).rules())


class PhraseBook:
    """The words of one language. Lives as long as its rules."""

    def __init__(self, book: dict[str, Any]) -> None:
        self._book: Final = book
        self._decimal: Final[str] = book["decimal"]
        grouping = re.escape(book["grouping"])
        size = book.get("group_figures", "3")
        self._grouping: Final = re.compile(rf"(?<=\d)[{grouping}](?=\d{{{size}}}(?!\d))")
        self._number: Final = (
            rf"(?:\d{{1,3}}(?:[{grouping}]\d{{{size}}})++(?!\d)|\d+)(?:{re.escape(self._decimal)}\d+)?"
        )
        is_spaced = book["locale"] not in {"ja", "zh"}
        self._letters: Final = r"\w" if is_spaced else r"A-Za-z\d_"
        """What a word is made of, inside a character class; beside kana and han figures stand without a space."""

        self._space: Final = " " if is_spaced else ""
        self._units: Final = UnitBook(
            book, letters=self._letters, space=self._space, number=self._number, plain=self._plain
        )
        self._dates: Final = DateBook(book, letters=self._letters)
        self._money: Final = MoneyBook(book, letters=self._letters, number=self._number, plain=self._plain)
        self._ordinals: Final = OrdinalBook(book, letters=self._letters)
        self._figures: Final = any_of(map(self._figure, "0123456789"))
        self._codes: Final = CodeBook(book, letters=self._letters, dialled=self._telephone)
        self._gates: Final = Gates(book)
        self._dash: Final = r"\s?[–-]\s?" if is_spaced else r"\s?[–—~〜～-]\s?"

    def rules(self) -> Iterator[Rule]:
        """One for each kind that the book has an example for, in the order in which they are applied."""
        signs = SignBook(self._book, letters=self._letters, space=self._space, dash=self._dash)
        notes = NoteBook(
            self._book,
            letters=self._letters,
            space=self._space,
            dash=self._dash,
            ordinal=self._ordinals.ordinal,
        )
        readings = Readings(self._book.get("readings", {}))
        for name, (pattern, said) in {
            **ScienceBook(self._book, letters=self._letters).kinds(),
            **self._dates.first_kinds(),
            **self._codes.kinds(),
            **notes.kinds(),
            "reading": (readings.pattern, readings.said),
            **signs.first_kinds(),
            **self._kinds(),
            "year of a date": notes.kinds()["year"],
            **signs.last_kinds(),
            **self._units.last_kinds(),
            **self._numbers(),
        }.items():
            if name in self._book["examples"]:
                written, spoken = self._book["examples"][name]
                yield Rule(
                    name, re.compile(pattern, re.VERBOSE), said, written, spoken, **self._gates.of(name)
                )

    def _kinds(self) -> dict[str, tuple[str, Said]]:
        words, number, w = self._words, self._number, self._letters
        before_figures, with_stop = self._in_any_case("before_figures"), self._in_any_case("with_stop")
        stopped, dialled = any_of(with_stop), any_of(self._book.get("dialled", "").split())
        return {
            "title": (
                rf"\b(?<![A-ZÀ-Þ]\.\s)(?<![A-ZÀ-Þ]\.)(?!(?<=\b[A-Z]\s)[A-Z](?![\w.]))(?![A-Z]\s[A-Z]\s?(?:[A-Z]\b|\d))({any_of(words('titles'))})(?:(?<=\.)|\.|\b)(?=\s+[^\W\d_a-z]|\s+(?:et|y|e)\s+(?:(?:l?a|le|il|el|o)\s+)?{any_of(words('titles'))}\b|\s+d(?:[eoa]|el|[oa]s)\s+[A-Z]|(?<=\.)\s+(?:l[ae]s?\s|l')[^\W\d]|(?<=St|te)-\w)",
                lambda match: words("titles")[match[1]],
            ),
            "abbreviation": (
                rf"(?<![{w}.-])(?<!\W/)(?<!\A/)({any_of(words('abbreviations'))})(?:\.(?=\s*$)(?P<ends>)|\.?(?![{w}'’]))",
                lambda match: self._abbreviation(match, words("abbreviations"), match["ends"] is not None),
            ),
            "abbreviation with its stop": (
                rf"(?<![{w}./])(?:({stopped})\.(?=\s?[^\W_A-Z]|\s?[,;:)(€$+<>≤≥=~]|\sR\$|\s[IVX]+\b|-\d)"
                rf"|({any_of(self._book.get('no_words', '').split())})\."
                rf"|(?:(?<=\d\s)|(?<=\d\sde\s)|(?<=\s(?:al|au)\s)|(?<=\s[aàe]\s)|(?<=[IVX]e\s)|(?<=\de\s)(?=[a-zà-ÿ])|(?<=[ºª°€$%]\s))"
                rf"(?!s\.(?<!e\ss\.))({stopped})(?P<ends>\.)(?=\s*$))(?![{w}])",
                lambda match: self._abbreviation(match, with_stop, bool(match["ends"])),
            ),
            "before a figure": (
                rf"(?<![{w}.])({any_of(before_figures)})(?:(?<!\w)|(?![^\W\d_]))\s?"
                rf"(?=\d|{self._figures},\s|[IVXLC]+\b|[A-Z]{{1,5}}[-\s]?\d|[A-Z](?![{w}'])(?!\.\s?[\w.]))",
                lambda match: f"{before_figures[match[1]]} ",
            ),
            "telephone": (
                rf"(?<![{w}.,+])(?!{_GROUPED}(?:[–-]{_GROUPED})?(?!\d|[\s.-]\d))(?!{YEAR}[–-]{YEAR}(?!\d))(?!{_DATE})(?!{_HOURS}){_TELEPHONE}(?![{w}]|[.,/-]\d)",
                lambda match: self._telephone(match[0]),
            ),
            "telephone after a word": (
                rf"\b((?:{dialled})(?:\s[^\W\d]{{1,8}}){{0,2}}:?\s?)(\d{{3}}(?:[\s.]?\d{{2,4}}){{2,3}})(?![{w}]|[.,/-]\d)",
                lambda match: match[1] + self._telephone(match[2]),
            ),
            **self._codes.last_kinds(),
            **self._dates.kinds(),
            **self._money.kinds(),
            "number with a hyphen": (
                rf"(?<![{w}])((?:{self._book.get('numbered', '(?!)')})\s)(\d+)-(\d+)(?![\d/–-]|[.,]\d)",
                r"\1\2, \3",
            ),
            "range": (
                rf"(?<![{w}.,/–-])(\d+(?:[.,]\d+)?){self._dash}(\d+(?:[.,]\d+)?|{self._book.get('two', '(?!)')})"
                r"(?![\d/–-]|[.,]\d|\s?=)",
                rf"\1{self._between('range')}\2",
            ),
            "negative": (
                rf"(?<![{w})ऀ-ॿ])[-−–{self._book.get('minus_signs', '')}](?=\d)",
                f"{self._book.get('minus', '')}{self._space}",
            ),
            "percent": (
                rf"(?<![\d.,])(?P<number>{number})\s?[%％]",
                lambda match: filled(self._book, "percent", n=match["number"]),
            ),
            **self._units.kinds(),
            **self._ordinals.kinds(),
        }

    def _numbers(self) -> dict[str, tuple[str, Said]]:
        counters = Counters(self._book)
        return {
            "counter": (counters.pattern, counters.said),
            "number with a point": (
                rf"(?<![{self._letters}.,:/-])(\d{{1,3}}(?=\.\d{{1,2}}(?!\d))|\d{{4,8}})\.(\d{{1,6}})(?![{self._letters}%]|[.,:/-]\d)",
                rf"\1{self._between('version_point')}\2",
            ),
            "number": (
                rf"(?<![{self._letters}.,:/-]){self._number}(?![{self._letters}]|[.,:/-]\d)",
                self._in_words,
            ),
        }

    # --- Words of the book

    def _words(self, table: str) -> dict[str, Any]:
        words: dict[str, Any] = self._book.get(table, {})
        return words

    def _in_any_case(self, table: str) -> dict[str, str]:
        """With a capital, too, where that cannot be the letter of a name: `art.` and `Art.`."""
        words = self._words(table)
        return {
            f"{word[0].upper()}{word[1:]}": said for word, said in words.items() if word[1:2].isalpha()
        } | words

    def _abbreviation(self, match: re.Match[str], words: dict[str, str], ends: bool) -> str:
        """Its word; a unit behind a number is left to its rule, and what has a word of its own before one."""
        short = next(group for group in match.groups() if group in words)
        is_unit = short in self._words("units") and re.search(r"\d\s?$", match.string[: match.start()][-3:])
        is_before_figure = (
            match[0].endswith(".")
            and f"{short}." in self._words("before_figures")
            and _FIGURE.match(match.string, match.end())
        )
        if is_unit or is_before_figure:
            return match[0]
        small = self._words("before_small_letters").get(short)
        is_small = small and _SMALL_WORD.match(match.string, match.end())
        return (small if small and is_small else words[short]) + ("." if ends else "")

    def _between(self, word: str) -> str:
        return f"{self._space}{self._book.get(word, '')}{self._space}"

    # --- Figures

    def _plain(self, number: str) -> str:
        """Without the marks that group figures, which a phonemizer may take for full stops."""
        return self._grouping.sub("", number)

    def _in_words(self, match: re.Match[str]) -> str:
        """A number as words: a phonemizer reads those in their sentence, with liaisons, and figures without."""
        whole, _, fraction = self._plain(match[0]).partition(self._decimal)
        said = number_in_words(whole, self._book)
        if not fraction and (fits := self._book.get("agreement")):
            said = self._agreeing(said, match, fits)
        if not fraction and MILLIONS.fullmatch(whole) and self._is_before_noun(match):
            said = f"{said} {self._book['of_millions']}"
        if fraction:
            is_one_number = (
                self._space
                and fraction[0] != "0"
                and len(fraction) <= self._book.get("longest_fraction", _LONGEST_FRACTION)
            )
            parts = [fraction] if is_one_number else list(fraction)
            is_in_kana = (
                said != whole and not self._space
            )  # han would be read as part of the word behind them
            figures = (
                self._figure(fraction)
                if is_in_kana
                else self._space.join(number_in_words(part, self._book) for part in parts)
            )
            said = f"{said}{self._between('point')}{figures}"
        return said

    def _agreeing(self, said: str, match: re.Match[str], fits: dict[str, dict[str, str]]) -> str:
        """A number in the gender of the noun after it, if there is one: `doscientas personas`, `un kilo`."""
        after = _NEXT_WORD.match(match.string, match.end())
        before = _LAST_WORD.search(match.string, max(match.start() - 24, 0), match.start())
        is_year = re.fullmatch(YEAR, match[0])
        if is_year or after is None or after[1] in self._book["not_nouns"].split():
            return said
        if match[0] != "1" and not re.fullmatch(self._book.get("plurals", ".*"), after[1]):
            return said  # `le train 21 part`
        if before and before[1].lower() in self._book["before_names_of_figures"].split():
            return said
        gender = "feminine" if re.fullmatch(self._book["feminine_nouns"], after[1]) else "masculine"
        for ending, other in fits[gender].items():
            said = re.sub(ending, other, said)
        return said

    def _is_before_noun(self, match: re.Match[str]) -> bool:
        after = _NEXT_WORD.match(match.string, match.end())
        return (
            "of_millions" in self._book
            and after is not None
            and after[1] not in self._book["not_nouns"].split()
        )

    def _telephone(self, written: str) -> str:
        """Groups of one or two figures as numbers, longer ones figure by figure."""
        groups = re.findall(r"\d+", written)
        in_pairs = self._book.get("telephones_in_pairs", True)
        parts = (
            part
            for group in groups
            for part in ([group] if len(group) == 2 and in_pairs else list(group))  # noqa: PLR2004
        )
        plus = f"{self._book.get('plus', '')} " if written.startswith("+") else ""
        return plus + ", ".join(self._figure(part) for part in parts)

    def _figure(self, figures: str) -> str:
        digits: str = self._book.get("digits", "")
        return (
            "".join((digits.split() if " " in digits else digits)[int(figure)] for figure in figures)
            if digits
            else number_in_words(figures, self._book)
        )


_TELEPHONE: Final = (
    r"(?:\+(?=(?:[\s.()-]{0,2}\d){7})\d{1,3}(?:[\s.-]\(?\d{1,10}\)?){1,5}"
    r"|\(\d{2,3}\)\s?\d{4,5}-\d{4}|\d{4}(?:[\s-]\d{4}){2,3}|\d{2,3}(?:[\s.-]\d{2,4}){2,5}|0\d{1,4}(?:[\s.-]\d{1,4}){2,3}"
    r"|(?:8[049]\d|19\d|90\d)[\s-]\d{6}|0\d{1,3}[\s/-]\d{5,8}|0\d{5}[\s-]\d{5}|[6-9]\d{9}|\d{3,4}-\d{7,8}|\d{4,5}[\s-]\d{4,5}"
    r"|1[89]00[\s-]\d{2,4}[\s-]\d{3,4}|3\d\d[\s/.-]\d{6,7}|1[3-9]\d{9})"
)
"""With the country's number, an area's in brackets, in groups, or as in China, India, Brazil, Italy."""

_DATE: Final = r"\d\d([.-])\d\d\1(?:(?:19|20)\d\d|\d\d)(?![\d.-]|\s\d)"
_GROUPED: Final = r"\d{1,3}(?:[\s.]\d{3})+"
_HOURS: Final = r"[0-2]?\d\.[0-5]\d\s?[–-]\s?[0-2]?\d\.[0-5]\d(?![\d.-])"
"""In groups of figures as those of telephone numbers are, but fewer or others."""

_NEXT_WORD: Final = re.compile(r"\s(?:mil\s)?([a-zà-ÿœ]+)")
_SMALL_WORD: Final = re.compile(r"\s?[a-zà-ÿ]++(?!(?:\s[a-zà-ÿ]+){0,2},?\s\d{1,3}(?!\d|[.,]\d|\s?[€m]))")
"""No name, and no street with the number of a house behind it."""

_FIGURE: Final = re.compile(r"\s?\d")
_LAST_WORD: Final = re.compile(r"([^\W\d_]+)\s$")

_LONGEST_FRACTION: Final = 3
"""Figures behind a decimal mark that are read as one number, where the book says no other."""
