"""`kpi evidence [KPI | LEADER FOLLOWER]`: what the data says of the claims that one KPI leads another."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from kpi_pipeline.cli.claims_told import Told, as_plain, claims_published
from kpi_pipeline.cli.correlogram import correlogram
from kpi_pipeline.cli.project import open_project
from kpi_pipeline.cli.shown import console, facts_table, plain_table
from kpi_pipeline.errors import QueryError
from kpi_pipeline.evidence_numbers import done_to_series, found_written, numbers_of
from kpi_pipeline.evidence_words import Row, lag_written, verdict_written
from kpi_pipeline.find_kpi import find_kpi
from kpi_pipeline.project import Project
from kpi_pipeline.verdict import AGAINST, Verdict
from kpi_pipeline.why import shown_segment

STYLES: Mapping[str, str] = {
    Verdict.CONFIRMED: "green", Verdict.WEAK: "yellow", Verdict.FEEDBACK: "yellow", **dict.fromkeys(AGAINST, "red"),
}  # fmt: skip


def show_evidence(asked: Path, names: Sequence[str], *, as_json: bool) -> None:
    """Prints all claims, those around one KPI, or the one that LEADER leads FOLLOWER."""
    project = open_project(asked).project
    _refuse_unknown(project, names)
    found = [one for one in claims_published(project) if _is_about(one.row, names)]
    if as_json:
        print(json.dumps([as_plain(one) for one in found], ensure_ascii=False, indent=2, default=str))
        return
    if not found:
        raise QueryError(_nothing(project, names))
    out = console()
    if not names:
        _overview(out, found)
        return
    for title, claims in _groups(project, names, found):
        if title:
            out.print(Text(title, style="bold"))
            out.print()
        for one in claims:
            _claim(out, one)


def _refuse_unknown(project: Project, names: Sequence[str]) -> None:
    if len(names) > 2:
        raise QueryError("Two KPIs at most: kpi evidence LEADER FOLLOWER.\nHint: without a name it lists all claims.")
    for name in names:
        find_kpi(project, name, of_metrics="claims are made of KPIs")


def _is_about(row: Row, names: Sequence[str]) -> bool:
    ends = (row["kpi"], row["leads_kpi"])
    return ends == tuple(names) if len(names) == 2 else all(name in ends for name in names)


def _nothing(project: Project, names: Sequence[str]) -> str:
    if len(names) == 2 and any((link.to, link.from_) == tuple(names) for link in project.links):
        return (
            f"Nobody claims that '{names[0]}' leads '{names[1]}'; the claim is the other way round.\n"
            f"Hint: kpi evidence {names[1]} {names[0]}"
        )
    claimed = {2: "Nobody claims that '{}' leads '{}'.", 1: "No claim speaks of KPI '{}'."}
    said = claimed.get(len(names), "Nobody claims yet that one KPI leads another.").format(*names)
    return (
        f"{said}\nHint: `kpi discover` lists candidates; a claim is an entry of `links:`, tested by the next `kpi run`"
    )


def _groups(project: Project, names: Sequence[str], found: Sequence[Told]) -> list[tuple[str, list[Told]]]:
    """What leads a KPI, then what it leads; a pair stands for itself."""
    if len(names) == 2:
        return [("", list(found))]
    title = project.kpis[names[0]].title
    groups = [
        (f"What is said to lead {title}", [one for one in found if one.row["leads_kpi"] == names[0]]),
        (f"What {title} is said to lead", [one for one in found if one.row["kpi"] == names[0]]),
    ]
    return [(title, claims) for title, claims in groups if claims]


def _overview(out: Console, found: Sequence[Told]) -> None:
    table = plain_table()
    for name in ("Leader", "Follower"):
        table.add_column(name, overflow="fold", min_width=14)
    for name in ("Claimed", "Verdict", "Measured"):
        table.add_column(name, no_wrap=True)
    for name in ("Error", "Data"):
        table.add_column(name, justify="right", no_wrap=True)
    for one in sorted(found, key=lambda one: (one.follower, one.leader)):
        row = one.row
        claimed = lag_written(row["expected_lag"], row["grain"])
        table.add_row(one.leader, one.follower, claimed, _verdict(row), *_found(row))
    out.print(table)
    out.print()
    out.print(
        Text(
            "Error: what knowing the leader changes of the error of a forecast. Confirmed means that the leader "
            "predicts, not that it causes.\n"
            "`kpi evidence KPI` says more; `kpi discover` lists candidates that nobody has claimed.",
            style="dim",
        )
    )


def _claim(out: Console, one: Told) -> None:
    out.print(Text.assemble((f"{one.leader} → {one.follower}", "bold"), "  ", _verdict(one.row)))
    out.print(Text(one.sentence))
    by = f" by {one.row['team']}" if one.row["team"] else ""
    out.print(Text(f"Claimed{by}: {one.because}", style="dim"))
    out.print()
    numbers = facts_table()
    for name, text in numbers_of(one.row):
        numbers.add_row(name, Text(text))
    if done := done_to_series(one.row, one.titles):
        numbers.add_row("Done to the series", Text("; ".join(done)))
    out.print(numbers)
    out.print()
    if one.lags:
        grain = one.row["grain"]
        out.print(Text(f"┃ correlation by lag in {grain}s, right of 0 the leader comes first   ┈ chance", style="dim"))
        pairs = [(row["at_lag"], row["correlation"]) for row in one.lags]
        out.print(Text.from_ansi(correlogram(pairs, one.row["band"], width=out.width)))
        out.print()
    _segments(out, one.segments)
    _history(out, one.history)


def _segments(out: Console, segments: Sequence[Row]) -> None:
    if not segments:
        return
    table = plain_table()
    for name in ("Segment", "Verdict", "Measured", "Error", "Data"):
        table.add_column(name, no_wrap=name != "Segment")
    for row in segments:
        table.add_row(shown_segment(row["segment"]), _verdict(row), *_found(row))
    out.print(table)
    out.print()


def _history(out: Console, history: Sequence[Row]) -> None:
    """How the verdict changed from run to run, where it did."""
    changes = [row for at, row in enumerate(history) if at == 0 or row["verdict"] != history[at - 1]["verdict"]]
    if len(changes) < 2:
        return
    said = (f"{row['recorded_at']:%Y-%m-%d} {verdict_written(row)}" for row in changes)
    out.print(Text(f"Over time: {' → '.join(said)}"))
    out.print()


def _found(row: Row) -> tuple[Text, str, str]:
    measured, error, data = found_written(row)
    return Text(measured, style="dim"), error, data


def _verdict(row: Row) -> Text:
    return Text(verdict_written(row), style=STYLES.get(str(row["verdict"]), "dim"))
