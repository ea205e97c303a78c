"""Says a text into a file or to standard output, without a server. Knows files; knows no model and no HTTP."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.assembly import speaking
from gateway.speech.captions import CAPTION_FORMATS, written
from gateway.speech.errors import InvalidField
from gateway.speech.record import RequestRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gateway.assembly import Parts
    from gateway.speech.request import SpeechRequest

STANDARD_OUTPUT: Final = "-"


async def say(
    parts: Parts, request: SpeechRequest, output: str, heard: Callable[[float], None], captions: str = ""
) -> float:
    """Write a spoken request to `output`; `heard` is told the seconds so far, and they are returned.

    Captions go to the file of that name, if there is one, in the format of its ending.

    Raises:
        InferenceError: it cannot be spoken.
        OSError: the file cannot be written.
    """
    record = RequestRecord("say")
    async with speaking(parts) as synthesis:
        with _destination(output) as write:
            speech = await synthesis.stream(request, record)
            async for data in speech.body:
                write(data)
                heard(record.audio_s or 0.0)
        if captions:
            _write(captions, written(captions_format(captions), request.input, speech.words))
    return record.audio_s or 0.0


def _write(captions: str, text: str) -> None:
    Path(captions).write_text(text, encoding="utf-8")


def captions_format(name: str) -> str:
    """The format of captions that a file's name ends with.

    Raises:
        InvalidField: it is none of ours.
    """
    ending = Path(name).suffix.lstrip(".").lower()
    if ending not in CAPTION_FORMATS:
        choices = ", ".join(CAPTION_FORMATS)
        raise InvalidField(f"Captions end in one of {choices}.", param="captions", code="invalid_value")
    return ending


@contextlib.contextmanager
def _destination(output: str) -> Iterator[Callable[[bytes], object]]:
    """Write to standard output, or to a file that is there only once it is whole."""
    if output == STANDARD_OUTPUT:
        yield sys.stdout.buffer.write
        return
    part = Path(f"{output}.part")
    try:
        with part.open("wb") as file:
            yield file.write
        part.replace(output)
    finally:
        part.unlink(missing_ok=True)
