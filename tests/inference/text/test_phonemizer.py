"""Phonemes from the real espeak-ng: what is said, what is kept, and that nothing vanishes."""

from __future__ import annotations

import importlib.util
import string
import subprocess
import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.errors import UnsupportedLanguage
from inference.languages import BY_CODE
from inference.text.east_asian import is_installed
from inference.text.phonemizer import Phonemizer
from inference.vocabulary import MARKS, kokoro_vocabulary
from tests.support.cpu import cpu_s, slowness

PHONEMIZER = Phonemizer()
"""The only one: espeak's state belongs to the process."""

VOCABULARY = frozenset(kokoro_vocabulary())
ESPEAK_LANGUAGES = ("en-us", "en-gb", "es", "fr-fr", "hi", "it", "pt-br")


def phonemes_of(text: str, language: str) -> str:
    return PHONEMIZER.phonemes(text, language)


def american(text: str) -> str:
    return phonemes_of(text, "en-us")


def sounds(phonemes: str) -> int:
    return sum(phoneme.isalpha() for phoneme in phonemes)


# --- What is said


@pytest.mark.parametrize(
    ("text", "language", "phonemes"),
    [
        ("Hello, world! How are you?", "en-us", "həlˈO, wˈɜɹld! hˌW ɑɹ ju?"),
        ("It's a mother's button, NASA.", "en-us", "ɪts ɐ mˈʌðəɹz bˈʌtn, nˈæsə."),
        ("The bath water there, home fire.", "en-gb", "ðə bˈɑːθ wˈɔːtə ðˈɛː, hˈQm fˈIə."),
        ("¿Qué tal? Bien.", "es", "kˈe tˈal? bjˈen."),
        ("Un bon vin blanc.", "fr-fr", "œ̃ bˈɔ̃ vˈɛ̃ blˈɑ̃."),
        ("नमस्ते दुनिया।", "hi", "nəmˈʌsteː dˈʊnɪjˌaː."),
        ("Perché no?", "it", "perkˌe nˈɔ?"),
        ("Você está bem?", "pt-br", "vosˌe estˌa bˈAŋ?"),
    ],
)
def test_every_language_is_written_in_the_letters_kokoro_learned(
    text: str, language: str, phonemes: str
) -> None:
    assert phonemes_of(text, language) == phonemes


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("$4.50", "four dollars and fifty cents"),
        ("Dr. Smith", "doctor Smith"),
        ("9:30", "nine thirty"),
        ("1,000", "one thousand"),
        ("3.14", "three point one four"),
        ("in 1999", "in nineteen ninety nine"),
        ("**bold** `code` [link](http://x.y/z)", "bold code link"),
    ],
)
def test_figures_are_said_like_their_words(text: str, same: str) -> None:
    unstressed = str.maketrans("", "", "ˈˌ ")
    assert american(text).translate(unstressed) == american(same).translate(unstressed)


def test_english_words_in_french_leave_no_language_flag() -> None:
    assert phonemes_of("J'aime le football.", "fr-fr") == "ʒˈɛm lə fˈʊtbɔːl."


def test_other_scripts_are_read_in_their_own_language() -> None:
    assert american("Привет мир") == "prʲivʲˈet mʲˈir"
    assert american("say 你好 and こんにちは") != american("say and")
    assert "lˈɛɾɚ" not in american("北京 안녕하세요 שלום عربي ελληνικά")


def test_han_are_chinese_unless_kana_stand_beside_them() -> None:
    japanese, chinese = phonemes_of("東京は日々変わる", "ja"), phonemes_of("北京", "zh")
    for code in ("en-us", "fr-fr", "hi"):
        assert phonemes_of("東京は日々変わる", code) == japanese
        assert phonemes_of("北京", code) == chinese


@pytest.mark.parametrize(
    ("text", "phonemes"),
    [
        ('"No," he said — "no"; (no)... no?! No!!!', "“nˈO,” hi sˈɛd— “nˈO”; (nˈO)… nˈO?! nˈO!"),
        ("No, — no,, no", "nˈO— nˈO, nˈO"),
        ("no。No，no？", "nˈO. nˈO, nˈO?"),
        ("«No» ¡no! no:no", "“nˈO” nˈO! nˈO: nˈO"),
        ("No - no -- no-no", "nˈO— nˈO— nˈO nˈO"),
        ("...no", "nˈO"),
        ("no 😀.", "nˈO."),
    ],
)
def test_marks_are_kept_in_the_model_s_spelling(text: str, phonemes: str) -> None:
    assert american(text) == phonemes


