"""Every regular expression of the product, and texts made to be slow for each.

Finds patterns where modules and classes keep them, at any depth, those that functions compile from a literal, and those
that phrase books make: a new one is covered as soon as it is written.
"""

from __future__ import annotations

import ast
import importlib
import re
import warnings
from enum import Enum
from itertools import product
from types import ModuleType
from typing import TYPE_CHECKING, Any

from inference.languages import LANGUAGES
from inference.text import other_languages
from tests.support.tree import PACKAGES, modules

if TYPE_CHECKING:
    from collections.abc import Iterator

_FUNCTIONS = {"match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer"}

_PIECES = (
    "a",
    "A",
    "1",
    " ",
    "\t",
    "\n",
    ".",
    "-",
    "'",
    '"',
    "(",
    "[",
    "<",
    "&",
    "\\",
    "é",
    "。",
    "a ",
    "a.",
    "1.",
    "! ",
)
_STARTS = ("", "a", '"', "<a", "](", "http://a")
_ENDS = ("", "\x00", " x")
"""What most patterns do not expect after a long run: they try again from each of its positions."""


def patterns() -> dict[str, re.Pattern[Any]]:
    """Every pattern by the place that holds it, as `module:NAME.0` or `module:line 12`."""
    found: dict[str, re.Pattern[Any]] = {}
    for name, path in modules().items():
        if name.endswith("__main__"):
            continue
        for place, pattern in _held(_loaded(name), f"{name}:", set()):
            found.setdefault(place, pattern)
        for line, pattern in _written(ast.parse(path.read_text(encoding="utf-8"))):
            if pattern not in found.values():
                found[f"{name}:line {line}"] = pattern
    for language in LANGUAGES:
        for rule in other_languages.rules(language.code):
            found[f"inference.text.other_languages:{language.code}.{rule.name}"] = rule.pattern
    once = {(pattern.pattern, pattern.flags): place for place, pattern in found.items()}
    return {place: found[place] for place in sorted(once.values())}


def _loaded(name: str) -> dict[str, Any]:
    """What a module holds; nothing of one that needs Ray where that could not be installed."""
    try:
        with warnings.catch_warnings(action="ignore"):  # of what Ray uses of pydantic
            return vars(importlib.import_module(name))
    except ModuleNotFoundError as missing:
        if missing.name != "ray":
            raise
        return {}


def _held(value: Any, place: str, seen: set[int]) -> Iterator[tuple[str, re.Pattern[Any]]]:
    """Patterns in a value of ours: in containers, enums, named tuples and objects with fields."""
    if isinstance(value, re.Pattern):
        yield place, value
        return
    if id(value) in seen or isinstance(value, ModuleType):
        return
    seen.add(id(value))
    for key, inner in _inside(value):
        yield from _held(inner, f"{place}{key}" if place.endswith(":") else f"{place}.{key}", seen)


def _inside(value: Any) -> Iterator[tuple[object, Any]]:
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list | tuple | set | frozenset):
        yield from enumerate(value)
    elif isinstance(value, Enum):
        yield "value", value.value
    elif getattr(value if isinstance(value, type) else type(value), "__module__", "").startswith(PACKAGES):
        yield from getattr(value, "__dict__", {}).items()
        yield from ((name, getattr(value, name, None)) for name in getattr(value, "__slots__", ()))


def _written(tree: ast.AST) -> Iterator[tuple[int, re.Pattern[Any]]]:
    """Patterns that are spelled out in a call of `re`, wherever it stands."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in _FUNCTIONS
            and getattr(node.func.value, "id", "") == "re"
            and node.args
            and isinstance(node.args[0], ast.Constant)
        ):
            yield node.lineno, re.compile(node.args[0].value)


def attacks(pattern: re.Pattern[Any], length: int) -> Iterator[str]:
    """Texts of a length that repeat what patterns repeat, and what this one names, behind a start and before an end."""
    own = sorted({character for character in pattern.pattern if not character.isspace()})
    words = sorted(set(re.findall(r"\w{2,12}", pattern.pattern)), key=len)[-10:]
    pairs = map("".join, product(own[:8], " a"))
    for piece in dict.fromkeys((*_PIECES, *own, *words, *pairs)):
        for start, end in product(_STARTS, _ENDS):
            run = length - len(start) - len(end)
            yield start + (piece * (run // len(piece) + 1))[:run] + end
