"""What whoever reads on has to know of the text before: it goes to the gateway as a string, and comes back."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Self

from inference.text.marks import State


@dataclass(frozen=True)
class Context:
    """Of a place in a text."""

    is_wrapped: bool | None = None
    """Whether lines are only wrapped in the paragraph in whose middle it is; None at the start of one."""

    is_thought: bool = False
    """It is inside what a model writes for itself."""

    grown: int = 0
    """Characters that words of one's own have added, beyond what is usual."""

    marks: State = State()  # noqa: RUF009 - immutable

    @classmethod
    def read(cls, written: str) -> Self:
        """Undo `written`; nothing stands for the beginning of a text."""
        if not written:
            return cls()
        fields = json.loads(written)
        marks = fields.pop("marks")
        return cls(**fields, marks=State(tuple(map(tuple, marks.pop("open"))), **marks))

    def written(self) -> str:
        """All of it, for the way."""
        return json.dumps(asdict(self)) if self != Context() else ""
