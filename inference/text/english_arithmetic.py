"""Arithmetic and formulas in English, as they are read in a lesson. Knows neither money nor units."""

from __future__ import annotations

import re
from typing import Final

from inference.text.characters import LOWERED, RAISED, VOICED, voiced
from inference.text.rules import rule


def _power(match: re.Match[str]) -> str:
    exponent = (match[1] or match[2]).translate(RAISED)
    if exponent.endswith(("+", "-")):  # of an ion
        return f" {exponent[:-1]} {'plus' if exponent[-1] == '+' else 'minus'}"
    plain = {"2": "squared", "3": "cubed"}.get(exponent)
    said = exponent.replace("-", " minus ").replace("+", " plus ").strip()
    return f" {plain}" if plain else f" to the power of {said}" if said else " to the power of "


def _function(match: re.Match[str]) -> str:
    prime = ("", " prime", " double prime")[len(match[2])]
    argument = _LETTER_A.sub(voiced("ˈA"), match[3])
    is_followed = match.string[match.end() : match.end() + 1].isalnum()
    return f"{match[1]}{prime} of {argument}{' ' * is_followed}"


def _over(match: re.Match[str]) -> str:
    return " over " if IN_FORMULA.search(match.string) else match[0]


IN_FORMULA: Final = re.compile(r"[=≠≤≥≈√∫∑²³^∣]|\s[<>]\s")
"""What tells that a slash divides."""

_SUMS: Final = {"∑": "the sum", "∏": "the product", "∫": "the integral"}
_LETTER_A: Final = re.compile(r"\b[Aa]\b")


_NO_WORD: Final = (
    r"(?!(?:is|it|of|or|to|in|on|at|as|an|am|be|by|do|go|he|if|me|my|no|so|up|us|we|id|dx|ok)\b)"
)

_OF_TYPES: Final = r"<\w{1,30}(?:,\s?\w{1,30}){0,3}>"
"""Brackets, not signs: `Map<K, V>`."""


def _compared(match: re.Match[str]) -> str:
    sign = match[1] or match[2] or match[3]
    return {"<": " is less than ", ">": " is greater than "}[sign] if sign else match[0]


