from __future__ import annotations

import litellm  # type: ignore[import-not-found]

from tests.clients.report import Order, report


def speak(base_url: str, retries: int, order: Order) -> bytes:
    order = order | {"model": f"openai/{order['model']}"}
    speech = litellm.speech(**order, api_base=base_url, api_key="none is needed", max_retries=retries)
    content: bytes = speech.content
    return content


if __name__ == "__main__":
    report("litellm", speak)
