"""What Kokoro 1.0 has a token for: letters of phonemes, and marks. Both sides of the socket read it."""

from __future__ import annotations

import importlib.util
import json
from functools import cache
from pathlib import Path
from typing import Final

from inference.errors import EngineFailed

MARKS: Final = frozenset(";:,.!?—…“”()")
"""Those that the front end writes; of straight quotation marks it makes “ and ”."""


@cache
def kokoro_vocabulary() -> frozenset[str]:
    """The characters that have a token, read beside kokoro_onnx: importing it loads onnxruntime.

    Raises:
        EngineFailed: kokoro-onnx is not installed.
    """
    package = importlib.util.find_spec("kokoro_onnx")
    if package is None or package.origin is None:
        raise EngineFailed("kokoro-onnx is not installed")
    config = json.loads(Path(package.origin).with_name("config.json").read_text(encoding="utf-8"))
    vocabulary: dict[str, int] = config["vocab"]
    return frozenset(vocabulary)


_IPA: Final = frozenset("\u0361\u035c^.'ɝɫg")
"""Of the International Phonetic Alphabet: the text worker writes them as the model knows them."""


def phoneme_letters() -> frozenset[str]:
    """What people may write phonemes in, a space between words among them."""
    return kokoro_vocabulary() - MARKS - {'"'} | _IPA
