"""A phrase of a phrase book, such as `{n} percent`, with its places filled. Knows no language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def filled(book: Mapping[str, Any], phrase: str, **values: str) -> str:
    """The phrase of that name with these values; raises KeyError where it has a place for which there is none."""
    text: str = book[phrase].format(**values)
    return text
