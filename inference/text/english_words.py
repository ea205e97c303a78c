"""Abbreviations in English, and how names, titles and places are written. Knows no amounts and no dates."""

from __future__ import annotations

import re
from typing import Final

from inference.text import english_data as data
from inference.text.characters import HEARTS, voiced
from inference.text.english_numbers import cardinal, in_pairs
from inference.text.roman import value
from inference.text.rules import any_of, rule

_NEXT_SENTENCE: Final = (
    rf"""(?= ["'”’)\]]* (?: \s*$ | \s+ ["'“‘(]? (?:{"|".join(data.words("sentence_starts"))}) (?![\w']) ) )"""
)
"""What follows the full stop of a sentence: nothing, or a word that begins one and is no name."""

STOP: Final = rf"(?: \. (?P<ends>){_NEXT_SENTENCE} | \.(?!\w) )"


def stop(match: re.Match[str]) -> str:
    """The full stop that ended a sentence too, or nothing."""
    return "." if match["ends"] is not None else ""


def _street(match: re.Match[str]) -> str:
    return f"{match['name']}{data.STREETS[match['kind']]}{stop(match)}"


def _plural(match: re.Match[str]) -> str:
    """Figures in the plural: of a name, after a letter, of timber."""
    before = " by " if match[3] else " " if match[2] else ""
    return f"{before}{cardinal(match[1] or match[2] or match[3])}s".replace("ixs", "ixes")


_QUARTERS: Final = str.maketrans({"N": "North", "S": "South", "E": "East", "W": "West"})

