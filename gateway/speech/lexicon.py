"""The lexicon: how words are said here. It comes from a file, which is read again while the gateway runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inference import InvalidPronunciation, Pronunciations, read_pronunciations

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from inference import Pronunciation


class UnusableLexicon(ValueError):
    """The file cannot be read, or has an entry that cannot be used."""


class Lexicon:
    """What the file says. Lives as long as the application; `reload` takes the file's changes."""

    def __init__(self, path: Path | None = None) -> None:
        """Without a file it is empty.

        Raises:
            UnusableLexicon: the file cannot be used.
        """
        self.path = path
        self._words = Pronunciations()
        self.reload()

    def __len__(self) -> int:
        """How many entries there are."""
        return len(self._words)

    def reload(self) -> None:
        """Read the file again: it counts for texts that are read from now on.

        Raises:
            UnusableLexicon: and that of before still counts.
        """
        if self.path is None:
            return
        try:
            self._words = read_pronunciations(self.path)
        except InvalidPronunciation as error:
            raise UnusableLexicon(f"cannot use the lexicon {self.path}: {error}") from error

    def with_own(self, entries: Iterable[Pronunciation]) -> Pronunciations:
        """These entries before those of the file."""
        return Pronunciations(entries, self._words)
