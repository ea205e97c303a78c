r"""Formulas in LaTeX as plain signs: `$x^2 \leq \frac{a}{b}$` as `x² ≤ a ÷ b`. Knows no language.

Each language says the signs in its own words.
"""

from __future__ import annotations

import re
from typing import Final

from inference.text.rules import apply, rule

_SIGNS: Final = {
    **{
        "times": "×",
        "cdot": "·",
        "div": "÷",
        "pm": "±",
        "leq": "≤",
        "le": "≤",
        "geq": "≥",
        "ge": "≥",
        "neq": "≠",
    },
    **{
        "ne": "≠",
        "approx": "≈",
        "equiv": "≡",
        "infty": "∞",
        "sum": "∑",
        "prod": "∏",
        "int": "∫",
        "partial": "∂",
    },
    **{
        "nabla": "∇",
        "in": "∈",
        "notin": "∉",
        "subset": "⊂",
        "subseteq": "⊆",
        "cup": "∪",
        "cap": "∩",
        "forall": "∀",
    },
    **{"exists": "∃", "land": "∧", "lor": "∨", "neg": "¬", "to": "→", "rightarrow": "→", "Rightarrow": "⇒"},
    **{"implies": "⇒", "iff": "⇔", "emptyset": "∅", "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ"},
    **{"epsilon": "ε", "varepsilon": "ε", "zeta": "ζ", "eta": "η", "theta": "θ", "kappa": "κ", "lambda": "λ"},
    **{
        "mu": "μ",
        "nu": "ν",
        "xi": "ξ",
        "pi": "π",
        "rho": "ρ",
        "sigma": "σ",
        "tau": "τ",
        "phi": "φ",
        "varphi": "φ",
    },
    **{
        "chi": "χ",
        "psi": "ψ",
        "omega": "ω",
        "Gamma": "Γ",
        "Delta": "Δ",
        "Theta": "Θ",
        "Lambda": "Λ",
        "Pi": "Π",
    },
    **{
        "Sigma": "Σ",
        "Phi": "Φ",
        "Psi": "Ψ",
        "Omega": "Ω",
        "circ": "°",
        "ldots": "…",
        "dots": "…",
        "cdots": "…",
    },
}
_FUNCTIONS: Final = frozenset(
    [
        "sin",
        "cos",
        "tan",
        "cot",
        "sec",
        "csc",
        "arcsin",
        "arccos",
        "arctan",
        "sinh",
        "cosh",
        "tanh",
        "log",
        "ln",
        "exp",
        "lim",
        "max",
        "min",
        "sup",
        "inf",
        "det",
        "gcd",
        "arg",
        "mod",
    ]
)
_SUBSCRIPTS: Final = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_SUPERSCRIPTS: Final = str.maketrans("0123456789+-n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ")
_SUPERSCRIPT: Final = re.compile(r"[\d+n-]{1,12}")


def _power(match: re.Match[str]) -> str:
    exponent = (match[1] or match[2]).strip()
    if _SUPERSCRIPT.fullmatch(exponent):
        return exponent.translate(_SUPERSCRIPTS)
    return f" ^ {exponent} "


def _command(match: re.Match[str]) -> str:
    """A sign, or a function by its name; the others only say how it looks."""
    name = match[1]
    return f" {_SIGNS[name]} " if name in _SIGNS else f" {name} " if name in _FUNCTIONS else " "


def _index(match: re.Match[str]) -> str:
    index = match[1] or match[2]
    return f"{index.translate(_SUBSCRIPTS)} " if index.isdecimal() else f" {index} "


def _product(match: re.Match[str]) -> str:
    """Letters one by one; with a sign behind figures, where the first would pass for a unit."""
    if not match[2]:
        return match[0]
    sign = "·" if match[1] and match[2][0] in "ghlms" else ""
    return f"{match[1]}{sign}{' '.join(match[2])}"


_BRACED: Final = r"\{((?:[^{}]|\{[^{}]*+\})*+)\}"
"""What is in braces, and may have others inside."""

RULES: Final = (
    rule(
        "letters side by side",
        r"\\(?:text|mathrm|operatorname|mathbf|mathit)\s*\{[^{}]*\}|\\[A-Za-z]+|(\d*)(?<![A-Za-z])([a-z]{2,4})(?![A-Za-z])",
        _product,
        r"4ac \sin x \text{if} 2gh",
        r"4a c \sin x \text{if} 2·g h",
    ),
    rule(
        "minus ahead",
        r"(^|[=({,<>]|\\[lg]eq?\b|\\pm\b)\s*-\s?(?=[\w\\])",
        r"\1 − ",
        r"x = -b",
        "x = − b",
    ),
    rule(
        "fraction",
        rf"\\[dt]?frac\s*{_BRACED}\s*{_BRACED}",
        r" \1 ÷ \2 ",
        r"\frac{a}{\sqrt{b}}",
        r" a ÷ \sqrt{b} ",
    ),
    rule("root", rf"\\sqrt\s*{_BRACED}", r" √\1 ", r"\sqrt{16}", " √16 "),
    rule(
        "text",
        r"\\(?:text|mathrm|mathbf|mathit|mathbb|operatorname|boxed|vec|hat|bar|overline)\s*\{([^{}]*)\}",
        r" \1 ",
        r"\text{if }x",
        " if  x",
    ),
    rule(
        "from and to",
        r"\\(int|sum|prod)\s*_\s*(?:\{([^{}]*)\}|(\w))\s*\^\s*(?:\{([^{}]*)\}|(\w|\\infty))",
        lambda match: f" {_SIGNS[match[1]]} {match[2] or match[3]} → {match[4] or match[5]} ",
        r"\sum_{i=1}^n i",
        " ∑ i=1 → n  i",
    ),
    rule("power", r"\^\s*(?:\{([^{}]*)\}|([^\s{}\\]))", _power, "x^2 + e^{kx}", "x² + e ^ kx "),
    rule("index", r"_\s*(?:\{([^{}]*)\}|([^\s{}\\]))", _index, "x_1 + y_{ij}", "x₁  + y ij "),
    rule(
        "command",
        r"\\(?:left|right|big|Big|displaystyle|quad|qquad|,|;|!|:)|\\([A-Za-z]+)|[{}\\]",
        lambda match: _command(match) if match[1] else " ",
        r"\left(a \leq b\right) \sin x",
        " (a  ≤  b )  sin  x",
    ),
)

FORMULAS: Final = rule(
    "formula",
    r"""
    \$\$ (?P<display>[^$]+) \$\$
    | \\\( (?P<round>[^$]+?) \\\)
    | \\\[ (?P<square>[^$]+?) \\\]
    | (?<![\w$\\]) \$ (?! [\s\d.,]+ [^$\\^_=<>+]* \$ ) (?=\S) (?P<inline>[^$\n]*[^\s$]) \$ (?![\w$])  # not `$5 and $10`
    """,
    lambda match: f" {' '.join(apply(RULES, str(match[match.lastgroup or 0])).split())} ",
    r"so $E = mc^2$ holds for $5 and $10",
    "so  E = m c²  holds for $5 and $10",
)
