"""Ordinals, kings, saints and Roman numerals, in languages other than English.

Knows no language and no amounts.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from inference.text.numbers import number_in_words, ordinal_in_words
from inference.text.roman import NUMERAL, value
from inference.text.rules import any_of

if TYPE_CHECKING:
    from inference.text.rules import Said


class OrdinalBook:
    """The words for ordinals of one language. Lives as long as its rules."""

    def __init__(self, book: dict[str, Any], *, letters: str) -> None:
        self._book: Final = book
        self._letters: Final = letters
        centuries: list[str] = book.get("centuries", "").split()
        self._centuries: Final = {*centuries, *(f"{word[0].upper()}{word[1:]}" for word in centuries)}
        self._reigning: Final = any_of(book.get("reigning", "").split())

    def kinds(self) -> dict[str, tuple[str, Said]]:
        """The rules, by their names."""
        w = self._letters
        return {
            "century": (
                rf"\b({any_of(self._centuries)})\s(?![CDLM]\b)({NUMERAL})(?![{w}])",
                lambda match: f"{match[1]} {value(match[2])}",
            ),
            "king": (
                rf"\b({self._reigning})\s({NUMERAL})(er|re)?(?![{w}])",
                self._king,
            ),
            "Roman day": (
                rf"(?<![\w.])((?=[IVX]){NUMERAL})(?=\s(?:{self._book.get('months_of_streets', '(?!)')})\b)",
                lambda match: self._book.get("first_day", "1") if match[1] == "I" else str(value(match[1])),
            ),
            "second number of a king": (
                rf"(\s(?:[eyi]|et)\s)((?=[IVX]){NUMERAL})(?=\sd(?:[aeio]|el|es)\s|\sd')",
                self._second_of_a_king,
            ),
            "saint": (
                r"S(?<![\w.]S)\.\s?(?=[A-ZÀ-Ý][a-zà-ÿ]{2})",
                self._saint,
            ),
            "Roman ordinal": (
                rf"(?<!\w)(?=[IVX])({NUMERAL})({self._book.get('ordinal_signs', '(?!)')})(?![{w}])",
                lambda match: self.ordinal(str(value(match[1])), match[2]),
            ),
            "Roman numeral": (
                rf"(?<![\w.'%\\-])(?=[IVX]{{2}})({NUMERAL})(?![\w'-]|\.\w)",
                lambda match: str(value(match[1])),
            ),
            "ordinal with a letter": (
                rf"(?<![{w}.,])(\d{{1,2}})([ao])(?=\s[a-zà-ÿ]{{3}})",
                self._with_letter,
            ),
            "ordinal": (
                rf"(?<![{w}.,])(\d{{1,3}})({self._book.get('ordinal_signs', '(?!)')})(?:\.(?=\s[a-zà-ÿ]))?(?![{w}])",
                self._written_ordinal,
            ),
        }

    def _second_of_a_king(self, match: re.Match[str]) -> str:
        """`Carlos I de España y V de Alemania`: only where the first of them stood."""
        is_king = re.search(rf"\b{self._reigning}\s", match.string[: match.start()])
        is_ordinal = value(match[2]) <= self._book["last_ordinal_of_kings"]
        if not is_king:
            return match[0]
        number = str(value(match[2]))
        return match[1] + (self.ordinal(number, "") if is_ordinal else number)

    def _saint(self, match: re.Match[str]) -> str:
        """By the name: `Sant'Anna`, `Santo Stefano`, `San Pietro`."""
        name = match.string[match.end() : match.end() + 24]
        return next((said for like, said in self._book["saints"].items() if re.match(like, name)), match[0])

    def ordinal(self, figures: str, sign: str) -> str:
        """`2.º` as `segundo`; the feminine by its sign, and beyond the words of the book as a plain number."""
        masculine = self._book["ordinals"].split()
        if not 0 < int(figures) <= len(masculine):
            ending: str | None = self._book.get("ordinal_ending")
            ordinal = (
                number_in_words(figures, self._book) + ending
                if ending
                else ordinal_in_words(figures, self._book)
            )
            word = ordinal if sign else figures
        else:
            word = masculine[int(figures) - 1].replace("_", " ")
        if said := self._book.get("ordinals_by_sign", {}).get(f"{figures}{sign}"):
            return str(said)
        if sign in self._book.get("oblique_signs", "").split():
            return re.sub("ा(ँ?)$", lambda match: "ें" if match[1] else "े", word)
        if sign and re.fullmatch(self._book["feminine_signs"], sign):
            return self._book.get("feminine", {}).get(word) or re.sub(r"o\b", "a", re.sub("वाँ$", "वीं", word))
        return word

    def _with_letter(self, match: re.Match[str]) -> str:
        """`3a volta`, by those who have no `ª` on their keys."""
        word = self.ordinal(match[1], "ª" if match[2] == "a" else "º")
        return str(self._book.get("before_nouns", {}).get(word, word))

    def _written_ordinal(self, match: re.Match[str]) -> str:
        """Short before a noun, as `tercer piso`, and not in `1.º de mayo`."""
        word = self.ordinal(match[1], match[2])
        stands_alone = re.match(
            r"\s(?:del?|en|a|con|por|y|e|em|no|na)\s|[.,;:!?)]|\s*$|\s[A-Z](?!\w)"
            rf"|\s(?:{self._book.get('alone_after_ordinals', '(?!)')})\b",
            match.string[match.end() :],
        )
        return word if stands_alone else str(self._book.get("before_nouns", {}).get(word, word))

    def _king(self, match: re.Match[str]) -> str:
        """By an ordinal up to where the language has kings by ordinals, then by a plain number."""
        number = value(match[2])
        if number > self._book["last_ordinal_of_kings"]:
            return f"{match[1]} {number}"
        is_queen = match[1] in self._book.get("queens", "").split()
        said = self.ordinal(str(number), self._book.get("queens_sign", "") if is_queen else "")
        return f"{match[1]} {said}"
