"""Abbreviations in English, and how names, titles and places are written. Knows no amounts and no dates."""

from __future__ import annotations

import re
from typing import Final

from inference.text import english_data as data
from inference.text.characters import HEARTS, voiced
from inference.text.english_numbers import cardinal, in_pairs, one_by_one
from inference.text.roman import value
from inference.text.rules import any_of, rule

_NEXT_SENTENCE: Final = (
    rf"""(?= ["'”’)\]]* (?: \s*$ | \s+ ["'“‘(]? (?:{"|".join(data.words("sentence_starts"))}) (?![\w']) ) )"""
)
"""What follows the full stop of a sentence: nothing, or a word that begins one and is no name."""

_STOP: Final = rf"(?: \. (?P<ends>){_NEXT_SENTENCE} | \.(?!\w) )"


def _stop(match: re.Match[str]) -> str:
    return "." if match["ends"] is not None else ""


def _street(match: re.Match[str]) -> str:
    return f"{match['name']}{data.STREETS[match['kind']]}{_stop(match)}"


_PER: Final = {"pp": "person", "pcm": "calendar month", "pw": "week", "pa": "annum"}

_QUARTERS: Final = str.maketrans({"N": "North", "S": "South", "E": "East", "W": "West"})

ABBREVIATIONS: Final = (
    rule(
        "stutter",
        r"\b (?: (?!d-day\b) ([b-hj-z]) (?:-\1){0,3} - (?= \1[a-z] ) | ([b-df-hj-np-tv-z]{2}) - \2 - (?= \2 ) )",
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
        (?: {_STOP} | (?= , | \s*$ | \s[a-z] | \s[NSEW]{{1,2}}\b ) )""",
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
        "secretary", r"\bSec\.\s(?=[A-Z][a-z]{2,}\b(?!\s\d))", "Secretary ", "Sec. Rubio", "Secretary Rubio"
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
        rf"(?<![\w.]) ({any_of(data.BEFORE_FIGURES)}) (?: (?<=[\#№]) | \. ) \s? (?= \(?\d | [IVXLC]{{2,}}\b )",
        lambda match: f"{data.BEFORE_FIGURES[match[1]]} ",
        "No. 5, pp. 10-12, # 1",
        "number 5, pages 10-12, number 1",
    ),
    rule("too long", r"\bTL;\s?DR\b", "TLDR", "TL;DR: no", "TLDR: no"),
    rule(
        "figures in the plural",
        r"(?<=[A-Za-z]-)(\d{1,2})s\b|(?<=\b[A-Z])(\d{1,2})s\b",
        lambda match: f"{' ' if match[2] else ''}{cardinal(match[1] or match[2])}s".replace("ixs", "ixes"),
        "omega-3s and V8s",
        "omega-threes and V eights",
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
        rf"(?<![\w.]) ({any_of(data.ABBREVIATIONS)}) {_STOP}",
        lambda match: data.ABBREVIATIONS[match[1]] + _stop(match),
        "pens, etc. and Acme Inc. It grew.",
        "pens, etcetera and Acme Incorporated. It grew.",
    ),
    rule(
        "level, year, building",
        r"\b ([Yy]r|[Ll]vl|[Bb]ldg|[Ee]p|[Ss]te|[Nn]r)s? \s (?=\d{1,4}\b)",
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
        rf"([A-Z][a-z]+,?\s) (Jr|Sr) \b (?: {_STOP} | )",
        lambda match: f"{match[1]}{data.ABBREVIATIONS[match[2]]}{_stop(match)}",
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
    rule("with", r"(?<!\S) w/ \s* (?=[\w$£€\"“(])", "with ", "w/ it and w/ 8 GB", "with it and with 8 GB"),
    rule(
        "shorthand",
        rf"(?<![\w./@-])(?<!\d\s)(?<!=\s) ({any_of(data.SHORTHAND)}) (?![\w/-]|\.\w)",
        lambda match: data.SHORTHAND[match[1]],
        "up 5% YoY, idk",
        "up 5% year over year, I don't know",
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
    rule("floor", r"(\d(?:st|nd|rd|th)\s) Flr?\b \.?", r"\1floor", "12th Fl.", "12th floor"),
    rule(
        "between", r"(?<!\S) b/w (?= \s\S{1,12}\s(?:and|&)\s )", "between", "b/w 9 and 5", "between 9 and 5"
    ),
    rule("because", r"(?<!\S) b/c (?!\S)", "because", "b/c of", "because of"),
    rule(
        "letters with stops",
        rf"(?<![\w.]) ((?:[A-Za-z]\.){{1,8}}[A-Za-z]) (?: \. (?P<ends>){_NEXT_SENTENCE} | \. | (?!\w) )",
        lambda match: match[1].replace(".", "").upper() + _stop(match),
        "the U.S. army. In the U.S. She",
        "the US army. In the US. She",
    ),
    rule(
        "quarter of a town",
        rf"""\b (?: ([NSEW]) \. (?= \s\d{{1,3}}(?:st|nd|rd|th)\b )
        | (?<=\d\s)([NSEW])\.?
            (?= \s(?:[A-Z][a-z]{{1,30}}|\d{{1,3}}(?:st|nd|rd|th))\s(?:{any_of(data.STREETS.values())})\b ) )""",
        lambda match: {"N": "North", "S": "South", "E": "East", "W": "West"}[match[1] or match[2]],
        "12 E. 42nd, 123 N Main Street",
        "12 East 42nd, 123 North Main Street",
    ),
    rule(
        "number of a house",
        rf"""(?<![\w.,$£€-]) ([1-9]\d\d{{1,2}})
        (?= [A-D]?\s (?:(?:North|South|East|West)\s)? (?:[A-Z][a-z]{{1,30}}\s){{1,3}}
        (?:{any_of(data.STREETS.values())})\b )""",
        lambda match: in_pairs(match[1]),
        "at 221 Baker Street",
        "at two twenty one Baker Street",
    ),
    rule(
        "quarter of the wind",
        rf"""\b (?: ((?i:winds?)(?:\s(?:from|out\sof)(?:\sthe)?)?\s) ({any_of(data.COMPASS)}) \b
        | ({any_of(data.COMPASS)}) (?=\s(?:winds?|breezes?|gusts?)\b) )""",
        lambda match: f"{match[1] or ''}{data.COMPASS[match[2] or match[3]]}",
        "winds NW at 10, a SE breeze",
        "winds northwest at 10, a southeast breeze",
    ),
    rule(
        "for each person",
        r"([£€$]\d[\d,.]*k?) \s? (pp|pcm|pw|pa) \b",
        lambda match: f"{match[1]} per {_PER[match[2]]}",
        "£12.50pp, £900 pcm",
        "£12.50 per person, £900 per calendar month",
    ),
    rule("so many pages", r"(?<=\d) \s? pp \b \.? ", " pages", "300 pp.", "300 pages"),
    rule(
        "quarter of a highway",
        r"\b ((?:I|US|SR|Route|Highway)[ -]\d{1,3}\s) ([NSEW]) \b",
        lambda match: match[1] + data.COMPASS[match[2]],
        "I-95 N",
        "I-95 north",
    ),
    rule(
        "quarter of a place",
        rf"(?<=[a-z\d]\s) ({any_of(data.COMPASS)}) (?=\sof\s)",
        lambda match: data.COMPASS[match[1]],
        "5 miles SW of Leeds",
        "5 miles southwest of Leeds",
    ),
    rule(
        "quarter after a street",
        rf"\b ({any_of(data.STREETS.values())}),?\s ([NS][EW]) \b",
        lambda match: f"{match[1]} {data.COMPASS[match[2]]}",
        "Pennsylvania Avenue NW",
        "Pennsylvania Avenue northwest",
    ),
    rule(
        "state in short",
        rf"(?<=[a-z],\s) ({any_of(data.STATES_IN_SHORT)}) {_STOP}",
        lambda match: data.STATES_IN_SHORT[match[1]] + _stop(match),
        "in Salem, Ore., and Miami, Fla.",
        "in Salem, Oregon, and Miami, Florida.",
    ),
    rule(
        "state",
        rf"\b ((?:[A-Z][a-z]{{2,30}}|NYC?|LA),?\s) ({any_of(data.STATES)}) (?: \s (?=\d{{5}}\b) )",
        lambda match: f"{match[1]}{data.STATES[match[2]]} ",
        "Springfield, IL 62704",
        "Springfield, Illinois 62704",
    ),
    rule(
        "state without a code",
        rf"""\b ([A-Z][a-z]{{2,30}},\s) (?!(?:OK|HI|ID|ME|IN|MD)\b) ({any_of(data.STATES)}) \b
        (?= [,;.)] | \s*$ | \s[a-z] )""",
        lambda match: f"{match[1]}{data.STATES[match[2]]}",
        "Austin, TX, and Boston, MA.",
        "Austin, Texas, and Boston, Massachusetts.",
    ),
    rule(
        "code of a place",
        rf"\b ({any_of(data.STATES.values())}) \s (\d{{5}}) (?:-(\d{{4}}))? (?![\w-])",
        lambda match: f"{match[1]} {', '.join(map(one_by_one, filter(None, match.groups()[1:])))}",
        "Illinois 62704",
        "Illinois six two seven zero four",
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
