"""Every rule by its example, which is its test, and every file of items."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from inference.languages import LANGUAGES
from inference.text import english, everyday_units, latex, markup, other_languages
from inference.text.rules import PIECE, any_of, apply, rule
from tests.support.spoken_items import ITEMS, FrontEnd, is_right, read_items

if TYPE_CHECKING:
    from inference.text.rules import Rule
    from tests.support.spoken_items import Item

ENGLISH = (*english.rules(is_british=False), *english.rules(is_british=True))
OTHERS = tuple(rule for language in LANGUAGES for rule in other_languages.rules(language.code))
RULES = tuple(dict.fromkeys((*latex.RULES, *markup.RULES, *ENGLISH, *OTHERS)))
ALL_ITEMS = [item for path in sorted(ITEMS.glob("*.tsv")) for item in read_items(path)]

ALL_TEXTS = "\n".join(item.text for item in ALL_ITEMS)
WITHOUT_FIGURES = re.sub(r"\d", "", ALL_TEXTS)


@pytest.fixture(scope="module")
def front_end() -> FrontEnd:
    return FrontEnd()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_makes_of_its_example_what_it_says(rule: Rule) -> None:
    assert rule.apply(rule.written) == rule.spoken
    assert rule.written != rule.spoken


@pytest.mark.parametrize("item", ALL_ITEMS, ids=lambda item: item.id)
def test_what_is_written_is_said_as_it_is_meant(item: Item, front_end: FrontEnd) -> None:
    assert is_right(item, front_end), front_end(item.text, item.language)


@pytest.mark.no_cover
@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.needs_figure], ids=lambda rule: rule.name)
def test_a_rule_that_is_not_tried_without_a_figure_finds_nothing_there(rule: Rule) -> None:
    assert rule.apply(WITHOUT_FIGURES) == WITHOUT_FIGURES


@pytest.mark.no_cover
@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.signs], ids=lambda rule: rule.name)
def test_a_rule_that_is_not_tried_without_a_sign_finds_nothing_there(rule: Rule) -> None:
    without = ALL_TEXTS.translate(dict.fromkeys(map(ord, rule.signs), " "))
    assert rule.apply(without) == without


@pytest.mark.no_cover
@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.words], ids=lambda rule: rule.name)
def test_a_rule_that_is_not_tried_without_a_word_finds_nothing_there(rule: Rule) -> None:
    without = PIECE.sub(lambda match: " " if match[0] in rule.words else match[0], ALL_TEXTS)
    assert rule.apply(without) == without


@pytest.mark.no_cover
@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.found], ids=lambda rule: rule.name)
def test_a_rule_that_looks_for_something_first_finds_nothing_elsewhere(rule: Rule) -> None:
    without = rule.found.sub(" ", ALL_TEXTS) if rule.found else ""
    assert rule.apply(without) == without


@pytest.mark.parametrize("code", ["es", "fr-fr", "hi", "it", "ja", "pt-br", "zh"])
def test_every_unit_has_a_name_in_every_language(code: str) -> None:
    for unit in everyday_units.UNITS:
        assert other_languages.written_out(f"5 {unit}", code)


def test_a_rule_that_fails_leaves_what_is_written_to_the_others() -> None:
    broken = rule("half", r"1/2", lambda match: str(int(match[0])), "1/2", "a half")
    works = rule("day", r"Mon\.", "Monday", "Mon.", "Monday")
    with pytest.warns(RuntimeWarning, match="'half' failed: ValueError") as warned:
        assert apply((broken, works), "1/2 on Mon.") == "1/2 on Monday"
    assert "Mon" not in str(warned[0].message)


@pytest.mark.parametrize("text", ["", "Mon.", "(?!)"])
def test_none_of_no_words_is_found_in_any_text(text: str) -> None:
    assert not re.search(any_of(()), text, re.VERBOSE)
