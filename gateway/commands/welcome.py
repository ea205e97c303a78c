"""What is said once clients can connect: where, and the first thing to try."""

from __future__ import annotations

from gateway import __version__
from gateway.commands.terminal import err
from gateway.settings import base_url


def welcome(host: str, port: int) -> None:
    """Say that the gateway at this address speaks."""
    base = base_url(host, port)
    body = '{"model": "tts-1", "voice": "alloy", "input": "Hello from Kokoro."}'
    err.print(
        f"\n[bold]Kokoro Gateway {__version__}[/] speaks. Base URL: [bold green]{base}[/]\n\n"
        f"  curl {base}/audio/speech -H 'Content-Type: application/json' \\\n    -d '{body}' > hello.mp3\n",
        highlight=False,
        soft_wrap=True,
    )