ABBREVIATIONS: Final = (
    rule(
        "stutter",
        rf"""\b (?: (?! d-day\b | (?-i:[IVX]-[IVX]+\b) | [a-z]-{any_of(data.words("lettered"))}s?\b )
        ([b-hj-z]) (?:-\1){{0,3}} - (?= \1[a-z] )
        | ([b-df-hj-np-tv-z]{{2}}) - \2 - (?= \2 ) )""",
        "",
        "W-what t-t-time, ch-ch-change on D-Day",
        "what time, change on D-Day",
        re.IGNORECASE,
    ),
    rule(
        "saint",
        r"(\b\d{1,3}(?:st|nd|rd|th)\s)? \b Ste?\b\.? (?= \s[A-Z][a-z] )",
        lambda match: match[0] if match[1] else "Saint",
        "St. John, not 42nd St. The",
        "Saint John, not 42nd St. The",
    ),
    rule(
        "street",
        rf"""(?P<name> \b (?: [A-Z][a-z]+(?:'s|s')? | (?:Jr|Sr)\. | \d{{1,3}}(?:st|nd|rd|th) ) \s )
        (?P<kind>{any_of(data.STREETS)}) \b
        (?: {STOP} | (?= , | \s*$ | \s[a-z] | \s[NSEW]{{1,2}}\b ) )""",
        _street,
        "42nd St. and Main Ave.",
        "42nd Street and Main Avenue.",
    ),
    rule(
        "title",
        rf"\b ({any_of(data.TITLES)}) (?: \.\s? | \s ) (?=[A-Z])",
        lambda match: f"{data.TITLES[match[1]]} ",
        "Dr. Smith, Mt Everest",
        "Doctor Smith, Mount Everest",
    ),
    rule(
        "secretary",
        r"\bSec\.\s(?=[A-Z][a-z]{2,}\b(?!\s\d)|of\s[A-Z])",
        "Secretary ",
        "Sec. Rubio",
        "Secretary Rubio",
    ),
    rule(
        "title without a name",
        r"\b (Mrs?|Ms|Dr) \b \.?",
        lambda match: data.TITLES[match[1]],
        "the Dr. said",
        "the Doctor said",
    ),
    rule(
        "before a figure",
        rf"(?<![\w.]) ({any_of(data.BEFORE_FIGURES)}) (?: (?<=[\#№]) | \. ) \s{{0,2}} (?= [(\[]?\d | [IVXLC]{{2,}}\b )",
        lambda match: f"{data.BEFORE_FIGURES[match[1]]} ",
        "No. 5, pp. 10-12, # 1",
        "number 5, pages 10-12, number 1",
    ),
    rule(
        "before a numeral",
        r"\b (Art|Sec|[Vv]ol|[Cc]h|[Cc]hap|Pt|[Ff]ig|App) \. \s (?= [IVX] \b (?![.'\w]\w) )",
        lambda match: f"{data.BEFORE_FIGURES[match[1]]} ",
        "Art. I, Pt. V",
        "Article I, Part V",
    ),
    rule("too long", r"\bTL;\s?DR\b", "TLDR", "TL;DR: no", "TLDR: no"),
    rule(
        "figures in the plural",
        r"(?<=[A-Za-z]-)(\d{1,2})s\b|(?<=\b[A-Z])(\d{1,2})s\b|(?<=\b\d)[x×](\d{1,2})s\b",
        _plural,
        "omega-3s, V8s and 2x4s",
        "omega-threes, V eights and 2 by fours",
    ),
    rule(
        "before a letter",
        r"\b (Ex|App|Fig|Bldg|Ste|Rm|Sec|Pt)\. \s (?= [A-H] (?![\w.]\w) )",
        lambda match: f"{data.BEFORE_FIGURES[match[1]]} ",
        "in Ex. A",
        "in Exhibit A",
    ),
    rule(
        "so many of the best marks", r"(?<=\d\s|t\s) As \b", "A's", "5 As, straight As", "5 A's, straight A's"
    ),
    rule("number of an order", r"(?<!\w) \# (?= [A-Z]{1,4}-?\d)", "number ", "#A-104", "number A-104"),
    rule(
        "full stop of a unit",
        r"""(\d\s(?:min|max|hrs?|secs?|lbs?|oz|ft|yd|mi|yrs?|mo|wk|tsp|tbsp|qt|gal|kg|km|cm|mm))
        \. (?= \s+[a-z(] | [,;:)] )""",
        r"\1",
        "10 min. to go",
        "10 min to go",
    ),
    rule(
        "minute of a game",
        r"(\d(?:st|nd|rd|th)\s) min\b (?: \.(?=\s[a-z]|,) )?",
        r"\1minute",
        "89th min. of it",
        "89th minute of it",
    ),
    rule(
        "abbreviation",
        rf"(?<![\w.]) ({any_of(data.ABBREVIATIONS)}) {STOP}",
        lambda match: data.ABBREVIATIONS[match[1]] + stop(match),
        "pens, etc. and Acme Inc. It grew.",
        "pens, etcetera and Acme Incorporated. It grew.",
    ),
    rule(
        "level, year, building",
        r"\b ([Yy]r|[Ll]vl|[Bb]ldg|[Ee]p|[Ss]te|[Nn]r|Rm)s? \s (?=\d{1,4}\b)",
        lambda match: f"{data.BEFORE_FIGURES[match[1]]} ",
        "Yr 7 in Bldg 4",
        "Year 7 in Building 4",
    ),
    rule("versus", r"(?<=\s) vs (?=\s)", "versus", "us vs them", "us versus them"),
    rule(
        "case at law", r"([A-Z][a-z]+\s) v\.? (?=\s[A-Z][a-z])", r"\1versus", "Roe v. Wade", "Roe versus Wade"
    ),
    rule(
        "junior",
        rf"([A-Z][a-z]+,?\s) (Jr|Sr) \b (?: {STOP} | )",
        lambda match: f"{match[1]}{data.ABBREVIATIONS[match[2]]}{stop(match)}",
        "King Jr. said",
        "King Junior said",
    ),
    rule(
        "degree",
        r"\b (Ph\.?\s?D|M\.?D|B\.?Sc?|M\.?Sc?|B\.?A|M\.?B\.?A|J\.?D) \. (?!\w)",
        lambda match: match[1].replace(".", "").replace(" ", "").upper(),
        "a Ph.D. in law",
        "a PHD in law",
    ),
    rule("doctorate", r"\b PhD (s?) \b", r"PHD\1", "PhDs", "PHDs"),
    rule("without", r"(?<!\S) w/o (?!\S)", "without", "w/o it", "without it"),
    rule("with", r"(?<!\S) w/ \s* (?=[\w$£€\"“'‘(])", "with ", "w/ it and w/ 8 GB", "with it and with 8 GB"),
    rule(
        "shorthand",
        rf"(?<![\w./@-])(?<!\d\s)(?<!=\s)(?<!\bdot\s)(?<!\bslash\s) ({any_of(data.SHORTHAND)}) (?![\w/-]|\.\w|\sdot\s)",
        lambda match: data.SHORTHAND[match[1]],
        "up 5% YoY, idk",
        "up 5% year over year, I don't know",
    ),
    rule(
        "shorthand after a figure",
        rf"(?<=\d\s) ({any_of(data.words('shorthand_after_figures'))}) (?![\w/-]|\.\w)",
        lambda match: data.SHORTHAND[match[1]],
        "it's 8:45 rn",
        "it's 8:45 right now",
    ),
    rule("near", r"(?<=[A-Za-z,]\s) nr (?=\s[A-Z][a-z])", "near", "shut nr Leeds", "shut near Leeds"),
    rule(
        "bound for",
        r"\b ([NSEW])/B \b",
        lambda match: f"{data.COMPASS[match[1]]}bound",
        "shut W/B at J4",
        "shut westbound at J4",
    ),
    rule(
        "world war", r"\b WW \s? ([12]|II?) \b", r"World War \1", "WW2 and WWI", "World War 2 and World War I"
    ),
    rule(
        "born, died, reigned",
        r"""(?<![\w.]) ([bdr])\.\s (?= [1-9]\d{3}\b | \d\d?/\d\d?/
        | (?:Jan|Feb|Mar|Apr|May|Ju[nl]|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}\.?\s\d | \d{1,2}\s[A-Z][a-z]{2} )""",
        lambda match: {"b": "born ", "d": "died ", "r": "reigned "}[match[1]],
        "(b. 1950) and (r. 1509-1547)",
        "(born 1950) and (reigned 1509-1547)",
    ),
    rule(
        "letter and figures",
        r"(?<![\w.]) ([A-Z]) \. (\d{2,3}) \b",
        lambda match: f"{match[1]} {in_pairs(match[2])}",
        "H.264",
        "H two sixty four",
    ),
    rule(
        "defeated",
        r"(?<=[a-z]\s) d\. (?= \s[A-Z][a-z]+\s(?:\d[–-]\d|in\b) )",
        "defeated",
        "Ruud d. Zverev 6-4",
        "Ruud defeated Zverev 6-4",
    ),
    rule(
        "party and state",
        rf"\(([DRI])-(?:({any_of(data.STATES_IN_SHORT)})\.?|({any_of(data.STATES)}))\)",
        lambda match: f"({match[1]}, {data.STATES_IN_SHORT.get(match[2]) or data.STATES[match[3]]})",
        "Sen. Doe (D-Mich.)",
        "Sen. Doe (D, Michigan)",
    ),
    rule(
        "quarter of a country",
        r"\b([NSEW])\.\s(?=(?:Korea|Africa|Carolina|Dakota|Virginia|Sudan|Ireland|Germany|America)\b)",
        lambda match: f"{match[1].translate(_QUARTERS)} ",
        "N. Korea",
        "North Korea",
    ),
    rule(
        "floor",
        r"(\d(?:st|nd|rd|th)\s) [Ff]lr?\b (?:\.(?=,|\s[a-z]))?",
        r"\1floor",
        "12th Fl., A",
        "12th floor, A",
    ),
    rule(
        "between", r"(?<!\S) b/w (?= \s\S{1,12}\s(?:and|&)\s )", "between", "b/w 9 and 5", "between 9 and 5"
    ),
    rule("because", r"(?<!\S) b/c (?!\S)", "because", "b/c of", "because of"),
    rule(
        "letters with stops",
        rf"(?<![\w.]) ((?:[A-Za-z]\.){{1,8}}[A-Za-z]) (?: \. (?P<ends>){_NEXT_SENTENCE} | \. | (?!\w) )",
        lambda match: match[1].replace(".", "").upper() + stop(match),
        "the U.S. army. In the U.S. She",
        "the US army. In the US. She",
    ),
)

