from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.observe import write_docs

if TYPE_CHECKING:
    import pytest

PAGE = Path(__file__).parents[3] / "deploy" / "README.md"


def test_tables_are_renewed_between_their_marks_and_nothing_else_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.md"
    text = PAGE.read_text(encoding="utf-8")
    page.write_text(text.replace("| `KOKORO_PORT` |", "| `KOKORO_PROT` |").replace("| `request_id` |", "| |"))
    monkeypatch.setattr(sys, "argv", ["write_docs", str(page)])
    write_docs.main()
    assert page.read_text(encoding="utf-8") == text, "run `make docs`"
