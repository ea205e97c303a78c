"""Addresses, paths, names in code, as English says them. Knows their signs, not their words."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

from inference.text import english_data as data
from inference.text.english_numbers import in_pairs, one_by_one
from inference.text.rules import any_of, rule

_TOP_LEVEL: Final = any_of(data.words("top_level_domains"))
_SPELLED: Final = any_of(data.words("spelled_domains"))
_EXTENSIONS: Final = any_of(data.words("extensions"))
_SIGNS: Final = {
    ".": " dot ",
    "/": " slash ",
    "\\": " backslash ",
    "_": " underscore ",
    "@": " at ",
    ":": " colon ",
    "-": " dash ",
    "+": " plus ",
}


def _signs(text: str, *, signs: str = "./\\_@:") -> str:
    """`text` with its signs in words, and short names that nobody pronounces spelled."""
    for sign in signs:
        text = text.replace(sign, _SIGNS[sign])
    words = text.replace("-", " ").replace("#", " ").replace("~", " tilde ").split()
    return " ".join(_spelled(word, before) for before, word in pairwise(("", *words)))


def _spelled(word: str, before: str) -> str:
    """`py` as `P Y`; `com` and `src` are left to the lexicon."""
    if re.fullmatch(r"[A-Za-z]\d+", word):
        return f"{word[0].upper()} {word[1:]}"
    is_word = word in _SAID or (word == "us" and before in _BEFORE_US)
    is_short = not is_word and re.fullmatch(rf"(?:{_SPELLED}|{_EXTENSIONS}|[a-z])", word)
    return " ".join(word.upper()) if is_short else word


_BEFORE_US: Final = frozenset(data.words("before_us"))
_SAID: Final = frozenset(data.words("said_in_paths"))
"""Short names and extensions that are words."""


def _address(match: re.Match[str]) -> str:
    host, port, path = match["host"], match["port"], match["path"] or ""
    port = f" port {one_by_one(port)}" if port else ""
    return f"{_signs(host)}{port} {_signs(path.rstrip('/'))}".strip()


def _ip(match: re.Match[str]) -> str:
    parts = match[1].split(".")
    said = " dot ".join(in_pairs(part) if len(part) == 3 and part[0] != "0" else part for part in parts)  # noqa: PLR2004
    return said + (f" port {one_by_one(match[2])}" if match[2] else "")


def _version(match: re.Match[str]) -> str:
    rest = " ".join(filter(None, (match[2], match[3], match[4] and match[4].upper())))
    return f"version {' point '.join(match[1].split('.'))} {rest.replace('rc', 'R C')}".rstrip()


def _constant(match: re.Match[str]) -> str:
    """The words of a name in capitals, quietly but for what is spelled."""
    return " ".join(word if word in _ACRONYMS else word.lower() for word in match[0].split("_"))


_CHORDS: Final = {"m": "minor", "min": "minor", "maj": "major"}
_ACRONYMS: Final = frozenset(data.words("spelled"))


_OF_MENUS: Final = re.compile(rf"\b(?i:{any_of(data.words('menus'))})\b|\s>\s.*\s>\s", re.VERBOSE)

RULES: Final = (
    rule(
        "C++", r"\b([A-Za-z])\+\+(?!\w)", lambda match: f"{match[1].upper()} plus plus", "C++", "C plus plus"
    ),
    rule("C#", r"\b([A-G])\#(?!\w)", r"\1 sharp", "C# and F#", "C sharp and F sharp"),
    rule(
        "chord",
        r"\b([A-G])\#(m(?:aj)?)(\d{0,2})\b",
        lambda match: f"{match[1]} sharp {'major' if 'aj' in match[2] else 'minor'} {match[3]}".rstrip(),
        "a C#m7",
        "a C sharp minor 7",
    ),
    rule(
        "chord with a figure",
        r"(?<![\w.-])([A-G])(m|maj|min|sus|add|dim|aug)(\d{1,2})(?![\w-])",
        lambda match: f"{match[1]} {_CHORDS.get(match[2], match[2])} {match[3]}",
        "Em7, Cadd9",
        "E minor 7, C add 9",
    ),
    rule(
        "e-mail",
        r"(?<![\w.+'-])(\w[\w.+'-]{0,63}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8})(?!\w)",
        lambda match: _signs(match[1], signs="._@+"),
        "to john.doe@example.co.uk.",
        "to john dot doe at example dot co dot U K.",
    ),
    rule(
        "IP address",
        r"(?<![\w.])(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})(?::(\d{2,5}))?(?![\w]|\.\d)",
        _ip,
        "ping 192.168.1.1",
        "ping one ninety two dot one sixty eight dot 1 dot 1",
    ),
    rule(
        "address",
        rf"""(?<![\w@./-])
        (?P<host> localhost | (?:[\w-]{{1,63}}\.){{1,8}}(?:{_TOP_LEVEL}) )
        (?: :(?P<port>\d{{2,5}}) )?
        (?P<path> (?: /[\w.~\#@%+-]*[\w~\#@%+-] | / )*+ )?
        (?![\w@])""",
        _address,
        "at github.com/user/repo and localhost:8880/v1.",
        "at github dot com slash user slash repo and localhost port eight eight eight zero slash V 1.",
    ),
    rule(
        "path",
        r"(?<![\w./~:<>-])((?:~|\.{1,2})?(?:/[\w.-]*\w){2,24}/?|(?:~|\.{1,2})/[\w.-]*\w)(?!\w)",
        lambda match: _signs(match[1]),
        "in /usr/local/bin there",
        "in slash usr slash local slash bin there",
    ),
    rule(
        "path of Windows",
        r"(?<!\w)([A-Z]:\\[\w.\\-]*\w)",
        lambda match: _signs(match[1]),
        r"in C:\Users\me",
        "in C colon backslash Users backslash me",
    ),
    rule(
        "file",
        rf"(?<![\w./-])((?:[\w.-]{{1,60}}/){{0,8}}(?:[\w-]{{1,60}}(?:\s?\(\d{{1,2}}\))?\.){{1,4}}(?:{_EXTENSIONS}))(?![\w/]|\.\w)",
        lambda match: _signs(match[1], signs="._/"),
        "open my-notes.txt in src/main.rs.",
        "open my notes dot T X T in src slash main dot R S.",
    ),
    rule(
        "hidden file",
        r"(?<![\w.])\.(env|git|gitignore|bashrc|zshrc|ssh|config|vscode|venv)\b",
        r"dot \1",
        "a .env file",
        "a dot env file",
    ),
    rule(".NET", r"(?<!\w)\.NET\b", "dot net", "in .NET", "in dot net"),
    rule("constant", r"\b[A-Z][A-Z\d]*(?:_[A-Z\d]+)+\b", _constant, "MAX_SIZE, API_KEY", "max size, API key"),
    rule("Node.js", r"(?<=[a-z\d])\.(?=(?:js|io|ai|NET|py)\b)", " dot ", "Node.js", "Node dot js"),
    rule(
        "version",
        r"(?<![\w.])(?<!slash\s)(?:v\.?\s?|V\.?\s?(?=\d+\.\d))(\d+(?:\.\d+){0,4})(?:(?<=\.\d)(?:-?(rc|alpha|beta)\.?(\d{1,2})?|([a-c])))?(?![\w.]*\w)",
        _version,
        "to v2.10.3 now, v1.0-beta.2",
        "to version 2 point 10 point 3 now, version 1 point 0 beta 2",
    ),
    rule("any release", r"(?<=\d)\.[xX]\b(?!\.[\dxX])", " point X", "Node 18.x", "Node 18 point X"),
    rule(
        "numbers of a version",
        r"""(?<![\w.]) (?<!born\s)(?<!dated\s)(?<!DOB\s)(?<!DOB:\s)
        (?!\d{1,2}\.\d{1,2}\.(?:19|20)\d\d | \d{3}\.\d{3}\.\d{4}\b) \d+(?:\.\d+){2,4} (?!\w|\.\d)""",
        lambda match: " point ".join(match[0].split(".")),
        "3.11.7",
        "3 point 11 point 7",
    ),
    rule(
        "release of a program",
        rf"\b ({any_of(data.words('programs'))}) [\s-]? (\d{{1,3}}) \. ([1-9]\d|0\d) (?![\w%]|\.\d)",
        lambda match: (
            f"{match[1]} {match[2]} point {in_pairs(match[3]) if match[3][0] != '0' else 'oh ' + match[3][1]}"
        ),
        "Python 3.12, Ubuntu 22.04",
        "Python 3 point twelve, Ubuntu 22 point oh 4",
    ),
    rule(
        "option of a command",
        rf"(?<!\S)--(?= [a-z]+-[a-z] | [a-z]+= | (?:{any_of(data.words('options'))})\b )",
        "dash dash ",
        "npm i --save-dev, git push --force",
        "npm i dash dash save-dev, git push dash dash force",
    ),
    rule(
        "number of a flaw",
        r"\bCVE-((?:19|20)\d\d)-(\d{4,7})\b",
        lambda match: f"CVE {in_pairs(match[1])} {one_by_one(match[2])}",
        "CVE-2024-3094",
        "CVE twenty twenty four three zero nine four",
    ),
    rule(
        "codes of errors",
        r"(?<![\w.,$£€-])([45]\d\d)s\b(?!-)",
        lambda match: f"{in_pairs(match[1])}s" if match[1] != "500" else match[0],
        "many 404s",
        "many four oh fours",
    ),
    rule("handle", r"(?<![\w@])@(?=[A-Za-z_])", "at ", "by @user", "by at user"),
    rule("dunder", r"(?<!\w)_+(?=\w)|(?<=\w)_+(?!\w)", "", "__init__", "init"),
    rule("name of an identity", r"(?<=[a-z])_id(s?)\b", r" ID\1", "user_id", "user ID"),
    rule("snake_case", r"(?<=[^\W_])_+(?=[^\W_])", " ", "snake_case_name", "snake case name"),
    rule("call", r"(?<=\w)\(\)", "", "call main() now", "call main now"),
    rule("member", r"(?<=[a-z]{2})\.(?=[a-z_]{2,}|[A-Z][a-z]+[A-Z])", " dot ", "os.path", "os dot path"),
    rule("not equal", r"(?<=[\w)\]'\"])\s*(?:!==?|<>|=/=)\s*(?=[\w(\['\"-])", " ≠ ", "x != y", "x ≠ y"),
    rule("equal", r"(?<=[\w)\]'\"])\s*={2,3}\s*(?=[\w(\['\"-])", " = ", "x == y", "x = y"),
    rule(
        "at least, at most",
        r"(?<!\s)\s* ([<>])= \s* (?=[\w(\['\"-])",
        lambda match: {"<": " ≤ ", ">": " ≥ "}[match[1]],
        "x >= y",
        "x ≥ y",
    ),
    rule("arrow", r"(?<!\s)\s* (?:-{1,2}>|=>|→|➜|➔) \s*", " to ", "File → Save => x", "File to Save to x"),
    rule(
        "way through menus",
        r"(?<=[\w)*\"”]) \s>\s (?=[\"“]?[A-Z])",
        lambda match: ", " if _OF_MENUS.search(match.string) else match[0],
        "Open File > Save",
        "Open File, Save",
    ),
    rule(
        "and, or of code",
        r"\s(&&|\|\|)\s",
        lambda match: " and " if match[1] == "&&" else " or ",
        "a && b || c",
        "a and b or c",
    ),
)
