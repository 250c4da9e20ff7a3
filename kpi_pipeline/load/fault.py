"""What is wrong in a text of SQL, and where in the file that is."""

from __future__ import annotations

from dataclasses import dataclass

from kpi_pipeline.errors import Place


@dataclass(frozen=True)
class Fault:
    """What is wrong in a text of SQL: what, where in the text (both count from 1), and the way out."""

    message: str
    line: int = 1
    column: int = 1
    hint: str | None = None

    def place(self, value: Place | None, text: Place | None) -> Place | None:
        """The place in the file: exact where the text's own place is known, else that of the whole value."""
        if text is None:
            return value
        return Place(text.file, text.line + self.line - 1, text.column + self.column - 1)
