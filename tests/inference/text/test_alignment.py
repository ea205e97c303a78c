"""Which characters of the text each phoneme stands for, in every language, and whatever is written."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.languages import BY_CODE
from inference.protocol import Reading, Sentence, TextJob, WorkerSpec
from inference.text.east_asian import is_installed
from inference.text.engine import TextEngine
from tests.support.cpu import cpu_s

ENGINE = TextEngine(WorkerSpec(role="text"))

ALIGNED = [
    ("en-us", "It was the best of times.", "It=ɪt was=wʌz the=ðə best=bˈɛst of=ʌv times.=tˈImz."),
    ("en-us", "She has 3½ cups.", "She=ʃi has=hæz 3½=θɹˈi_ænd_ɐ_hˈæf cups.=kˈʌps."),
    ("en-us", "It is **bold** 😀 #now.", "It=ɪt is=ɪz **bold**=bˈOld #now.=nˈW."),
    ("en-us", "See [my page](https://a.com/b).", "See=sˈi [my=mI page](https://a.com/b).=pˈAʤ."),
    ("en-us", "Say [two words](/tˈu/) now.", "Say=sˈA [two_words](/tˈu/)=tˈu now.=nˈW."),
    ("en-us", "A <a href='b c'>slow</a> end.", "A=ɐ <a_href='b_c'>slow</a>=slˈO end.=ˈɛnd."),
    (
        "en-us",
        'The <sub alias="health office">HO</sub> says <lang xml:lang="fr">les amis</lang> now.',
        'The=ðə <sub_alias="health_office">HO</sub>=hˈɛlθ_ˈɔfəs says=sˈɛz les_amis=lez_amˈi now.=nˈW.',
    ),
    (
        "en-us",
        "We paid $5 million in May.",
        "We=wi paid=pˈAd $5_million=fˈIv_mˈɪljᵊn_dˈɑləɹz in=ɪn May.=mˈA.",
    ),
    ("en-gb", "On 3 May.", "On=ˌɒn 3=ðə_θˈɜːd_ɒv May.=mˈA."),
    ("es", "Son las 14h30 en Perú.", "Son=sˈon las=las 14h30=katˈoɾθe_i_tɾˈAnta en=em Perú.=peɾˈu."),
    ("fr-fr", "Les amis de l'homme.", "Les=lez amis=amˈi de=də l'homme.=lˈɔm."),
    ("it", "Costa 5,50 € oggi.", "Costa=kˈɔsta 5,50_€=ʧˈinkwe_ˈɛʊro_e_ʧinkwˈanta oggi.=ˈɔʤːɪ."),
    ("pt-br", "O Sr. Silva foi.", "O=ʊ Sr.=seɲˈor Silva=sˈiʊvæ foi.=foɪ."),
    ("hi", "वह घर गया।", "वह=ʋˌəh घर=ɡʰˈʌɾ गया।=ɡˈʌjaː."),
    ("ja", "3月に1,500円です。", "3月=saŋɡaʦɨ に=ɲi 1,500円=seɴ_ɡoçakɯ_eɴ です。=desɨ."),
    ("zh", "我在北京买了“书”。", "我=wo↓ 在=ʦai↘ 北京=pei↓ʨi→ŋ 买=mai↓ 了=lɤ “书”。=ʂu→”."),
]


def read(text: str, language: str) -> Sentence:
    """The only sentence of a text."""
    reply = ENGINE.do(TextJob("r", text, language, is_timed=True))
    assert isinstance(reply, Reading)
    (sentence,) = reply.sentences
    return sentence


@pytest.mark.parametrize(("language", "text", "expected"), ALIGNED, ids=[text for _, text, _ in ALIGNED])
def test_each_word_as_it_is_written_has_its_phonemes(language: str, text: str, expected: str) -> None:
    if not is_installed(BY_CODE[language]):
        pytest.skip(f"no phonemizer for {language} is installed")
    sentence = read(text, language)
    ends = [*(word.token for word in sentence.words[1:]), len(sentence.phonemes)]
    found = [
        f"{text[word.start : word.end]}={sentence.phonemes[word.token : end].strip(' “”')}".replace(" ", "_")
        for word, end in zip(sentence.words, ends, strict=True)
    ]
    assert " ".join(found) == expected


def test_words_are_told_only_where_they_are_asked_for() -> None:
    reply = ENGINE.do(TextJob("r", "Nobody asked.", "en-us"))
    assert isinstance(reply, Reading)
    assert reply.sentences[0].words == ()


def test_words_stand_where_they_do_in_the_stretch() -> None:
    text = "First  one.\nThen <think>nothing\n</think>another one, in a 2nd line."
    reply = ENGINE.do(TextJob("r", text, "en-us", is_timed=True))
    assert isinstance(reply, Reading)
    words = [text[word.start : word.end] for sentence in reply.sentences for word in sentence.words]
    assert words == ["First", "one.", "Then", "another", "one,", "in", "a", "2nd", "line."]


WRITTEN = st.lists(
    st.sampled_from(
        [
            "a",
            "The",
            "$5",
            "million",
            "1/2",
            "—",
            "😀",
            "<b>",
            "</b>",
            "[x](/ə/)",
            "**",
            "3月",
            "é",
            "1,5 €",
            "...",
            "x_y",
        ]
    ),
    max_size=12,
).map(" ".join)


@settings(max_examples=50)
@given(WRITTEN | st.text(max_size=40), st.sampled_from(["en-us", "fr-fr", "hi"]))
def test_words_of_anything_are_in_order_and_apart_and_begin_with_other_phonemes(
    text: str, language: str
) -> None:
    reply = ENGINE.do(TextJob("r", text, language, is_timed=True))
    assert isinstance(reply, Reading)
    for sentence in reply.sentences:
        words = sentence.words
        assert bool(words) == any(map(str.isalpha, sentence.phonemes))
        for word in words:
            assert sentence.start <= word.start < word.end <= sentence.end
            assert 0 <= word.token < len(sentence.phonemes)
        for before, word in pairwise(words):
            assert before.end <= word.start
            assert before.token < word.token


def test_words_of_ones_own_that_say_much_cost_as_much_as_they_say() -> None:
    long = ("a", f"/{'a ' * 9}/")

    def cost_s(words: int) -> float:
        job = TextJob("r", "a " * words, "en-us", pronunciations=(long,), is_timed=True)
        reply = ENGINE.do(job)
        assert isinstance(reply, Reading)
        assert len(reply.sentences[0].words) == words
        return cpu_s(lambda: ENGINE.do(job))

    assert cost_s(150) < 5 * 15 * cost_s(10)