LETTERS: Final = (
    rule(
        "movement",
        r"(\d[a-z]?[,:]\s)([IVX]{1,4})\.\s(?=[A-Z][a-zà-ÿ]{3})",
        lambda match: f"{match[1]}{value(match[2])}, ",
        "BWV 1048: I. Allegro",
        "BWV 1048: 1, Allegro",
    ),
    rule(
        "initial",
        rf"(?<![\w'.])(?<![A-Z]\s) ([A-Z]) \. (?!{_NEXT_SENTENCE}) (?= \s?[A-Z] )",
        lambda match: f"{voiced('ˈA') if match[1] == 'A' else match[1]} ",
        "J. Smith has vitamin C. It",
        "J  Smith has vitamin C. It",
    ),
    rule(
        "number in brackets",
        r"\((i{2,3}|i[vx]|vi{1,3}|xi{1,3})\)",
        lambda match: f"({value(match[1].upper())})",
        "(b)(ii)",
        "(b)(2)",
    ),
    rule(
        "species",
        r"(?<![\w'.])([B-HJ-Z])\.\s(?=[a-z]{2,12}(?:i|us|is|um|a|ae|ans|ens)\b|rex\b)|(?<='s\s)([KDS])\.\s(?=[1-9]\d{0,3}\b)",
        lambda match: f"{match[1] or match[2]} ",
        "E. coli, Mozart's K. 545",
        "E coli, Mozart's K 545",
    ),
    rule(
        "letter in brackets",
        r"(?<![\w'])\(([a-z])\)|(?<=\d)\((a)\)",
        lambda match: f"({(match[1] or match[2]).upper()})",
        "(a) or (b), 12(a)",
        "(A) or (B), 12(A)",
    ),
    rule("two letters", r"\b([A-Z])/([A-Z])\b(?!/)", r"\1 \2", "A/B tests, I/O", "A B tests, I O"),
    rule("ratio of names", r"(\bratio\sof\s\w+):(?=\w)", r"\1 to ", "ratio of A:B", "ratio of A to B"),
    rule("and, or", r"\b (and)/or \b", r"\1 or", "this and/or that", "this and or that", re.IGNORECASE),
    rule(
        "he or she",
        r"\b (he|his|him|s?he)/(she|hers?|he|him) \b",
        r"\1 or \2",
        "his/her",
        "his or her",
        re.IGNORECASE,
    ),
    rule(
        "love",
        rf"\b (I|[Ww]e|[Yy]ou|[Tt]hey) \s [{HEARTS}]+ \s? (?=\w)",
        r"\1 love ",
        "I ❤ NY",
        "I love NY",
    ),
    rule("and of letters", r"\b ([A-Z]{1,4}) \s?&\s? ([A-Z]{1,4}) \b", r"\1 and \2", "Q&A", "Q and A"),
    rule(
        "and of songs",
        r"(?<=[a-z]) \s? '[nN]'? (?=\s[a-z]|'[a-z])'?",
        " and",
        "rock 'n' roll",
        "rock and roll",
    ),
)
