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
_SUPERSCRIPTS: Final = str.maketrans("0123456789+-n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ")
_SUPERSCRIPT: Final = re.compile(r"[\d+n-]{1,12}")


def _power(match: re.Match[str]) -> str:
    exponent = (match[1] or match[2]).strip()
    if _SUPERSCRIPT.fullmatch(exponent):
        return exponent.translate(_SUPERSCRIPTS)
    return f" ^ {exponent} "


def _command(match: re.Match[str]) -> str:
    return f" {_SIGNS[match[1]]} " if match[1] in _SIGNS else f" {match[1]} " if match[2] else " "


_BRACED: Final = r"\{((?:[^{}]|\{[^{}]*+\})*+)\}"
"""What is in braces, and may have others inside."""

_FORMULA: Final = (
    rule(
        "letters side by side",
        r"\\(?:text|mathrm|operatorname|mathbf|mathit)\s*\{[^{}]*\}|\\[A-Za-z]+|(?<![A-Za-z])([a-z]{2,4})(?![A-Za-z])",
        lambda match: " ".join(match[1]) if match[1] else match[0],
        r"4ac \sin x \text{if}",
        r"4a c \sin x \text{if}",
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
    rule("index", r"_\s*(?:\{([^{}]*)\}|([^\s{}\\]))", r" \1\2 ", "x_1 + y_{ij}", "x 1  + y ij "),
    rule(
        "command",
        r"\\(?:left|right|big|Big|displaystyle|quad|qquad|,|;|!|:)|\\([A-Za-z]+)()|[{}\\]",
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
    lambda match: f" {' '.join(apply(_FORMULA, str(match[match.lastgroup or 0])).split())} ",
    r"so $E = mc^2$ holds for $5 and $10",
    "so  E = m c²  holds for $5 and $10",
)