ARITHMETIC: Final = (
    rule(
        "note of a page",
        r"(?:(?<=[a-z]{4})|(?<=[.,;:!?”)]))[¹²³⁴-⁹]{1,2}(?!\w)",
        "",
        "may vary¹, not x²",
        "may vary, not x²",
    ),
    rule(
        "isotope",
        r"(?<!\w)([¹²³⁴-⁹⁰]{1,3})([A-Z][a-z]?)\b",
        lambda m: f"{m[1].translate(RAISED)} {m[2]}",
        "¹⁴C",
        "14 C",
    ),
    rule(
        "limits of a sum",
        r"([∑∏∫])\s?(?:([₀₁₂₃₄₅₆₇₈₉]+)(?:\^?([⁰¹²³⁴-⁹ⁿ]+|(?<=\^)[\w∞]{1,3}))|([\w=−\s]{1,12}?)\sto\s(−?[\w∞]{1,4})(?!\w))",
        lambda m: (
            f"{_SUMS[m[1]]} from {(m[2] or m[4]).translate(LOWERED)} to {(m[3] or m[5]).translate(RAISED)} of "
        ),
        "∫₀¹x, ∑ i=1 to n i",
        "the integral from 0 to 1 of x, the sum from i=1 to n of  i",
    ),
    rule(
        "power",
        r"(?:(?<=[\w)])([⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ]+)|(?<=[\w)])(?<!\^[A-Z])(?:\^|\s\^\s)(-?\w{1,6}|(?=\()))",
        _power,
        "x² + 2^10, Ca²⁺, but press ^C or ^N^P",
        "x squared + 2 to the power of 10, Ca 2 plus, but press ^C or ^N^P",
    ),
    rule(
        "a in a formula",
        r"(?<![\w'-])a(?=\s(?:squared|cubed|to\sthe\spower)\b|\s?[=≠<>≤≥+×÷−]|/[a-z\d]\b|\s-\s[a-z\d]\b)|(?<=[=≠≤≥+×÷−]\s)a(?=\s?(?:[+×÷−*/),.;]|$))",
        voiced("ˈA"),
        "a squared + a",
        f"{voiced('ˈA')} squared + {voiced('ˈA')}",
    ),
    rule(
        "letters of a product",
        rf"(?<![\w'./-]){_NO_WORD}([a-z]{{2}})(?=\s?[=<>≤≥≠]\s?[\w(√−-])|(?<==\s){_NO_WORD}([a-z]{{2}})(?=\s?[.,;)+−*/]|$)",
        lambda m: " ".join(voiced("ˈA") if letter == "a" else letter for letter in m[1] or m[2]),
        "xy = bc, is = so",
        "x y = b c, is = so",
    ),
    rule(
        "base of a logarithm",
        r"\blog\s?([₀₁₂₃₄₅₆₇₈₉]+)\s?",
        lambda m: f"log base {m[1].translate(LOWERED)} of ",
        "log₂8",
        "log base 2 of 8",
    ),
    rule(
        "absolute value",
        r"∣(?=\S)([^∣]{1,24})(?<=\S)∣",
        lambda m: f"the absolute value of {_LETTER_A.sub(voiced('ˈA'), m[1])}",
        "∣y∣ < x",
        "the absolute value of y < x",
    ),
    rule(
        "element",
        r"([A-Z])([a-z])(?=[₀-₉])|(?<=\d)([A-Z])([a-z])(?=\s[+→⇌]|\s?$)",
        lambda m: f"{m[1]} {m[2].upper()}" if m[1] else f" {m[3]} {m[4].upper()}",
        "Fe₂ + 3Na",
        "F E₂ + 3 N A",
    ),
    rule(
        "letters behind an index",
        r"(?<=[₀-₉])([A-Z]{2,4})(?![a-z])",
        lambda m: " ".join(m[1]),
        "CH₃OH",
        "CH₃O H",
    ),
    rule("index", r"(?<=\w)([₀₁₂₃₄₅₆₇₈₉]+)", lambda m: f" {m[1].translate(LOWERED)} ", "H₂O", "H 2 O"),
    rule(
        "over",
        rf"""(?: (?<=[)²³!]) | (?<=\b\w) | (?<=[{VOICED}]) | (?<=\bof\s\w) | (?<=\d[a-z]) )
        \s?/\s? (?= [(√] | \d{{0,3}}[A-Za-zα-ω]?(?!\w) )""",
        _over,
        "y = x/2, (a + b)/2c, and/or",
        "y = x over 2, (a + b) over 2c, and/or",
    ),
    rule(
        "function",
        r"\b([fghpFGHPEOTL]|Pr|Var)('{0,2})\((?![^()]*[A-Za-z]{4})([\w\s,+<>=≤≥^²³.*×∣∩∪-]{1,24})\)",
        _function,
        "f(x), g'(2), O(n log n), P(X > 3)P(Y)",
        "f of x, g prime of 2, O of n log n, P of X > 3 P of Y",
    ),
    rule("given", r"\s?∣\s?", " given ", "of B ∣ C", "of B given C"),
    rule(
        "function of an angle",
        r"\b(a?rc)?(sin|cos|tan)(h?)(?=\s?(?:[²³θαβφωπ(^]|squared|cubed)|\s(?:x|y|t|\d))",
        lambda m: f"{m[1] or ''}{ {'sin': 'sine', 'cos': 'cosine', 'tan': 'tangent'}[m[2]] }{m[3]}",
        "sin²θ + cos x",
        "sine²θ + cosine x",
    ),
    rule(
        "product",
        r"(?<=\d)\s?[x×]\s?(?=[\d.,]+\s?=)",
        " times ",
        "7 x 8 = 56",
        "7 times 8 = 56",
    ),
    rule(
        "function by its name",
        r"\b((?:arc)?(?:co)?sine|(?:arc)?tangent|ln|log|exp|det|gcd|max|min|sqrt)h?\(([\wπθ²³^+*/×−\s,-]{1,24})\)",
        lambda m: f"{'the square root' if m[1] == 'sqrt' else m[1]} of {_LETTER_A.sub(voiced('ˈA'), m[2])}",
        "sine(x), max(a, b)",
        f"sine of x, max of {voiced('ˈA')}, b",
    ),
    rule(
        "limit",
        r"\blim\s([a-z])\sto\s(−?[\w∞]{1,4})(?!\w)",
        r"the limit as \1 goes to \2 of",
        "lim x to ∞ f",
        "the limit as x goes to ∞ of f",
    ),
    rule("root", r"√\s?(?=[\w(])", "the square root of ", "√16", "the square root of 16"),
    rule(
        "no doubled article",
        r"\b([Tt]he)\sthe\ssquare",
        r"\1 square",
        "the the square root",
        "the square root",
    ),
    rule(
        "division",
        r"(?<=[\d)])\s/\s(?=[\d(])|(?<=[\d)])/(?=\d+\s*=)",
        " divided by ",
        "10 / 2",
        "10 divided by 2",
    ),
    rule(
        "less, greater",
        rf"""{_OF_TYPES} | (?<=[\w)]) (?: \s?([<>])\s?(?=[\d-]|\.\d) | \s([<>])\s(?=[\w(])
        | (?! {_OF_TYPES} | <\w{{2,30}}< ) ([<>])(?=[\w(]) )""",
        _compared,
        "x < y, 5>3, x<y, but List<T>",
        "x is less than y, 5 is greater than 3, x is less than y, but List<T>",
    ),
    rule(
        "question of more or less",
        r"\b ([Ii]s\s[\w.]+\s) is\s (greater|less)",
        r"\1\2",
        "Is 7 is greater than 5?",
        "Is 7 greater than 5?",
    ),
    rule(
        "factorial",
        r"(?<=\b[a-z\d])!(?=\s?[=+*/×≤≥≠≈<>-])|(?<=[a-z\d]\))!(?=\s?[=+*/×≤≥≠≈<>-]|[.,;])",
        " factorial",
        "5! = 120, n! > 2, (n-1)!.",
        "5 factorial = 120, n factorial > 2, (n-1) factorial.",
    ),
    rule(
        "minus",
        r"(?<=[\d)])\s?−\s?(?=[\w(])|(?<=\b[a-z])\s[−-]\s(?=[a-z\d]\b)|(?<=[\d)])\s-\s(?=[a-z]\b)|(?:(?<=squared)|(?<=cubed)|(?<=\d[a-z]))\s-\s(?=[\w(])",
        " minus ",
        "x - y",
        "x minus y",
    ),
)
