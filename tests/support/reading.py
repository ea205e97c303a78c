"""A whole text, read by a text worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inference.protocol import Reading, Sentence, TextJob

if TYPE_CHECKING:
    from inference.pool.process import WorkerProcess
    from inference.protocol import JobReply


async def read_all(
    worker: WorkerProcess, text: str, language: str, timeout_s: float
) -> list[Sentence] | JobReply:
    """Its sentences, in however many jobs, each of which may take so long; or what came instead."""
    sentences: list[Sentence] = []
    context = ""
    while text:
        reply = await worker.run(TextJob("whole", text, language, context=context), timeout_s)
        if not isinstance(reply, Reading):
            return reply
        sentences += reply.sentences
        assert reply.taken > 0
        text, context = text[reply.taken :], reply.context
    return sentences
