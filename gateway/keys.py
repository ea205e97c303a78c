"""The keys that let clients in: from the settings and a file, which is read again while the gateway runs.

Knows no HTTP, and keeps no key in clear.
"""

from __future__ import annotations

import hmac
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.settings import Settings


class UnusableKeys(ValueError):
    """The file of keys cannot be read, or holds none."""


def read_keys(settings: Settings) -> tuple[str, ...]:
    """All keys, those of the settings first, then those of the file in the order of its lines.

    Raises:
        UnusableKeys: there is a file but no key in it; to go on without keys would let everybody in.
    """
    keys = [key.get_secret_value() for key in settings.api_keys]
    if settings.api_keys_file is None:
        return tuple(keys)
    try:
        text = settings.api_keys_file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UnusableKeys(f"cannot read the keys in {settings.api_keys_file}: {error}") from error
    # Editors on Windows begin a file with a byte order mark; files that were joined have it between lines too.
    lines = [line.strip() for line in text.replace("\ufeff", "").splitlines()]
    in_file = [line for line in lines if line and not line.startswith("#")]
    if not in_file:
        raise UnusableKeys(f"there is no key in {settings.api_keys_file}; put one on each line")
    return (*keys, *in_file)


class Keys:
    """Tells whether a client has one of the keys. Lives as long as the application; `reload` takes the file's changes.

    Raises:
        UnusableKeys: the file cannot be used.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._digests: tuple[bytes, ...] = ()
        self.reload()

    def __len__(self) -> int:
        """How many there are; with none, everybody is let in."""
        return len(self._digests)

    def reload(self) -> None:
        """Read the file again: what is new counts from now on, what is gone no longer.

        Raises:
            UnusableKeys: and those of before still count.
        """
        self._digests = tuple(_digest(key.encode()) for key in read_keys(self._settings))

    def number(self, given: Iterable[bytes]) -> int | None:
        """Which of the keys is among the `given`, counted from 1. Takes as long for a wrong key as for a right one."""
        digests = [_digest(key) for key in given]
        found = [
            n for n, ours in enumerate(self._digests, 1) for d in digests if hmac.compare_digest(d, ours)
        ]
        return found[0] if found else None


def _digest(key: bytes) -> bytes:
    # Of one length, so that the comparison does not tell the length of a key.
    return blake2b(key, digest_size=32).digest()
