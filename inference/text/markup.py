"""Markup that nobody would read aloud: Markdown, HTML, SSML, LaTeX. Knows no language.

Works on one sentence; nothing that can be spoken is dropped but markup, and the scheme and query of a URL.
"""

from __future__ import annotations

import html
import re
from dataclasses import replace
from typing import Final

from inference.text.characters import voiced
from inference.text.latex import FORMULAS
from inference.text.rules import apply, rule

_BREAKS: Final = "break|br|p|s|div|li|tr|h[1-6]"
_NAMES: Final = (
    f"{_BREAKS}|speak|voice|prosody|emphasis|say-as|sub|sup|phoneme|audio|desc|mark|lexicon|lookup|meta|metadata|lang|w"
    "|token|par|seq|media|(?:mstts|amazon|google):[a-z-]+|span|b|i|u|em|strong|small|del|ins|font|center|a|img|code|pre"
    "|ul|ol|table|thead|tbody|td|th|hr|blockquote"
    "|think|thinking|reasoning|answer|details|summary|kbd|s|q|cite|abbr|figure|figcaption|section|article|main|nav"
)
_ATTRIBUTES: Final = r"""(?:\s+[\w:.-]+\s*=\s*(?:"[^"<>]*"|'[^'<>]*'|[^\s"'<>]+))*+\s*/?"""

_TAG: Final = re.compile(r"<(/?[a-zA-Z][^<>]*+)>")


_EMPHASIS_BEGINS: Final = re.compile(r"(?<!\w)\*{1,3}(?=\w)[^*]*+$")
"""At the end of what stands before a star."""


def _character(match: re.Match[str]) -> str:
    return html.unescape(match[0])


