"""The speaker: all that decides how a text sounds, as one digest. Gateways of another one share nothing spoken.

Knows which files and libraries are heard; what a model and a graph are is told to it.
"""

from __future__ import annotations

from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Final

import inference

if TYPE_CHECKING:
    from collections.abc import Iterator

LIBRARIES: Final = (
    *("av", "babel", "cn2an", "espeakng-loader", "fugashi", "jaconv", "jieba", "kokoro-onnx", "lameenc"),
    *("misaki", "mojimoji", "num2words", "numpy", "onnxruntime", "onnxruntime-gpu", "phonemizer", "pypinyin"),
    *("soxr", "unidic-lite"),
)
"""Those that read, speak, shape or encode: another version of one may sound different."""

_GATEWAY: Final = Path(__file__).parents[1]
_SOURCES: Final = (Path(inference.__file__).parent, _GATEWAY / "audio", _GATEWAY / "speech")
"""Folders whose code and data are heard. A version number would not do: it is the same for many a commit."""


def speaker(*facts: str) -> str:
    """The digest, where `facts` tell the model, its voices and the graphs that run; takes some 30 ms."""
    digest = blake2b(digest_size=16)
    told = (fact.encode() for fact in (*facts, *map(_installed, LIBRARIES)))
    for part in (*told, *_contents()):
        digest.update(b"%d:" % len(part))
        digest.update(part)
    return digest.hexdigest()


def _contents() -> Iterator[bytes]:
    for folder in _SOURCES:
        for path in sorted(folder.rglob("*")):
            if path.suffix in {".py", ".toml", ".tsv"}:
                yield path.read_bytes()


def _installed(distribution: str) -> str:
    """Its name and version, or its name alone where it is not installed."""
    try:
        return f"{distribution} {version(distribution)}"
    except PackageNotFoundError:
        return distribution
