"""Every file, folder and module that a document names is there."""

from __future__ import annotations

import re

import pytest

from tests.support.tree import ROOT

DOCUMENTS = sorted(
    path.relative_to(ROOT)
    for path in (*ROOT.glob("*.md"), *ROOT.glob("deploy/*.md"), *ROOT.glob("tests/benchmarks/*.md"))
    if path.name != "CHANGELOG.md"  # it tells of files that have gone
)
PLACEHOLDERS = {"deploy/api_keys", "inference/text/data/CODE.toml"}
"""Made by the reader, under this name or another."""

_QUOTED = re.compile(r"`([^`\n]+)`|\]\(([^)#\s]+)")
_PATH = re.compile(r"[\w.-]+(?:/[\w.-]+)*/?")
_SUFFIXES = (
    ".py",
    ".md",
    ".toml",
    ".sh",
    ".yml",
    ".yaml",
    ".json",
    ".conf",
    ".env",
    ".plist",
    ".service",
    ".npz",
)
_FOLDERS = ("gateway", "inference", "models", "tests", "deploy")


def named(text: str) -> set[str]:
    """Paths in backquotes and links, alone or within a command."""
    words = {word for quoted in _QUOTED.findall(text) for word in "".join(quoted).split()}
    return {
        word
        for word in words
        if _PATH.fullmatch(word) and (word.endswith(_SUFFIXES) or word.split("/")[0] in _FOLDERS)
    }


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_every_file_that_a_document_names_is_there(document: str) -> None:
    text = (ROOT / document).read_text("utf-8")
    places = (ROOT, (ROOT / document).parent)
    missing = {name for name in named(text) if not any((place / name).exists() for place in places)}
    assert missing - PLACEHOLDERS == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_every_module_that_a_document_runs_is_there(document: str) -> None:
    modules = re.findall(
        r"python -m ((?:tests|gateway|inference|models)[\w.]*)", (ROOT / document).read_text("utf-8")
    )
    paths = [ROOT / module.replace(".", "/") for module in modules]
    assert [path for path in paths if not path.with_suffix(".py").exists() and not path.is_dir()] == []