_ALL: Final = (
    rule("code fence", r"^\s*+(?:```|~~~)[^`]*+$", "", "```python", ""),
    rule(
        "tag in code",
        r"` [^`<]*+ < [^`]*+ `",
        lambda match: _TAG.sub(r" \1 ", match[0]),
        "the `<p>` tag",
        "the ` p ` tag",
    ),
    rule(
        "tag that breaks the line",
        rf"</?(?:{_BREAKS}){_ATTRIBUTES}>",
        ", ",
        "one<br/>two",
        "one, two",
        re.IGNORECASE,
    ),
    rule(
        "tag, comment, declaration",
        rf"</?(?:{_NAMES}){_ATTRIBUTES}> | <!--[^<>]*--> | <[!?][^<>]*>",
        "",
        'a <b>bold</b> <prosody rate="slow">word</prosody>',
        "a bold word",
        re.IGNORECASE,
    ),
    FORMULAS,
    rule(
        "phonemes for a word",
        r"\[[^\[\]()]*\]\(/([^()\[\]/]+)/\)",
        lambda match: voiced(match[1]),
        "say [no](/nˈO/)",
        f"say {voiced('nˈO')}",
    ),
    rule(
        "number of a note",
        r"(?<=[.,;:!?”\")])\[(?:\d{1,3}|[a-z]|\^\d{1,3})\](?!\()",
        "",
        "in 1969.[12] Then",
        "in 1969. Then",
    ),
    rule("mark of an image", r"!(?=\[)", "", "![alt](a.png)", "[alt](a.png)"),
    rule(
        "character reference",
        r"&(?:[a-zA-Z]{2,8}|\#\d{1,7}|\#x[\da-fA-F]{1,6});",
        _character,
        "AT&amp;T",
        "AT&T",
    ),
    rule(
        "target of a link",
        r"""\]\( (?=[^()\s]*[/.:\#@]) [^()\s]*+ (?:\([^()\s]*+\)[^()\s]*+)*+ (?:\s+"[^"]*")? \)""",
        " ",
        '[text](https://x.y/z_(w) "title") more',
        "[text  more",
    ),
    rule(
        "scheme and query of a URL",
        r"""\b(?:https?|ftp)://(?:www\.)? ([^\s?\#<>"]*[^\s?\#<>".,:;!)\]']) (?:[?\#][^\s<>"]*[\w/=])?""",
        r"\1",
        "see https://www.example.com/a?b=c#d.",
        "see example.com/a.",
    ),
    rule(
        "heading, quotation, list item",
        r"^\s*+(?:\#{1,6}|>+|[-+*•▪◦‣–])\s+(?:\[[\ xX]\]\s+)?",
        "",
        "- [x] done",
        "done",
    ),
    rule(
        "dot between words",
        r"""(?: (?<=[^\W\d_]{2}) | (?<=[\w)”][.!?)”]) ) \s[·•∙]\s (?=[^\W_]) | (?<=\d) \s[·•∙]\s (?=[^\W\d_]{2})""",
        ", ",
        "5 min read · Jan 3 • News, but 2 · 3 N",
        "5 min read, Jan 3, News, but 2 · 3 N",
    ),
    rule("row of a sign", r"([+<>%@&$])\1{3,}", " ", "Title +++++++ Text", "Title   Text"),
    rule("rule between the rows of a table", r"^ (?=[^-]*-) [\s|:+=_*-]*+ $", "", "|---|:--:|", ""),
    rule(
        "highlight",
        r"(?<![=\w]) == (?=\S) ([^=]+) (?<=\S) == (?![=\w])",
        r"\1",
        "a ==marked== word",
        "a marked word",
    ),
    rule("times", r"(?<=\d)\s?\*\s?(?=\d)", " × ", "2*3", "2 × 3"),
    rule(
        "times between names", r"(?<=[\w)])(?<!from|lect|LECT|port)\s\*\s(?=[\w(])", " × ", "a * b", "a × b"
    ),
    rule(
        "star that is dialled",
        r"(?<![\w*])\*(?=\d{2,3}\b(?![\w*]))",
        lambda match: "⋆ " if "*" not in match.string[: match.start()] else match[0],
        "dial *67",
        "dial ⋆ 67",
    ),
    rule(
        "grade with a star",
        r"(?<![\w*])A\*(?=s?\b|[\s,.;:)]|$)",
        lambda match: match[0] if _EMPHASIS_BEGINS.search(match.string, 0, match.start()) else "A ⋆",
        "two A*s, an A* in art, but *Plan A*",
        "two A ⋆s, an A ⋆ in art, but *Plan A*",
    ),
    rule(
        "joined by underscores or a star",
        r"""(?<=\w)\*(?=\w) | [\[\]{}] | [\#~-]{3,} | (?<![=!<>])={3,}
        | (?: (?<![A-Z\d])_ | _(?![A-Z\d]) ) (?! [\w.+-]{1,64}@\w )""",
        " ",
        "snake_case",
        "snake case",
    ),
    rule(
        "emphasis, code, escapes",
        r"""\* | ` | ~~ | \\(?=[^\w\s]) | (?<!\w)\#(?=[^\W\d])(?![A-Z]{1,4}-?\d)
        | <(?=[^\s<>]{1,100}[@.][^\s<>]{1,100}>)""",
        "",
        "**bold** `code` #tag <a@b.org>",
        "bold code tag a@b.org>",
    ),
    rule(
        "title before a name",
        r"\b ((?:Dra?|Mr?s?|Sra?|Srta|Mme|Mlle|Sig|Dott)|D) \. (?=\s[^\W\d_a-z])",
        r"\1",
        "M. Dupont",
        "M Dupont",
    ),
    rule(
        "figures that nobody reads as a number",
        r"\d{13,}",
        lambda match: " ".join(match[0]),
        "12345678901234",
        "1 2 3 4 5 6 7 8 9 0 1 2 3 4",
    ),
    rule(
        "condition of a formula",
        r"\b([A-Z]|Pr)(\([^()|\n]{1,24}?)\s?\|\s?([^()|\n]{1,24}\))",
        r"\1\2 ∣ \3",
        "P(A|B)",
        "P(A ∣ B)",
    ),
    rule(
        "bars of a formula",
        r"(?<![\w|]) \| (?=\S) ((?: (?![^\W\d_]{3}) [\w\s+−*/²³()-] ){1,16}) (?<=\S) \| (?![\w|])",
        r"∣\1∣",
        "|x - y| < 2, | a | b | and |a|b|",
        "∣x - y∣ < 2, | a | b | and |a|b|",
    ),
    rule("cell of a table", r"(?<!\|)\|(?!\|)", ", ", "a | b", "a ,  b"),
)


_SIGNS: Final = {
    **dict.fromkeys(("condition of a formula", "bars of a formula"), "|"),
    **dict.fromkeys(("star that is dialled", "grade with a star", "times between names"), "*"),
}
"""Of each match of these rules at least one."""

RULES: Final = tuple(replace(each, signs=frozenset(_SIGNS.get(each.name, ""))) for each in _ALL)


def without_markup(text: str) -> str:
    """The words of `text`."""
    return apply(RULES, text)
