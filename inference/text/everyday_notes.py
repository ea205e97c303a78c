"""Versions, sizes, ratios, postcodes, doses and formulas, in languages other than English.

Knows no language and no amounts: words come from the phrase book, and every rule needs the part of it that it names.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from inference.text.everyday_dates import YEAR
from inference.text.numbers import number_in_words
from inference.text.roman import NUMERAL, value
from inference.text.rules import any_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from inference.text.rules import Said


class NoteBook:
    """The words for notes of one language. Lives as long as its rules."""

    def __init__(
        self,
        book: dict[str, Any],
        *,
        letters: str,
        space: str,
        dash: str,
        ordinal: Callable[[str, str], str],
    ) -> None:
        """`ordinal` is that of figures and a sign."""
        self._ordinal: Final = ordinal
        self._book: Final = book
        self._letters: Final = letters
        self._space: Final = space
        self._dash: Final = dash

    def kinds(self) -> dict[str, tuple[str, Said]]:
        """Rules before those of dates and amounts, which would take their figures for their own."""
        w = self._letters
        extremes = self._book.get("extremes", {})
        return {
            "number of a house": (
                rf"(?<=[区町村市目])(\d{{1,4}}){self._dash}(\d{{1,4}})(?:{self._dash}(\d{{1,4}}))?(?!\d)"
                rf"|(?<=[一-龠ァ-ヶーいうきくけすちつぬみむめらりるれ])(\d{{1,3}})-(\d{{1,3}})-(\d{{1,4}})(?![\d-])",
                lambda match: self._book.get("house", "").join(filter(None, match.groups())),
            ),
            "version": (
                rf"(?<![{w}.,/-])(?P<name>[vV]er\.\s?)?[vV]?(?!\d{{1,3}}(?:\.\d{{3}})+(?!\d|\.\d))(?!\d{{1,2}}\.\d{{1,2}}\.\d{{4}}\b)"
                rf"(\d{{1,4}}(?:\.\d{{1,4}}){{2,3}})(?:-(?=[a-z]{{2}})|(?![{w}/-]|[.,]\d))",
                lambda match: (
                    (self._book.get("version_name", match["name"]) if match["name"] else "")
                    + match[2].replace(".", self._between("version_point"))
                    + (" " if match[0].endswith("-") else "")
                ),
            ),
            "ratio": (
                rf"(?<![{w}:.,])(\d{{1,3}})\s?[:：]\s?(\d)(?![{w}:]|[.,]\d)",
                rf"\1{self._between('against')}\2",
            ),
            "every so many hours": (
                r"\b([Dd]e)\s(\d{1,2})/\2\s?(?:h|hs|horas?)\b",
                rf"\1 \2 {self._book.get('every', '')} \2 {self._book.get('hours_long', '')}",
            ),
            "score of so many": (
                rf"(?<![{w}.,])(\d)\s?[x×]\s?(\d)(?!\w)"
                rf"(?=\s*(?:[,.;:!?)]|$)|\s(?:{self._book.get('after_games', '(?!)')})\b)",
                rf"\1{self._between('against')}\2",
            ),
            "product of a sum": (
                r"(?:(?<=\d)\s?|(?<=[a-zA-Z²³]\s))[x×]\s?(?=(?:[€$£]|R\$)\s?\d|\d+(?:[.,]\d+)?\s?(?:[€$£]|=)"
                rf"|(?<!\b0x)[A-Z]{{2}}|10(?:[\^²³]|\s{re.escape(self._book.get('to_the', '='))}\s))",
                f"{self._space}{self._book.get('signs', {}).get('×', '')}{self._space}",
            ),
            "size": (
                r"(?<=\d)(?<!\b0)\s?[x×]\s?(?=\d+(?:[.,]\d+)?(?![\d.,]{0,12}\s?=))",
                self._between("sized"),
            ),
            "item of an article": (
                rf"(?<=º,\s)((?=[IVX]){NUMERAL})(?=[,;)]|\sd[aeo]\b)",
                lambda match: str(value(match[1])),
            ),
            "year in a word": (rf"(?<=[^\W\d_]{{3}})({YEAR})(?![{w}])", r" \1"),
            "postcode after a dash": (r"(?<=\d)\s[–-]\s(?=\d{5}(?:-\d{3})?\s[A-ZÀ-Ý])", ", "),
            "letter after figures": (
                rf"(?<![{w}.,])(\d{{1,4}}(?=[A-FH])|\d{{3,5}}(?=[P-SUX-Z]))([A-Z])(?![{w}-])",
                r"\1 \2",
            ),
            "month and day": (
                r"(?<![\d/])(1[0-2]|[1-9])/(3[01]|[12]\d|[1-9])(?=から|まで|に(?!割)|[〜～]|[（(][月火水木金土日一二三四五六][）)])"
                r"|(?<=[^=×+*/-][（(])(1[0-2]|[1-9])/(3[01]|[12]\d|[1-9])(?=[)）])",
                lambda match: f"{match[1] or match[3]}月{match[2] or match[4]}日",
            ),
            "so many times": (
                rf"(?<![{w}.,])(\d{{1,4}}(?:[.,]\d)?)\s?[x×](?=\s[^\W\d_]|[/.,;!?)]|\s*$)",
                rf"\1{self._space}{self._book.get('times', '')}",
            ),
            "formula": (
                rf"(?<![{w}.-])(?=[A-Z\d]*\d)(?![A-Z]{{4,}}\d+(?![{w}]))(?:[A-Z]\d{{0,2}}){{2,8}}(?![{w}-])",
                self._formula,
            ),
            "sum in short": (
                rf"(?<=\d)\s?({any_of(self._book.get('short_multiples', {}))})(?=\s?[€$£])"
                rf"|(?<=\d)\s?(M)(?=\sd(?:e\b|i\b|'))",
                lambda match: f" {self._book['short_multiples'][match[1] or match[2]]} ".removesuffix(
                    " " if match[2] else ""
                ),
            ),
            "extreme": (
                rf"(?<![{w}])({any_of(extremes)})\.?:?\s(?=[-−]?\d{{1,2}}(?:[.,]\d)?(?:\s?[,;/e]\s\w{{3}}\.?\s[-−]?\d{{1,2}})?\s?[º°])",
                lambda match: f"{extremes[match[1]]} ",
            ),
            "extreme of something": (
                rf"\s({any_of(extremes)})(?:\.(?!\s[A-Z]|\s*$)|(?![{w}]))",
                self._extreme,
            ),
            "degrees": (
                rf"((?i:{self._book.get('temperatures', '(?!)')})[.:]{{0,2}}\s(?:[^\W\d]{{1,12}}\s){{0,3}}[-−]?"
                rf"(?=\d{{1,3}}(?!\d))|(?<![{w}.,])(?=\d{{3}}\s?[º°](?:\s*$|\s?[.,;:!?)]|\s(?:durante|p[eo]r|pendant|et?|y|"
                rf"{self._book.get('after_degrees', '(?!)')})\b)|\d{{1,2}}[.,])"
                rf"|(?<=\b[aAàÀ]\s)(?=\d{{3}}(?!\d))|(?<=[-−])(?=\d{{1,2}}(?!\d))"
                rf"|(?:(?<=[-−]\d[º°]\s[aàey]\s)|(?<=[-−]\d\d[º°]\s[aàey]\s))(?=\d{{1,2}}(?!\d)))"
                rf"(\d{{1,3}}(?:[.,]\d)?)\s?[º°](?![{w}º°]|\s[CF]\b)",
                rf"\1\2{self._between('degrees')}",
            ),
            "sets": (
                rf"(?<![{w}/.,])(?=[67]/|\d/[67]){_SET}(?:(?:,\s?|\s(?:(?:e|y|et)\s)?){_SET})+(?![{w}/]|[.,]\d)",
                lambda match: match[0].replace("/", self._between("against")),
            ),
            "pressure": (
                rf"((?:{self._book.get('pressures', '(?!)')})\b[^\d\n]{{0,20}})(\d{{1,3}})/(\d{{1,3}})(?![\d/])",
                rf"\1\2{self._between('pressed')}\3",
            ),
            "count in short": (
                rf"(?<![{w}.,])(?![48]K)(\d{{1,3}}(?:[.,]\d)?)(?:\s?[kK](?=\s(?:[^\W\d_]{{3}}|[ऀ-ॿ]{{2}}))|k(?=\sd[ei]\s|\sd'))|(?<=\d[–-])(\d{{1,3}})[kK](?![{w}])"
                rf"|(?<![{w}.,€$£])(\d{{1,3}}(?:[.,]\d{{1,2}})?)(M)(?=\s(?:[^\W\d_]{{2}}|[ऀ-ॿ]{{2}}))",
                self._in_short,
            ),
            "figures in a word": (
                rf"(?<![{w}.,])(\d{{2,3}})({self._book.get('ends_of_figures', '(?!)')})(?![{w}])",
                lambda match: number_in_words(match[1], self._book)[:-1] + match[2],
            ),
            "number of a year": (
                rf"(?<![{w}.,/-])(\d{{1,5}})/((?:19|20)\d\d)(?![{w}/]|[.,]\d)",
                rf"\1{self._between('slash')}\2",
            ),
            "Roman after an article": (
                rf"\b({any_of(self._book.get('articles', {}))})\s"
                rf"((?=[IVX]){NUMERAL})\s(?=[A-ZÀ-Ý]?[a-zà-ÿ]{{4}}|[A-Z][a-zà-ÿ]{{2}})",
                self._after_an_article,
            ),
            "days apart in brackets": (
                rf"[（(]([{self._book.get('days', '')}]){self._dash}([{self._book.get('days', '')}])[）)]"
                if "days" in self._book
                else "(?!)",
                rf"、\1曜{self._book.get('range', '')}\2曜、",
            ),
            "so many each": (rf"(?<![{w}.,/-])(\d{{1,2}})-\1(?![{w}-])", r"\1 \1"),
            "amounts apart": (
                rf"({any_of(self._book.get('currencies', {}))})(\d[\d,]*){self._dash}\1?(?=\d)",
                rf"\2{self._between('range')}\1",
            ),
            "blood pressure": (r"(血[压圧][^\d\s]{0,4})(\d{2,3})/(\d{2,3})(?![\d/])", r"\1\2、\3"),
            "score that is told": (
                r"(比分[^\d\s]{0,3}|以)(\d{1,3})\s?[:：-]\s?(\d{1,3})(?![\d:：-])",
                rf"\1\2{self._between('against')}\3",
            ),
            "years that are counted": (
                r"(?<=[已近约了共满过有达创龄期])([1-9])(\d)(?=年)|(?<!\d)([1-9])(\d)(?=年(?:前|后|内|来|以|新|的|[，。、！？]|$))",
                self._tens,
            ),
            "year in brackets": (
                r"(?<=[（(])((?:19|20)\d\d)(?=[)）])",
                lambda match: self._by_figures(match[1]),
            ),
            "ratio of several": (
                r"(?<![\d.,:：])\d(?:\s?[:：]\s?\d){2,5}(?![\d:：]|\.\d)",
                lambda match: re.sub(r"\s?[:：]\s?", self._between("against"), match[0]),
            ),
            "scores of sets": (
                r"(?<![\d.,/-])(?:\d{1,2}-\d{1,2}[、，]\s?){1,6}\d{1,2}-\d{1,2}(?![\d/-])",
                lambda match: match[0].replace("-", self._between("against")),
            ),
            "meters and hundredths": (
                r"(?<=\d米)(\d)(\d)(?![\d.])",
                lambda match: "".join(self._book["digits"][int(figure)] for figure in match.groups()),
            ),
            "two thousand": (
                rf"(?<![\d.,])2000(?=[多余]|(?!年){self._book.get('after_two', '(?!)')})",
                f"{self._book.get('two', '2')}千",
            ),
            "millions": (
                r"(?<![\d.,])(\d{1,3}(?:\.\d{1,3})?)\s?(million|billion|trillion)s?(?![A-Za-z])",
                self._millions,
            ),
            "day in brackets": (
                rf"[（(]([{self._book.get('days', '')}])(?:曜日?)?[）)]" if "days" in self._book else "(?!)",
                rf"、\1{self._book.get('day', '')}、",
            ),
            "decade": (
                r"(?<![\d年])([2-9])0(?=年代)",
                lambda match: f"{self._book['digits'][int(match[1])]}十",
            ),
            "years from and to": (
                r"(?<![\d.])((?:1[5-9]|20)\d\d)\s?[-–—~～]\s?((?:1[5-9]|20)\d\d)(?!\d)",
                lambda match: self._book["range"].join(
                    "".join(self._book["digits"][int(figure)] for figure in year) for year in match.groups()
                ),
            ),
            "number for emergencies": (
                rf"({self._book.get('calling', '(?!)')})(1[12]\d|911|999|\d{{5,6}})(?!\d)",
                lambda match: match[1] + "".join(self._book["digits"][int(figure)] for figure in match[2]),
            ),
            "zero ahead": (
                r"(?<!\d)0([1-9])(?=[分秒月日時时])",
                rf"{self._book.get('zero_ahead', '')}\1",
            ),
            "two of a kind": (
                rf"(?<![第A-Za-z\d.,:/-])2(?={self._book.get('after_two', '(?!)')})",
                self._book.get("two", "2"),
            ),
            "year": (
                rf"((?<!\S)(?:{self._book.get('years_after', '(?!)')})\s)?(?<![{w}.,/-])(1[1-9])(\d\d)(?!\d|[.,]\d)"
                rf"(\s(?:{self._book.get('years_before', '(?!)')})(?=\s|[,;।.]|$))?",
                self._year,
            ),
            "years in brackets": (
                r"(?<=\()(1[1-9])(\d\d)\s?[–-]\s?(1[1-9]|20)(\d\d)(?=\))",
                lambda match: self._between("range").join(
                    f"{century} {self._book.get('hundred_of_years', '')} {rest.lstrip('0')}".rstrip()
                    if century != "20"
                    else century + rest
                    for century, rest in (match.groups()[:2], match.groups()[2:])
                ),
            ),
            "range of what is counted": (
                r"(?<=[年月日时時分円元人%％℃度階歳岁周週号個个次点])\s?[–—~〜～-]\s?(?=\d)|(?<=[A-Z])[〜～](?=[A-Z](?![A-Za-z]))",
                self._book.get("range", ""),
            ),
            "Latin letters": (
                r"(?:(?<![A-Za-z\d.@/-])[A-Z]{1,5}|(?<=\d)(?:[GKD]|LDK|DK))(?![A-Za-z@/-]|\.\w)",
                self._latin_letters,
            ),
            "number read by its figures": (
                r"(?<![\d.,])([1-9]\d{2,3})(?=室|号房|号室|次列车|次航班|路公交|路车)"
                r"|(?<![A-Za-z\d])([A-Z]{1,3})([1-9]\d{2,14})(?![A-Za-z\d%]|[.,]\d)"
                rf"|((?:{self._book.get('before_figures_alone', '(?!)')})(?:是|为)?[：:]?\s?)(\d{{3,12}})(?![\d.,元])"
                r"|(?<![\d.,])(123(?:0[56]|15|45|33|66|18)|10086|10010)(?![\d.,元个人])",
                lambda match: (
                    (match[2] or match[4] or "")
                    + self._by_figures(match[1] or match[3] or match[5] or match[6])
                ),
            ),
            "average of a batter": (
                r"(?<=打率)0?\.(\d)(\d)(\d)(?!\d)",
                lambda match: f"{match[1]}割{match[2]}ブ" + (f"{match[3]}リン" if match[3] != "0" else ""),
            ),
            "minute of a goal": (r"(?<=第)(\d{1,3})'", rf"\1{self._book.get('minutes_long', '')}"),
            "letter of a formula": (
                r"(?<![A-Za-zμµ./@万亿億千百-])(?<!\d\s)(?:(?<!\d)[a-z]|(?<=\d)[abnxyz])(?![A-Za-z./@-]|\d{1,2}-)",
                lambda match: self._letter(match[0].upper()),
            ),
            "laughter": (
                r"(?:(?<=[ぁ-んァ-ヶー一-龠！？。!?])[wｗ]{1,20}|^[wｗ]{2,20})(?![A-Za-z.])",
                self._book.get("laughter", ""),
            ),
        }

    def _between(self, word: str) -> str:
        return f"{self._space}{self._book.get(word, '')}{self._space}"

    def _after_an_article(self, match: re.Match[str]) -> str:
        word = self._ordinal(str(value(match[2])), self._book["articles"][match[1]])
        return f"{match[1]} {self._book.get('before_nouns', {}).get(word, word)} "

    def _formula(self, match: re.Match[str]) -> str:
        """With a comma before a figure, or `CO2 118` would be two thousand one hundred eighteen."""
        is_before_figure = re.match(r"[A-Z]\d\s\d", match.string[match.end() - 2 : match.end() + 2])
        return self._code(match) + ("," if is_before_figure else "")

    def _code(self, match: re.Match[str]) -> str:
        """Letters one by one, figures as they stand together."""
        return " ".join(map(self._letter, re.findall(r"\d+|[A-Z]", match[0])))

    def _extreme(self, match: re.Match[str]) -> str:
        """`velocidad máx.` in the gender of what it stands behind; other words wait for their own rule."""
        noun = re.search(r"([^\W\d_]{1,24})(\.?)$", match.string[max(match.start() - 25, 0) : match.start()])
        whole = noun and (self._book["with_stop"].get(noun[1], noun[1]) if noun[2] else noun[1])
        is_feminine = whole and re.fullmatch(self._book["feminine_nouns"], whole.lower())
        return f" {self._book['extremes'][match[1]].lower()}" if is_feminine else match[0]

    def _letter(self, letter: str) -> str:
        """Its name, where the book has one."""
        return str(self._book.get("letters", {}).get(letter, letter))

    def _by_figures(self, figures: str) -> str:
        return "".join(self._book["digits"][int(figure)] for figure in figures)

    def _year(self, match: re.Match[str]) -> str:
        """`1947` as nineteen hundred forty seven, beside words that make a year of it."""
        if not (match[1] or match[4]):
            return match[0]
        rest = match[3].lstrip("0")
        return f"{match[1] or ''}{match[2]} {self._book['hundred_of_years']} {rest}".rstrip() + (
            match[4] or ""
        )

    def _in_short(self, match: re.Match[str]) -> str:
        """`1,2K` with its word, which governs what follows after millions: `1,5 millones de vistas`."""
        multiples = self._book.get("short_multiples", {})
        if match[4] is None:
            return f"{match[1] or match[2]} {multiples.get('k', '')}"
        after = re.match(r"\s([^\W\d_]+)", match.string[match.end() :])
        if (
            after
            and after[1] in self._book.get("not_nouns", "").split()
            and after[1] not in {"de", "di", "d"}
        ):
            return match[0]
        has_of = re.match(r"\sd(?:[aeio]\w?\b|')", match.string[match.end() :])
        of = "" if has_of else self._book.get("of_millions", "")
        return " ".join(filter(None, (match[3], multiples.get("M", ""), of)))

    def _tens(self, match: re.Match[str]) -> str:
        """`15` as `十五`, `80` as `八十`."""
        digits = self._book["digits"]
        tens, ones = (int(figure) for figure in match.groups() if figure)
        return f"{digits[tens] if tens > 1 else ''}十{digits[ones] if ones else ''}"

    def _millions(self, match: re.Match[str]) -> str:
        """`1.5 million` as `150万`."""
        name = self._book["myriads"].split()["mbt".index(match[2][0])]
        many = Decimal(match[1]) * {"m": 100, "b": 10, "t": 1}[match[2][0]]
        return f"{many.normalize():f}{name}"

    def _latin_letters(self, match: re.Match[str]) -> str:
        word: str | None = self._book["acronym_words"].get(match[0])
        return word or "".join(map(self._letter, match[0]))


_SET: Final = r"[0-7]/[0-7](?:\s?\(\d{1,2}\))?"
"""Of tennis, with the points of its tie-break."""