def test_a_line_without_a_mark_ends_with_a_full_stop() -> None:
    assert american("No\n") == american("No.\n\n") == "nˈO."
    assert american("No:\n") == "nˈO:"
    assert american("No") == "nˈO"


@pytest.mark.parametrize(
    "text", ["", " ", ".", "…", "?!", "😀👍🏽", "***", "```", "\n", "\x00", "\ud800", "“”", "---", "|"]
)
def test_nothing_to_say_is_nothing(text: str) -> None:
    assert american(text) == ""


# --- Nothing vanishes


@pytest.mark.parametrize(
    "unit", ["ba", "a", "W", "schtroumpf", "é", "x1", "Ж", "你", "क", "7", "w.", "a-", "a'", "_b"]
)
@pytest.mark.parametrize("language", ["en-us", "fr-fr", "hi"])
@pytest.mark.no_cover
def test_a_word_of_3000_letters_is_spoken_whole(unit: str, language: str) -> None:
    one_by_one = sounds(phonemes_of(unit * 16, language))
    assert (
        sounds(phonemes_of(unit * (3000 // len(unit)), language)) > one_by_one * 3000 / len(unit) / 16 * 0.7
    )


@pytest.mark.no_cover
@pytest.mark.slow
@pytest.mark.parametrize("word", ["a", "cat", "WWW", "1234567890", "strengths", "你好", "Ж", "@", "x=y"])
def test_1000_words_without_a_mark_are_all_spoken(word: str) -> None:
    fifty = sounds(american(" ".join([word] * 50)))
    assert sounds(american(" ".join([word] * 1000))) == pytest.approx(20 * fifty, rel=0.02)


@settings(deadline=None)
@given(
    st.lists(
        st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=60), min_size=1, max_size=60
    )
)
def test_espeak_cuts_nothing(words: list[str]) -> None:
    """A clause may sound a little different from its words, but may not be shorter."""
    apart = sum(sounds(american(word)) for word in words)
    assert sounds(american(" ".join(words))) >= 0.8 * apart - 3


# --- Nothing breaks


def plane(start: int, stop: int, step: int) -> str:
    return "".join(map(chr, range(start, stop, step)))


@pytest.mark.no_cover
@pytest.mark.parametrize(
    "characters",
    [
        plane(0, 0x3000, 1),
        plane(0x3000, 0x11000, 7),
        plane(0x11000, 0x110000, 101),
    ],
)
def test_no_character_breaks_the_phonemizer_or_what_comes_after_it(characters: str) -> None:
    pangram = "The quick brown fox jumps over 13 lazy dogs."
    before = american(pangram), phonemes_of(pangram, "es")
    for start in range(0, len(characters), 40):
        phonemes = american(f"map {' '.join(characters[start : start + 40])} map")
        assert phonemes.startswith("mˈæp")
        assert set(phonemes) <= VOCABULARY
    assert (american(pangram), phonemes_of(pangram, "es")) == before


@settings(deadline=None)
@given(st.text(max_size=200), st.sampled_from(ESPEAK_LANGUAGES))
def test_any_text_has_phonemes_within_the_vocabulary(text: str, language: str) -> None:
    phonemes = phonemes_of(text, language)
    assert set(phonemes) <= VOCABULARY
    assert phonemes == phonemes.strip()
    assert "  " not in phonemes
    assert phonemes == phonemes_of(text, language)


@pytest.mark.parametrize(
    ("unit", "language"),
    [("a.", "en-us"), ("é.", "fr-fr"), ("क-", "hi"), ("q-क", "hi"), ('½-"क,<', "en-us"), ("е.ग!-", "es")],
)
def test_texts_that_end_an_unguarded_espeak_are_spoken(unit: str, language: str) -> None:
    """In a process of their own: where this fails, espeak takes its process along."""
    script = (
        "from inference.text.phonemizer import Phonemizer\n"
        "p = Phonemizer()\n"
        f"for n in (50, 200, 400, 1500): assert len(p.phonemes({unit!r} * n, {language!r})) >= n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.parametrize(
    "letter", ["\u16a0", "\u1000", "\u0f63", "\U00013000", "\ua681", "\u01f7", "\u17be", "\u1820"]
)
@pytest.mark.parametrize("language", ["en-us", "es", "fr-fr", "hi"])
def test_letters_that_no_voice_knows_are_not_spelled_by_their_codes(letter: str, language: str) -> None:
    assert len(phonemes_of(letter * 100, language)) < 100  # 1,600 to 3,000 in codes


def test_korean_among_latin_letters_is_read_in_korean() -> None:
    assert "hˈɐnquqˌʌ" in american("Learn 한국어 now.")


def test_zalgo_and_direction_marks_are_read_through() -> None:
    assert american("n\u0300\u0301\u0302\u0303o\u202e\u200f") == american("no")


# --- Languages


@pytest.mark.parametrize("language", ["", "tlh", "en-us\x00", "x" * 5000])
def test_an_unknown_language_is_refused_with_those_there_are(language: str) -> None:
    with pytest.raises(UnsupportedLanguage, match="en-us") as refusal:
        phonemes_of("No.", language)
    assert len(str(refusal.value)) < 200


@pytest.mark.parametrize("language", ["ja", "zh"])
def test_a_language_without_its_phonemizer_says_what_to_install(language: str) -> None:
    script = (
        "import sys; sys.modules['misaki'] = None\n"
        "from inference.text.phonemizer import Phonemizer\n"
        "p = Phonemizer()\n"
        f"assert {language!r} not in p.languages\n"
        f"try: p.phonemes('。', {language!r})\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.startswith("UnsupportedLanguage")
    assert "pip install misaki" in run.stdout


@pytest.mark.skipif(not is_installed(BY_CODE["ja"]), reason="the extra ja is not installed")
def test_japanese_is_spoken_with_its_english_words() -> None:
    phonemes = phonemes_of("こんにちは、Python！12345678901234567890円。", "ja")
    assert phonemes.startswith("koɲɲiʨiβa, pˈIθˌɑn! ")
    assert sounds(phonemes) > 60
    assert set(phonemes) <= VOCABULARY


@pytest.mark.skipif(not is_installed(BY_CODE["zh"]), reason="the extra zh is not installed")
def test_chinese_is_spoken_with_tones_and_its_english_words() -> None:
    phonemes = phonemes_of("你好，世界！我喜欢Python。", "zh")
    assert phonemes.startswith("ni↓xau↓, ʂɨ↘ʨje↘! ")
    assert "pˈIθˌɑn." in phonemes
    assert set(phonemes) <= VOCABULARY


# --- What it needs


def test_an_espeak_voice_that_does_not_exist_is_an_engine_fault() -> None:
    script = (
        "from inference.text.espeak import Espeak\n"
        "try: Espeak().phonemes('no', 'nowhere')\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "EngineFailed espeak-ng has no voice nowhere"


def test_the_text_worker_loads_no_onnxruntime() -> None:
    script = (
        "import sys; from inference.text.phonemizer import Phonemizer; Phonemizer().phonemes('No.', 'en-us');"
        "print({'onnxruntime', 'kokoro_onnx', 'phonemizer', 'misaki'} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"


def test_the_vocabulary_is_that_of_kokoro_onnx() -> None:
    assert importlib.util.find_spec("kokoro_onnx") is not None
    from kokoro_onnx.config import DEFAULT_VOCAB  # noqa: PLC0415 - it loads onnxruntime, which other tests must not

    assert frozenset(DEFAULT_VOCAB) == VOCABULARY
    assert all(len(unicodedata.normalize("NFC", token)) == 1 for token in VOCABULARY)


# --- Foreign scripts


@pytest.mark.parametrize(
    "text",
    ["aЯbЮ" * 70, "说ru слово " * 40, "яa " * 100, "अaआb" * 60],
    ids=["latin", "han", "words", "hindi"],
)
def test_a_text_that_changes_its_script_with_each_letter_changes_the_voice_few_times(text: str) -> None:
    american("说 и अ")  # who reads them is loaded now
    assert (
        cpu_s(lambda: american(text), tries=1) < 0.25 * slowness()
    )  # 0.7 to 0.9 s when it changed with each run


@pytest.mark.parametrize(
    "text", ["ট ঠ ড ঢ", "ट ठ ड ढ ण", "ట ఠ డ", "知道 这是 吃饭", "ट्रक डॉक्टर", "ṭ ḍ", "ட ண", "ඩ ට", "ਟ ਠ"]
)
def test_no_sound_of_a_foreign_word_becomes_a_mark(text: str) -> None:
    assert not set(american(text)) & MARKS
    assert not set(phonemes_of(text, "hi")) & MARKS
