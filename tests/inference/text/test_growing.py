"""A text that is written token by token, as language models do, is read as the whole text is."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from inference.languages import LANGUAGES
from inference.planning.text import Text
from inference.protocol import Reading, TextJob, WorkerSpec
from inference.text.engine import TextEngine
from tests.support.spoken_items import ITEMS, read_items

if TYPE_CHECKING:
    from inference.protocol import Sentence

ENGINE = TextEngine(WorkerSpec(role="text"))
BY_LANGUAGE = {
    language.code: [item.text for item in read_items(ITEMS / "fresh.tsv") if item.language == language.code]
    for language in LANGUAGES
}
ANSWERS = (
    "# Setup\n\n1. Install **Node.js** v18.\n2. Run `npm i`.\n3. Open http://localhost:3000.\n\nThat's it! Questions?",
    "Dr. Smith, Ph.D., met J. K. Rowling at 5 p.m. on Jan. 5. They spoke. No. 7 won.",
    'He said "Wait... what?" Then he left. "I can\'t," she said. (Really.) OK.',
    "The U.S. won 3.5 to 2. In the U.S. She cried. At 9 a.m. we go. It cost $3. 50 people came.",
    "<think>\nShe wants a joke.\nLet me see: `code`.\n</think>\n\nWhy did the chicken cross the road?\n\nTo get there!",
    "Use `a. b [pause:1s] c` here. Then [pause:1s] wait. ```\nx = 1. y\n[pause:2s]\n``` Done. The <think> tag is gone.",
    "| Name | Age |\n|------|-----|\n| Ann | 31 |\n| Bob | 42 |\n\nBoth are adults.",
    "World War II ended in 1945. Henry VIII. I agree. Vol. III is good. Chapter I. It was. Louis XIV. X marks.",
    "Use ` as a quote. [pause:1s] Models write <think> and </think>. So. <thinking>Hm.</thinking> Yes.",
)

pytestmark = pytest.mark.no_cover


async def read(text: Text, language: str, parts: list[str]) -> list[tuple[str, float, float]]:
    """What is heard of a text that grows by these parts, each read as far as it can be before the next comes."""
    sentences: list[Sentence] = []
    for part in (*parts, None):
        if part is None:
            text.end()
        else:
            text.append(part)
        while (stretch := await text.stretch(0)) and stretch.text:
            reading = ENGINE.do(
                TextJob("r", stretch.text, language, stretch.most, stretch.is_all, stretch.context)
            )
            assert isinstance(reading, Reading)
            sentences += reading.sentences
            text.read(stretch, reading.taken, reading.context)
    return [(each.phonemes, each.speed, each.pause_s) for each in sentences if each.phonemes or each.pause_s]


def tokens(text: str, chance: random.Random) -> list[str]:
    """A text in parts as long as those of one writer."""
    most = chance.choice((1, 6, 80))
    parts: list[str] = []
    while rest := text[sum(map(len, parts)) :]:
        parts.append(rest[: chance.randint(1, most)])
    return parts


@pytest.mark.parametrize("text", ANSWERS)
async def test_an_answer_is_read_alike_wherever_it_is_cut(text: str) -> None:
    whole = await read(Text(text), "en-us", [])
    for cut in range(1, len(text)):
        assert await read(Text(is_whole=False), "en-us", [text[:cut], text[cut:]]) == whole, text[:cut]


@pytest.mark.parametrize("language", BY_LANGUAGE)
async def test_texts_are_read_alike_however_they_come(language: str) -> None:
    chance = random.Random(language)  # noqa: S311 - to be had again
    space = "" if language in {"ja", "zh"} else " "
    for _ in range(6):
        between = chance.choice((space, space, "\n", "\n\n"))
        text = between.join(chance.sample(BY_LANGUAGE[language], 4))
        whole = await read(Text(text), language, [])
        assert await read(Text(is_whole=False), language, tokens(text, chance)) == whole, text
