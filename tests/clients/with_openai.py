from __future__ import annotations

import openai

from tests.clients.report import Order, report


def speak(base_url: str, retries: int, order: Order) -> bytes:
    client = openai.OpenAI(base_url=base_url, api_key="none is needed", max_retries=retries)
    return client.audio.speech.create(**order).content


if __name__ == "__main__":
    report("openai", speak)
