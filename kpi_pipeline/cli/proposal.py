"""`kpi diff --definitions DIR`: what other definitions would change in the published numbers, for who reviews them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
from rich.text import Text

from kpi_pipeline.cli.project import find_definitions, open_project
from kpi_pipeline.cli.rows import write_rows
from kpi_pipeline.cli.shown import Notes, console, number, plain_table
from kpi_pipeline.errors import counted, listed
from kpi_pipeline.kpis import MISSING
from kpi_pipeline.markdown import markdown_table, plain
from kpi_pipeline.pipeline.impact import Impact, KpiImpact
from kpi_pipeline.status import Status

Row = dict[str, Any]
SHOWN = 40
"""How many rows a table shows; all of them are in --json."""
LONGEST = 60
"""So much of a text that is said otherwise is shown."""

FAILS: dict[str, Callable[[Impact], bool]] = {
    "change": lambda impact: impact.is_change,
    "restated": lambda impact: impact.restates,
    "failure": lambda impact: impact.fails,
}
"""What the command may be asked to fail on."""


class Section(NamedTuple):
    """A table of what would be different."""

    title: str
    heads: tuple[str, ...]
    rows: list[tuple[str, ...]]


def tell_proposal(
    asked: Path, definitions: Path, *, kpi: tuple[str, ...], form: str, fail_on: str | None, wait: float = 60
) -> int:
    """Prints what the definitions in a folder would change; 1 where that is what the command was asked to fail on."""
    loaded = open_project(asked)
    impact = _only(loaded.diff_definitions(find_definitions(definitions), wait=wait, watch=Notes()), kpi)
    if form == "csv":
        write_rows(impact.values, form)
    elif form == "json":
        print(json.dumps(_as_data(impact), indent=2, default=str, allow_nan=False))
    elif form == "markdown":
        print("\n\n".join(_markdown(impact)))
    else:
        _print(impact)
    return int(fail_on is not None and FAILS[fail_on](impact))


def _only(impact: Impact, kpis: tuple[str, ...]) -> Impact:
    """What is about some KPIs, where some were asked for."""
    if not kpis:
        return impact
    rows = impact.values.filter(pl.col("kpi").is_in(kpis))
    return replace(impact, kpis=tuple(one for one in impact.kpis if one.name in kpis), values=rows)


def _print(impact: Impact) -> None:
    out = console()
    lead, *others = _sentences(impact)
    out.print(Text(lead, style="bold"), soft_wrap=True)
    for sentence in others:
        out.print(Text(sentence), soft_wrap=True)
    for section in _sections(impact):
        table = plain_table()
        for place, head in enumerate(section.heads):
            table.add_column(head, overflow="fold", min_width=16 if place == 0 else None)
        for row in section.rows[:SHOWN]:
            table.add_row(*map(Text, row))
        out.print()
        out.print(Text(section.title, style="bold"))
        out.print(table)
        if len(section.rows) > SHOWN:
            out.print(Text(f"… and {len(section.rows) - SHOWN:,} more: --json.", style="dim"))


def _markdown(impact: Impact) -> Iterator[str]:
    lead, *others = _sentences(impact)
    yield f"### {plain(lead)}"
    yield "\n".join(f"- {plain(sentence)}" for sentence in others)
    for section in _sections(impact):
        yield f"**{section.title}**"
        yield markdown_table(section.heads, ([plain(cell) for cell in row] for row in section.rows[:SHOWN]))
        if len(section.rows) > SHOWN:
            yield f"… and {len(section.rows) - SHOWN:,} more."


def _sentences(impact: Impact) -> Iterator[str]:
    """What would change in a few sentences, the most important one first."""
    total = len(impact.kpis) + impact.same
    if not impact.is_change:
        yield f"Nothing that is published would change: {counted(total, 'KPI')} as they are."
    elif not impact.kpis:
        yield f"No KPI would change ({total:,} as they are), but other tables would."
    else:
        yield f"{counted(len(impact.kpis), 'KPI')} would change, {impact.same:,} would stay as they are."
    kinds = dict(impact.values.group_by("change").len().iter_rows())
    if kinds:
        yield (
            f"Values: {kinds.get('restated', 0):,} of complete periods said differently, "
            f"{kinds.get('went_on', 0):,} of periods in progress, {kinds.get('new', 0):,} new, "
            f"{kinds.get('removed', 0):,} no longer published."
        )
    for asset, why in sorted(impact.blocked.items()):
        yield f"{asset} could not be computed and would stay as it is: {why}"
    if impact.read_again:
        yield f"Read anew, as it is defined otherwise: {listed(impact.read_again)}; rows that came since are in."
    yield (
        f"Compared with run {impact.run_id} ({impact.published_at:%Y-%m-%d %H:%M %Z}), on the rows it had. "
        f"{counted(impact.computed, 'KPI')} computed in {impact.seconds:.0f} s; nothing was published."
    )


def _sections(impact: Impact) -> Iterator[Section]:
    """The tables of what would be different; none that would be empty."""
    found = (
        Section("KPIs", ("KPI", "What", "Numbers", "Largest change", "Last complete period"), [*_kpis(impact)]),
        Section("Said otherwise", ("KPI or goal", "Of it", "Before", "After"), [*_words(impact)]),
        Section("Scores of goals", ("Goal", "Periods", "Latest", "Score", "Status"), [*_scores(impact)]),
        Section("Metrics that no KPI watches", ("Metric", "What", "Numbers", "Latest"), [*_metrics(impact)]),
        Section("Leading or lagging", ("KPI", "To", "Before", "After"), [*_indicators(impact)]),
        Section("Claims", ("Leader", "Follower", "Segment", "Before", "After"), [*_claims(impact)]),
        Section("Checks", ("On", "Check", "Before", "After", "Found"), [*_checks(impact)]),
        Section("`kpi check` says", ("About", "", "What"), [*_findings(impact)]),
    )
    return (section for section in found if section.rows)


def _kpis(impact: Impact) -> Iterator[tuple[str, ...]]:
    for one in impact.kpis:
        numbers = f"{one.values:,} of {one.of_values:,}" if one.values else MISSING
        yield one.label, _what(one), numbers, _largest(one), _latest(one)


def _what(one: KpiImpact) -> str:
    """What happens to a KPI, in a few words."""
    words = []
    if one.change == "renamed":
        words.append(f"was {one.formerly}")
    elif one.change != "changed":
        words.append(one.change)
    if one.targets:
        words.append(counted(one.targets, "other target"))
    if one.statuses:
        words.append(f"{one.statuses:,} other status{'es' if one.statuses != 1 else ''}")
    if one.change != "added" and one.new:
        words.append(f"{one.new:,} new values")
    if one.removed:
        words.append(f"{one.removed:,} values gone")
    words += [name.replace("_", " ") for name, _, _ in one.fields]
    if one.redefined and not one.restates and not one.new:
        words.append("defined otherwise, to the same effect")
    return "blocked" if one.blocked else ", ".join(words)


def _largest(one: KpiImpact) -> str:
    row = one.largest
    if row is None:
        return MISSING
    segment = "" if row["segment"] == "all" else f" {row['segment']}"
    share = "" if row["difference_pct"] is None else f" ({row['difference_pct'] * 100:+.1f} %)"
    return f"{row['period_label']}{segment}: {_from_to(one, row, 'value')}{share}"


def _latest(one: KpiImpact) -> str:
    row = one.latest
    if row is None:
        return MISSING
    if one.change in ("added", "removed"):
        end = "to" if one.change == "added" else "from"
        value = number(row.get(f"{end}_value"), one.unit, one.currency)
        return f"{row.get(f'{end}_period_label') or MISSING}: {value}, {_status(row.get(f'{end}_status'))}"
    labels = " → ".join(dict.fromkeys(row[key] for key in ("from_period_label", "to_period_label") if row.get(key)))
    target = f", target {_from_to(one, row, 'target')}" if row.get("from_target") != row.get("to_target") else ""
    statuses = dict.fromkeys(_status(row.get(f"{end}_status")) for end in ("from", "to"))
    return f"{labels}: {_from_to(one, row, 'value')}{target}, {' → '.join(statuses)}"


def _from_to(one: KpiImpact, row: Row, name: str) -> str:
    was, now = row.get(f"from_{name}"), row.get(f"to_{name}")
    written = [number(value, one.unit, one.currency, beside=other) for value, other in ((was, now), (now, was))]
    return written[0] if was == now else " → ".join(written)


def _status(status: str | None) -> str:
    return Status(status).words if status else MISSING


def _words(impact: Impact) -> Iterator[tuple[str, ...]]:
    for one in impact.kpis:
        for name, was, now in one.fields:
            yield one.label, name.replace("_", " "), _short(was), _short(now)
    for row in impact.goals.iter_rows(named=True):
        if row["change"] != "changed":
            yield row["goal"], row["change"], *(_short(row[f"{end}_label"]) for end in ("from", "to"))
            continue
        for name in (key.removeprefix("from_") for key in row if key.startswith("from_")):
            if row[f"from_{name}"] != row[f"to_{name}"]:
                yield row["goal"], name.replace("_", " "), _short(row[f"from_{name}"]), _short(row[f"to_{name}"])


def _short(text: object) -> str:
    whole = MISSING if text is None else str(text)
    return whole if len(whole) <= LONGEST else f"{whole[: LONGEST - 1]}…"


def _scores(impact: Impact) -> Iterator[tuple[str, ...]]:
    """A line a goal and grain: how many periods would differ, and the latest of them."""
    for rows in impact.scores.partition_by("goal", "grain", maintain_order=True):
        row = rows.row(-1, named=True)
        scores = [MISSING if row[key] is None else f"{row[key]:.3f}" for key in ("from_score", "to_score")]
        statuses = dict.fromkeys(_status(row[key]) for key in ("from_status", "to_status"))
        label = row["to_period_label"] or row["from_period_label"]
        yield row["goal"], f"{rows.height:,} by {row['grain']}", label, " → ".join(scores), " → ".join(statuses)


def _metrics(impact: Impact) -> Iterator[tuple[str, ...]]:
    for row in impact.metrics.filter(~pl.col("watched")).iter_rows(named=True):
        numbers = [(row["values"], "other"), (row["new"], "new"), (row["removed"], "gone")]
        told = ", ".join(f"{many:,} {word}" for many, word in numbers if many) or MISSING
        unit, latest = row["to_unit"] or row["from_unit"] or "number", row["latest"]
        values = (
            f"{latest['period_label']}: {' → '.join(number(latest[end], unit, None) for end in ('from', 'to'))}"
            if latest
            else MISSING
        )
        yield row["metric"], row["change"], told, values


def _indicators(impact: Impact) -> Iterator[tuple[str, ...]]:
    for row in impact.indicators.iter_rows(named=True):
        yield row["kpi"], row["viewpoint"], row["from_indicator"] or MISSING, row["to_indicator"] or MISSING


def _claims(impact: Impact) -> Iterator[tuple[str, ...]]:
    for row in impact.evidence.iter_rows(named=True):
        told = [_claim(row, end) for end in ("from", "to")]
        yield row["kpi"], row["leads_kpi"], row["segment"], *told


def _claim(row: Row, end: str) -> str:
    if row["change"] == ("added" if end == "from" else "removed"):
        return MISSING
    lag = row[f"{end}_measured_lag"]
    return f"{row[f'{end}_verdict'] or 'not tested'}{'' if lag is None else f', lag {lag}'}"


def _checks(impact: Impact) -> Iterator[tuple[str, ...]]:
    words = {True: "passes", False: "fails", None: MISSING}
    for row in impact.checks.iter_rows(named=True):
        observed = " ".join((row["to_observed"] or row["from_observed"] or "").split())
        yield row["asset"], row["check_name"], words[row["from_passed"]], words[row["to_passed"]], observed


def _findings(impact: Impact) -> Iterator[tuple[str, ...]]:
    for row in impact.findings.iter_rows(named=True):
        yield row["subject"], "no longer" if row["change"] == "removed" else "now", f"{row['rule']}: {row['message']}"


def _as_data(impact: Impact) -> Row:
    """All of it as JSON has it."""
    return {one.name: _plain_data(getattr(impact, one.name)) for one in fields(impact)}


def _plain_data(value: object) -> object:
    if isinstance(value, pl.DataFrame):
        return value.to_dicts()
    if isinstance(value, KpiImpact):
        return {one.name: _plain_data(getattr(value, one.name)) for one in fields(value)}
    return [_plain_data(one) for one in value] if isinstance(value, tuple) else value
