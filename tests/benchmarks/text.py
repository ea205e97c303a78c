"""How much of written text is said as it is meant: `python -m tests.benchmarks.text FILE.tsv ...`

Without files: the items of tests/inference/text/items. Prints right of all by kind, what is wrong, and the cost of the
front end. The format of the files is in tests/support/spoken_items.py.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from pathlib import Path

import psutil

from tests.support.spoken_items import ITEMS, FrontEnd, Item, is_right, read_items


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, default=sorted(ITEMS.glob("*.tsv")))
    parser.add_argument("--category", help="only items of this kind")
    arguments = parser.parse_args()
    front_end = FrontEnd()
    front_end("Ready.", "en-us")
    ready_s, ready_mb = time.process_time(), _own_mb()
    items = [item for path in arguments.files for item in read_items(path)]
    items = [item for item in items if arguments.category in {None, item.category}]
    wrong = _wrong(items, front_end)
    _print_kinds(items, wrong)
    began = time.process_time()
    for item in items:
        front_end(item.text, item.language)
    per_item_ms = (time.process_time() - began) / max(len(items), 1) * 1000
    print(f"ready after {ready_s:.2f} s of CPU and with {ready_mb:.0f} MB, this program's own included")
    print(f"{per_item_ms:.2f} ms an item; {_own_mb():.0f} MB at the end, with every language that was met")


def _own_mb() -> float:
    return float(psutil.Process().memory_full_info().uss) / 1e6


def _wrong(items: list[Item], front_end: FrontEnd) -> list[Item]:
    wrong = [item for item in items if not is_right(item, front_end)]
    for item in wrong:
        print(
            f"{item.id}\t{item.text}\n\texpected  {item.expected}\n\tspoken    {front_end(item.text, item.language)}"
        )
    return wrong


def _print_kinds(items: list[Item], wrong: list[Item]) -> None:
    kinds, faults = Counter(item.kind for item in items), Counter(item.kind for item in wrong)
    for kind, count in kinds.items():
        print(f"{count - faults[kind]:4} of {count:4}  {kind}")
    print(f"{len(items) - len(wrong):4} of {len(items):4}  in all")


if __name__ == "__main__":
    main()
