"""Addresses, fractions, ranges of days and hours, signs of arithmetic, in languages other than English.

Knows no language and no amounts: words come from the phrase book, and every rule needs the part of it that it names.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from inference.text import english_data
from inference.text.characters import RAISED
from inference.text.numbers import number_in_words
from inference.text.phrases import filled
from inference.text.rules import any_of

if TYPE_CHECKING:
    from inference.text.rules import Said

_SENT: Final = re.compile(
    r"(?:\d\s?[^\W\d]+|\b(?:[kKMGT]i?)?(?:bits?|bytes?|[bB])|\bk?m|\bmetr\w{1,2}|\blit\w{2,3})$"
)
"""What comes so often a second."""

_TOP_LEVEL: Final = any_of(english_data.words("top_level_domains"))
_EXTENSION: Final = any_of(english_data.words("extensions"))
_CONSONANT: Final = "[B-DF-HJ-NP-TV-Z]"
_UNSAYABLE: Final = (
    rf"(?!(?:(?=[A-Z]*I)[IVXLCDM]+|[IVXLCDM]{{4,}}|[LC]?[VX]+)\b)(?:(?![BCDFGPT][LR]|S[CPT]|[CPT]H)(?=[A-Z]{{2,5}}\b){_CONSONANT}{{2}}[A-Z]*"
    rf"|(?=[A-Z]{{3,5}}\b)[A-Z]*{_CONSONANT}{{2}}(?![A-Z]))"
)
"""Capitals that begin or end as no word does in Romance languages: espeak says some of them as words."""

_LONGEST_NUMBER: Final = 4
"""Figures behind letters that are said as a number: `A380`, `B12`."""

_OF_SOMETHING: Final = r"\s?(?:d|(?:kg|g|l|cl|dl|ml|h|m|km)\b)"
"""What a part is followed by, and a date is not."""

_VULGAR: Final = {"½": "1/2", "⅓": "1/3", "⅔": "2/3", "¼": "1/4", "¾": "3/4", "⅕": "1/5", "⅛": "1/8"}


class SignBook:
    """The words for signs of one language. Lives as long as its rules."""

    def __init__(self, book: dict[str, Any], *, letters: str, space: str, dash: str) -> None:
        self._book: Final = book
        self._letters: Final = letters
        self._space: Final = space
        self._dash: Final = dash
        tables = (book.get(table, ()) for table in ("titles", "abbreviations", "before_figures", "with_stop"))
        dotted = {word.removesuffix(".") for table in tables for word in table}
        self._no_domain: Final = any_of(word for word in dotted if "." in word)
        """Abbreviations that end as domains do: `p.es`."""

        beside = any_of(book.get("beside_each_other", "").split())
        self._before_half: Final = (
            r"(?<![/.,\d])\d+\s?([^\W\d_]+)\s(?:e|y|et)\s$"
            rf"|\b({any_of(book.get('before_times', '').split())})\s\d+\s[ey]\s$"
        )
        self._no_rate: Final = re.compile(
            rf"(?<![\w'])(?:[A-Z]|(?<!\d\s)(?<!\bun\s)(?<!\bun[ae]\s)(?<!\bum\s)(?<!\buma\s)(?:{beside}))$"
        )
        """What stands before the slash of something else, at the end of a text."""

    def first_kinds(self) -> dict[str, tuple[str, Said]]:
        """Rules before all others: their signs would be taken for those of figures."""
        days = any_of(self._book.get("weekdays", {}))
        w = self._letters
        return {
            "address": (
                rf"(?<![{w}.+-])(?:[{w}.+-]{{1,64}}@(?:[\w-]{{1,63}}\.){{1,6}}[A-Za-z]{{2,10}}"
                rf"|(?!{self._no_domain}(?![{w}]))(?:https?://)?(?:[a-zA-Z\d-]{{1,63}}\.){{1,6}}{_TOP_LEVEL}(?:/[{w}./-]*[{w}])?"
                rf"|(?![a-z]\.[a-z]\b)(?!{self._no_domain}(?![{w}]))(?:[a-zA-Z\d_-]{{1,60}}\.){{1,3}}{_EXTENSION})(?![{w}@]|[./][{w}])",
                self._address,
            ),
            "menu": (r"(?:(?<=[^\W\d_]{2})|(?<=[ऀ-ॿ]))\s>\s(?=[A-ZÀ-Þ][^\W\d_]|[ऀ-ॿ])", ", "),
            "days of the week": (
                rf"\b({days})(?:\.?[–-]|\.\s[–-]\s)({days})(?!\w)\.?",
                lambda match: f"{self._day(match[1])}{self._between('range')}{self._day(match[2])}",
            ),
            "hours apart": (
                rf"(?<![{w}:.,])(\d{{1,2}}(?:[:h][0-5]\d|\s?h)){self._dash}(?=\d{{1,2}}(?:[:h][0-5]\d(?!\d)|\s?h\b))",
                rf"\1{self._between('range')}",
            ),
            "score": (
                rf"(?<![{w}.,:-])(\d{{1,3}})\s?[–:：-]\s?(\d{{1,3}})(?={self._book.get('after_scores', '(?!)')})",
                rf"\1{self._between('against')}\2",
            ),
            "fraction": (
                rf"(?<![{w}/.,])(?:(\d{{1,3}})(?:\s(?=\d/)|(?=[½⅓⅔¼¾⅕⅛])))?(?:(\d{{1,2}})/(\d{{1,3}})|([½⅓⅔¼¾⅕⅛]))(?![\d/]|[.,]\d)",
                self._fraction,
            ),
        }

    def last_kinds(self) -> dict[str, tuple[str, Said]]:
        """Rules before plain numbers: what amounts and units have left."""
        signs, per = self._book.get("signs", {}), any_of(self._book.get("per", {}))
        return {
            "out of": (
                rf"(?<![{self._letters}.,/-])(\d{{1,3}}(?:[.,]\d{{1,2}})?)/(5|10|20|100)(?![{self._letters}/]|[.,]\d)",
                self._out_of,
            ),
            "slash between figures": (
                rf"(?<![{self._letters}/-])(\d{{1,6}})/(\d{{1,8}})(?![{self._letters}/]|[.,]\d)",
                rf"\1{self._between('slash')}\2",
            ),
            "per": (
                rf"(?<=[^\s/_.,:;(])/({per})(?:\.(?=\s?[a-zà-ÿ,;:)]))?"
                rf"(?![{self._letters}])(?!/(?!{per}(?![{self._letters}])))",
                self._rate,
            ),
            "difference": (
                r"(?:(?<=\d)\s?|(?<=[a-z²³)]\s))[-−–]\s?(?=(?:\d{1,15}[a-z]?|[a-z])\)?\s?=)|(?<=\([a-z]\s)[-−–]\s(?=\d{1,15}\))|(?<=[²³]\s)[-−–]\s(?=[\da-z])",
                lambda _: f"{self._space}{signs.get('−', '')}{self._space}",
            ),
            "product": (
                r"(?<=\d)\s?[x×]\s?(?=\d{1,15}\s?=)",
                lambda _: f"{self._space}{signs.get('×', '')}{self._space}",
            ),
            "power": (
                rf"(?:(?<=[\d)ァ-ヶー])|(?<![A-Za-z])(?P<base>[a-zA-Z]{{1,2}}))(?P<power>[²³])(?![{self._letters}²³])",
                self._power,
            ),
            "exponent": (
                r"(?<=[\w)])\^\(?([-−]?\w{1,3})\)?(?!\w)",
                rf" {self._book.get('to_the', '')} \1",
            ),
            "power of a number": (
                rf"(?<=[\w)）])\^(\()?((?:{self._book.get('minus', '-')}|[-−])?\d{{1,3}})(?(1)\))(?!\.?\d)"
                r"|(?<=[\d)）])(⁻?[⁰¹²³⁴-⁹]{1,3})(?![⁰¹²³⁴-⁹])",
                self._to_the_power,
            ),
            "letters and figures": (
                r"(?<![\w.,-])([A-Z]{1,3})(\d{1,12})(?!\w)",
                self._letters_and_figures,
            ),
            "acronyms with a hyphen": (
                r"(?<![\w.-])([A-Z]{1,3})-([A-Z]{1,3})(?![\w-])",
                lambda match: f"{self._part(match[1])}-{self._part(match[2])}",
            ),
            "acronym that is a word": (
                rf"(?<![\w.-])(?:{any_of(self._book.get('acronyms', '').split())})(?![\w-])",
                lambda match: match[0].lower(),
            ),
            "acronym": (
                rf"(?<![\w.-])(?:{any_of(self._book.get('spelled', '').split())}|{_UNSAYABLE})(?![\w-])",
                lambda match: self._spelled(match[0]),
            ),
            "dot between letters": (r"(?<=[^\W\d_]{2})·(?=[^\W\d_])|(?<=·e)·(?=s\b)", ""),
            "dot of a product": (
                r"(?:(?<=[\d)])|(?<=\b[^\W\d_]))\s?·\s?(?=\d|\(|[^\W\d_]\b)",
                f" {signs.get('×', '')} ",
            ),
            "about": (
                r"(?<![\w~])~\s?(?=(?:[€$£]|R\$)?\s?\d)(?!\d+[^\W\d_]{5})",
                f"{self._book.get('about', '')} ",
            ),
            "sign": (
                rf"\s?({any_of(signs)})\s?",
                lambda match: f" {signs[match[1]]} " if self._space else signs[match[1]],
            ),
        }

    def _to_the_power(self, match: re.Match[str]) -> str:
        power = match[2] or match[3].translate(RAISED)
        return filled(self._book, "to_the_power", n=power.replace("-", self._book["minus"]))

    def _part(self, part: str) -> str:
        """Half of `CD-ROM`."""
        if part in self._book.get("acronyms", "").split():
            return part.lower()
        is_spelled = part in self._book.get("spelled", "").split() or re.fullmatch(_UNSAYABLE, part)
        return self._spelled(part) if is_spelled else part

    def _spelled(self, acronym: str) -> str:
        """Letters by the names that the book has for them."""
        return " ".join(self._book.get("letters", {}).get(each, each) for each in acronym)

    def _letters_and_figures(self, match: re.Match[str]) -> str:
        """In small letters behind an apostrophe: `L'A6` would be `L, apostrophe, A`."""
        is_elided = match.string[match.start() - 1 : match.start()] == "'"
        names = self._book.get("letters", {})
        letters = match[1].lower() if is_elided else [names.get(letter, letter) for letter in match[1]]
        figures = match[2] if len(match[2]) <= _LONGEST_NUMBER else " ".join(match[2])
        return f"{' '.join(letters)} {figures}"

    def _between(self, word: str) -> str:
        return f"{self._space}{self._book.get(word, '')}{self._space}"

    def _rate(self, match: re.Match[str]) -> str:
        """Its words; not of a day beside its month, of letters, or of one or more, as in `alumno/s`."""
        before = match.string[max(match.start() - 24, 0) : match.start()]
        is_pair = re.search(rf"(?<!\w)(?:{match[1]}|[a-fijknopqrsuvwxyz])$", before)  # `t/t`, `e/t`
        if is_pair or self._no_rate.search(before) or (match[1] == "s" and not _SENT.search(before)):
            return match[0]
        return f" {self._book['per'][match[1]]}"

    def _out_of(self, match: re.Match[str]) -> str:
        is_part = float(match[1].replace(",", ".")) <= int(match[2])
        return f"{match[1]}{self._between('out_of' if is_part else 'slash')}{match[2]}"

    def _power(self, match: re.Match[str]) -> str:
        """`x²` as x squared, and `m²` as square metres."""
        powers = self._book["powers"]
        whole: str | None = powers.get(match[0]) if match["base"] else None
        return whole or f"{match['base'] or ''}{self._space}{powers[match['power']]}"

    def _day(self, short: str) -> str:
        return str(self._book["weekdays"][short])

    def _address(self, match: re.Match[str]) -> str:
        """`ana@correo.es` with its signs in words."""
        said = re.sub(r"^https?://", "", match[0])
        for sign, word in self._book["address_signs"].items():
            said = said.replace(sign, f" {word} ")
        return " ".join(said.split())

    def _fraction(self, match: re.Match[str]) -> str:
        """`1/2` and `2 1/2`, the half in the gender of the noun after it."""
        whole, written = match[1], _VULGAR.get(match[4] or "") or f"{match[2]}/{match[3]}"
        is_feminine = bool(
            re.match(
                rf"\s?(?:{self._book.get('feminine_nouns', '(?!)')})\b",
                match.string[match.end() : match.end() + 24],
            )
        )
        before = match.string[max(match.start() - 24, 0) : match.start()]
        after = match.string[match.end() : match.end() + 3]
        is_date = re.search(rf"\b(?!de\s){any_of(self._book.get('before_dates', '').split())}\s$", before)
        if is_date and not whole and match[2] and not re.match(_OF_SOMETHING, after):
            return match[0]
        if not whole and (noun := re.search(self._before_half, before)):  # `3 anni e 1/2`
            is_feminine = bool(noun[2] or re.fullmatch(self._book.get("feminine_nouns", "(?!)"), noun[1]))
            if written == "1/2" and "half_after" in self._book:
                return str(self._book["half_after"][is_feminine])
        part = self._book["fractions"].get(written)
        if part is None and "fraction" not in self._book:
            return match[0]
        numerator, denominator = written.split("/")
        part = part or filled(self._book, "fraction", n=numerator, d=denominator)
        if isinstance(part, list):
            part = part[is_feminine]
            part = self._book["half_after"][is_feminine] if whole and "half_after" in self._book else part
        return (
            filled(self._book, "mixed", n=self._agreeing(whole, is_feminine=is_feminine), part=part)
            if whole
            else str(part)
        )

    def _agreeing(self, figures: str, *, is_feminine: bool) -> str:
        """The whole before a part: `duas e meia`."""
        said = agreeing = number_in_words(figures, self._book)
        for ending, other in (
            self._book.get("agreement", {}).get("feminine", {}).items() if is_feminine else ()
        ):
            agreeing = re.sub(ending, other, agreeing)
        return figures if agreeing == said else agreeing
