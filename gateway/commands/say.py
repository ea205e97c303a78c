"""`kokoro-gateway say`: a text into a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
import uvloop

from gateway import assembly
from gateway.commands.options import SPEECH, with_settings
from gateway.commands.terminal import err, log_errors, progress
from gateway.settings import Settings
from gateway.speech.request import SpeechRequest
from gateway.tools.say import STANDARD_OUTPUT, captions_format
from gateway.tools.say import say as say_into


@with_settings(*SPEECH)
def say(
    settings: Settings,
    text: Annotated[str, typer.Argument(help="What to say; - reads it from standard input.")],
    output: Annotated[
        str,
        typer.Option(
            "--output", "-o", help="File to write, its ending names the format; - for standard output."
        ),
    ] = "speech.mp3",
    format_: Annotated[
        str | None, typer.Option("--format", "-f", help="Format, if the ending does not say it.")
    ] = None,
    speed: Annotated[float, typer.Option(help="0.25 to 4.")] = 1.0,
    captions: Annotated[
        str, typer.Option(help="File for captions of it, whose ending is .srt, .vtt or .json.")
    ] = "",
) -> None:
    """Say something into a file, without a server. The voice is --voice."""
    log_errors(settings)
    if captions:
        captions_format(captions)
    words = sys.stdin.read() if text == STANDARD_OUTPUT else text
    fields: dict[str, Any] = {
        "response_format": format_ or Path(output).suffix.lstrip(".") or "mp3",
        "speed": speed,
        "timestamps": "word" if captions else None,
    }
    with progress() as show:
        parts = assembly.prepare(settings, show)
        request = SpeechRequest.from_fields(parts.catalogue, words, settings.voice, **fields)

        def heard(so_far_s: float) -> None:
            show(f"{so_far_s:.1f} s of speech", None)

        spoken_s = uvloop.run(say_into(parts, request, output, heard, captions))
    if output != STANDARD_OUTPUT:
        err.print(f"{output} holds {spoken_s:.1f} s of speech", highlight=False, soft_wrap=True)
