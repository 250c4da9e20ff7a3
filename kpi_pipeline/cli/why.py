"""`kpi why KPI`: what made a KPI change from one period to another."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl
from rich.console import Console
from rich.table import Table
from rich.text import Text

from kpi_pipeline.cli.project import open_project
from kpi_pipeline.cli.shown import Notes, console, plain_table
from kpi_pipeline.errors import counted
from kpi_pipeline.kpis import MISSING
from kpi_pipeline.segments import TOTAL
from kpi_pipeline.why import AGAINST, Against, Why, shown_segment

BAR = 12
"""How wide the longest bar is, to either side."""
SHOWN = 12
"""How many segments a table shows; the others are told together."""
WORDS = {
    "numerator": "numerator",
    "denominator": "denominator",
    "entered": "days that entered the window",
    "left": "days that left the window",
}


def explain_change(
    asked: Path,
    kpi: str,
    *,
    by: Sequence[str],
    against: str | None,
    start: str | None,
    end: str | None,
    as_json: bool,
    wait: float,
) -> None:
    """Prints why a KPI changed: a sentence, then a table of what the total is made of and one a breakdown."""
    meant: Against | None = next((one for one in AGAINST if one == against), None)
    found = open_project(asked).why(kpi, by=by, against=meant, start=start, end=end, wait=wait, watch=Notes())
    if as_json:
        print(json.dumps(as_plain(found), ensure_ascii=False, indent=2))
        return
    out = console()
    out.print(Text(found.sentence, style="bold"))
    for note in found.notes:
        out.print(Text(note, style="yellow"))
    if TOTAL in found.rows.get_column("breakdown"):
        _total(out, found)
    for breakdown, share in found.ranking:
        _segments(out, found, breakdown, share)


def as_plain(found: Why) -> dict[str, object]:
    """Everything that was found, as JSON has it."""
    return {
        "kpi": found.kpi,
        "sentence": found.sentence,
        "from": found.earlier,
        "to": found.later,
        "from_value": found.before,
        "to_value": found.now,
        "change": found.change,
        "is_complete": found.is_complete,
        "notes": list(found.notes),
        "ranking": [{"breakdown": name, "concentration": share} for name, share in found.ranking],
        "remainder": found.remainder_words,
        "drivers": found.rows.to_dicts(),
    }


def _total(out: Console, found: Why) -> None:
    """What the total is made of: numerator and denominator, inputs, or days that came and went."""
    rows = found.rows.filter(pl.col("breakdown") == TOTAL).to_dicts()
    table = _table("What it is made of", ("From", "To", "Contributes", "Share"))
    largest = _largest(row["contribution"] for row in rows)
    for row in rows:
        name = row["input"] or WORDS.get(row["effect"]) or found.remainder(TOTAL)
        table.add_row(
            name,
            _plain(row["from_value"]),
            _plain(row["to_value"]),
            found.difference(row["contribution"], beside=largest),
            _share(row["share_of_change"]),
            _bar(row["contribution"], largest),
        )
    _print(out, table)


def _segments(out: Console, found: Why, breakdown: str, share: float) -> None:
    """A breakdown's segments, the largest contributions first."""
    rows = found.rows.filter(pl.col("breakdown") == breakdown)
    parts = _parts(rows)
    of_ratio = "rate" in rows.get_column("effect")
    heads = ("From", "To", *(("Mix", "Rate") if of_ratio else ()), "Contributes", "Share")
    table = _table(f"By {breakdown.replace('|', ' and ')}", heads)
    told = found.by_segment(breakdown)
    largest = _largest(one for _, one in told)
    first, others = (told, []) if len(told) <= SHOWN + 1 else (told[:SHOWN], told[SHOWN:])
    for name, contribution in first:
        one = parts.get(name, {})
        table.add_row(
            shown_segment(name) if one else Text(name, style="dim"),
            found.amount(one.get("from_value")) if one else "",
            found.amount(one.get("to_value")) if one else "",
            *((found.difference(one.get(effect), beside=largest) for effect in ("mix", "rate")) if of_ratio else ()),
            found.difference(contribution, beside=largest),
            _share(one.get("share_of_change") if one else _part_of(found, contribution)),
            _bar(contribution, largest),
        )
    if others:
        together = sum(one or 0 for _, one in others)
        blank = ("",) * (4 if of_ratio else 2)
        table.add_row(
            Text(f"{counted(len(others), 'other')} together", style="dim"),
            *blank,
            found.difference(together, beside=largest),
            _share(_part_of(found, together)),
            _bar(together, largest),
        )
    _print(out, table)
    out.print(Text(f"concentration {share:.2f}: 0 is spread evenly over the segments, 1 is one of them alone", "dim"))


def _parts(rows: pl.DataFrame) -> dict[str, dict[str, float | None]]:
    """For each segment its values, its share of the change and what it contributes by effect."""
    found: dict[str, dict[str, float | None]] = {}
    for row in rows.filter(pl.col("effect") != "remainder").to_dicts():
        one = found.setdefault(row["segment"], {"from_value": row["from_value"], "to_value": row["to_value"]})
        one[row["effect"]] = row["contribution"]
        known, share = one.get("share_of_change"), row["share_of_change"]
        one["share_of_change"] = share if known is None else known + (share or 0)
    return found


def _part_of(found: Why, part: float | None) -> float | None:
    """A contribution as a share of the change, where it is a part of it."""
    return part / found.change if part is not None and found.change and found.adds_up else None


def _largest(contributions: Iterator[float | None]) -> float:
    return max((abs(one) for one in contributions if one is not None), default=0)


def _table(title: str, heads: Sequence[str]) -> Table:
    table = plain_table()
    table.add_column(title, overflow="fold")
    for one in heads:
        table.add_column(one, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    return table


def _print(out: Console, table: Table) -> None:
    out.print()
    out.print(table)


def _plain(value: float | None) -> str:
    """A part's value: parts may count something else than the KPI does, so it is written without a unit."""
    if value is None:
        return MISSING
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.4g}"


def _share(share: float | None) -> str:
    return "" if share is None else f"{round(share * 100) + 0:.0f} %"


def _bar(contribution: float | None, largest: float) -> Text:
    """A bar to the left for what pulls down, to the right for what pushes up.

    >>> str(_bar(-1, 2)), str(_bar(2, 2))
    ('      ██████│            ', '            │████████████')
    """
    size = round(BAR * abs(contribution) / largest) if contribution and largest else 0
    falls, rises = (size, 0) if (contribution or 0) < 0 else (0, size)
    bar = Text(" " * (BAR - falls))
    bar.append("█" * falls, style="red")
    bar.append("│", style="dim")
    bar.append("█" * rises, style="green")
    bar.append(" " * (BAR - rises))
    return bar
