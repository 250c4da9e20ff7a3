"""How often each rule was right: bad sets it caught and missed, and sets of which it said what is not so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tests.lint_corpus.sets import Case

Result = tuple[Case, frozenset[str]]


@dataclass(frozen=True)
class Line:
    """A rule's results; `good` counts the sets it should say nothing of."""

    code: str
    caught: int
    missed: int
    wrongly: int
    good: int


def reported(results: Sequence[Result]) -> tuple[Line, ...]:
    """A line a rule that a set of the corpus is about, or that said something it should not have said."""
    codes = sorted(
        {case.expects for case, _ in results if case.expects} | {code for _, found in results for code in found}
    )
    return tuple(
        Line(
            code,
            caught=sum(case.expects == code and code in found for case, found in results),
            missed=sum(case.expects == code and code not in found for case, found in results),
            wrongly=sum(case.expects != code and code in found for case, found in results),
            good=sum(case.expects != code for case, _ in results),
        )
        for code in codes
    )


def table(lines: Iterable[Line]) -> str:
    """The lines as a table of Markdown, with their sums."""
    lines = tuple(lines)
    rows = [f"| {one.code} | {one.caught} | {one.missed} | {one.wrongly} |" for one in lines]
    sums = [sum(getattr(one, name) for one in lines) for name in ("caught", "missed", "wrongly")]
    return "\n".join([
        "| rule | caught | missed | wrongly flagged |",
        "| --- | --- | --- | --- |",
        *rows,
        f"| all | {sums[0]} | {sums[1]} | {sums[2]} |",
    ])  # fmt: skip


def wrong(results: Iterable[Result]) -> Iterator[str]:
    """A line for each set of which something else was said than should have been."""
    for case, found in results:
        if found != ({case.expects} if case.expects else set()):
            yield f"{case.company}/{case.name}: {case.expects or 'nothing'} was expected, told: {', '.join(sorted(found)) or 'nothing'}"
