"""Places on a map, formulas with small figures, arrows and verses, in languages other than English.

Knows no language and no amounts: words come from the phrase book, and every rule needs the part of it that it names.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from inference.text.characters import LOWERED, RAISED
from inference.text.phrases import filled
from inference.text.rules import any_of

if TYPE_CHECKING:
    from inference.text.rules import Said


class ScienceBook:
    """The words for what the sciences write. Lives as long as the rules of its language."""

    def __init__(self, book: dict[str, Any], *, letters: str) -> None:
        self._book: Final = book
        self._letters: Final = letters

    def kinds(self) -> dict[str, tuple[str, Said]]:
        """Rules before those of dates and amounts, which would take their figures for their own."""
        w = self._letters
        compass = self._book.get("compass", {})
        return {
            "angle": (
                rf"(?<![{w}.,])(\d{{1,3}})\s?[°º]\s?([0-5]?\d(?:[.,]\d+)?)\s?'\s?"
                rf"(?:([0-5]?\d(?:[.,]\d+)?)\s?(?:\"|'')\s?)?(?:({any_of(compass)})(?!\w))?",
                self._angle,
            ),
            "degrees of the compass": (
                rf"(?<![{w}.,])(\d{{1,3}}(?:[.,]\d+)?)\s?[°º]\s?({any_of(compass)})(?!\w)",
                lambda match: f"{match[1]} {self._degrees(match[1])} {compass[match[2]]}",
            ),
            "raised figures": (
                r"(?:(?<=[\d)])|(?<=\b[^\W\d_]))(?=⁻|[⁰⁴-⁹]|[¹²³][⁰¹²³⁴-⁹]|(?<=[×x]10)[²³]|(?<=[×x]\s10)[²³])"
                r"([⁻⁰¹²³⁴-⁹]{1,5})",
                lambda match: f" {self._book.get('to_the', '')} {match[1].translate(RAISED)}",
            ),
            "arrow": (r"\s?[→⟶⇒⟹⇌]\s?", self._arrow),
            "compound": (
                rf"(?<![{w}.-])(\d{{1,2}})?(?=[A-Za-z\d()]*[₀-₉])((?:[A-Z][a-z]?\d?[₀-₉]*|\((?:[A-Z][a-z]?[₀-₉]*)+\)[₀-₉]*){{1,12}})(?![{w}-])",
                self._compound,
            ),
            "index": (r"(?<=\w)([₀-₉]+)", lambda match: f" {match[1].translate(LOWERED)}"),
            "verse": (
                rf"(?<![{w}.])(?:([123])\s?)?({any_of(self._book.get('scripture', {}))})\.?\s"
                r"(\d{1,3})(?:\s?[,:.]\s?(\d{1,3}))(?![\d%]|[,.:]\d|\s?[mµ]?[gmM]\b)",
                lambda match: (
                    f"{match[1] or ''} {self._book['scripture'][match[2]]} {match[3]}, {match[4]}".strip()
                ),
            ),
            "minute of a match": (
                rf"(?<![{w}])({any_of(self._book.get('before_minutes', '').split())})(\s?)(\d{{1,3}})'(?!['\"\d])",
                lambda match: f"{match[1]}{match[2]}{self._minute(match[3])}",
            ),
            "hours by a slash": (
                r"(?:(?<=[:.h][0-5]\d)|(?<=\dh))\s?/\s?(?=\d{1,2}(?:[:.h][0-5]\d|h))",
                ", ",
            ),
            "all hours": (
                r"(?<![\w.,])(?:(24)\s?(h)\s?/\s?24|(7)\s?([a-z])\s?/\s?7)(?!\w)",
                lambda match: (
                    f"{match[1] or match[3]} {match[2] or match[4]} {self._book['out_of']} {match[1] or match[3]}"
                ),
            ),
            "so much in so many hours": (
                r"(?:(?<=\d[a-zµ])|(?<=\d\s[a-zµ])|(?<=\d[a-zµ]{2})|(?<=\d\s[a-zµ]{2}))/(?=(\d{1,2})\s?h\b)",
                lambda match: f" {self._book['within' if int(match[1]) % 24 == 0 else 'every_hours']} ",
            ),
        }

    def _degrees(self, number: str) -> str:
        one, many = self._book["angle"]
        return str(one if number == "1" else many)

    def _angle(self, match: re.Match[str]) -> str:
        """`41°54'N`, the minutes and seconds as those of an hour are written."""
        parts = [f"{match[1]} {self._degrees(match[1])} {match[2]} min"]
        if match[3]:
            parts.append(f"{match[3]} s")
        if match[4]:
            parts.append(self._book["compass"][match[4]])
        return " ".join(parts) + ("" if match[4] or match.end() == len(match.string) else " ")

    def _compound(self, match: re.Match[str]) -> str:
        """`2H₂O` letter by letter."""
        names = self._book.get("letters", {})
        parts = re.findall(r"\d+|[A-Za-z]", match[2].translate(LOWERED))
        said = [part if part.isdigit() else names.get(part.upper(), part.upper()) for part in parts]
        return " ".join([*filter(None, [match[1]]), *said])

    def _arrow(self, match: re.Match[str]) -> str:
        """What a reaction gives, what a limit goes to, and else a pause."""
        before, after = match.string[: match.start()], match.string[match.end() :]
        if _REACTS.search(before) and _REACTS.match(after):
            return f" {self._book['gives']} "
        if re.search(r"\b[a-z]$", before) and re.match(r"[-+−]?[\d∞]", after):
            return f" {self._book['tends_to']} "
        return ", "

    def _minute(self, figures: str) -> str:
        return filled(self._book, "minute_of_a_match", n=figures)


_REACTS: Final = re.compile(r"\d?(?:[A-Z][A-Za-z]?[\d₀-₉][A-Za-z\d₀-₉()]*|NaOH|NaCl|HCl)(?!\w)")
"""A formula."""
