"""Single names and statements, each with the rule that should speak of it, and what the rules say."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

from kpi_pipeline.load.rules.activity import asks_for_work, is_activity
from kpi_pipeline.load.rules.language import words_of
from kpi_pipeline.load.rules.vague_words import vague_in_name, vague_in_statement

FILE = Path(__file__).parent / "phrases.yaml"


@dataclass(frozen=True)
class Phrase:
    """A KPI's name or a goal's statement; `known` is what the rules are known to say of it, right or wrong."""

    text: str
    is_name: bool
    expects: str | None
    known: str | None

    @property
    def told(self) -> str | None:
        """The code of the rule that speaks of it; activity goes before vagueness."""
        words = words_of(self.text)
        if is_activity(words) if self.is_name else asks_for_work(words):
            return "A"
        return "W" if (vague_in_name if self.is_name else vague_in_statement)(self.text) else None


def phrases() -> tuple[Phrase, ...]:
    """All of them."""
    read = YAML(typ="safe", pure=True).load(FILE)
    return tuple(
        _phrase(one if isinstance(one, dict) else {"text": one}, is_name=kind == "kpis")
        for kind, several in read.items()
        for one in several
    )


def _phrase(one: dict[str, str], *, is_name: bool) -> Phrase:
    expects = one.get("expects")
    known = None if "missed" in one else one.get("wrongly", expects)
    return Phrase(str(one["text"]), is_name, expects, known)
