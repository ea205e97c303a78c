"""Writes the tables of settings and log fields into a page: `python -m gateway.observe.write_docs deploy/README.md`."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Final

from gateway import settings
from gateway.observe import log_fields

TABLES: Final = {"settings": settings.as_markdown, "log fields": log_fields.as_markdown}


def main() -> None:
    """Renew what stands between the marks of each table."""
    page = Path(sys.argv[1])
    text = page.read_text(encoding="utf-8")
    for name, table in TABLES.items():
        before, rest = re.split(rf"(?<=<!-- {name}: made by `make docs` -->\n)", text)
        text = f"{before}{table()}\n{rest[rest.index(f'<!-- end of {name}') :]}"
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
