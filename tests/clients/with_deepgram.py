from __future__ import annotations

from deepgram import DeepgramClient  # type: ignore[import-not-found]
from deepgram.environment import DeepgramClientEnvironment  # type: ignore[import-not-found]
from deepgram.speak.v1.types import SpeakV1Text  # type: ignore[import-not-found]

from tests.clients.report import Order, report


def speak(base_url: str, retries: int, order: Order) -> bytes:
    """What the SDK makes of an order, over HTTP or on a socket."""
    socket_url = base_url.replace("http", "ws")
    there = DeepgramClientEnvironment(
        base=base_url, production=socket_url, agent=socket_url, agent_rest=base_url
    )
    voices = DeepgramClient(api_key="none is needed", environment=there).speak.v1
    sound = {"model": order["voice"], "encoding": "linear16", "sample_rate": 24000}
    if order["way"] == "http":
        return b"".join(voices.audio.generate(text="".join(order["tokens"]), container="none", **sound))
    heard = b""
    with voices.connect(**sound) as socket:
        for token in order["tokens"]:
            socket.send_text(SpeakV1Text(text=token))
        socket.send_flush()
        while getattr(message := socket.recv(), "type", "") != "Flushed":
            heard += message if isinstance(message, bytes) else b""
        socket.send_close()
    return heard


if __name__ == "__main__":
    report("deepgram-sdk", speak)
