"""`kpi status`: on one screen what is fresh, late, failing or off track; as text, JSON, or for Prometheus."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from kpi_pipeline.cli.project import open_project
from kpi_pipeline.cli.shown import console, facts_table, local_time, plain_table, size_text
from kpi_pipeline.errors import QueryError
from kpi_pipeline.kpis import MISSING
from kpi_pipeline.pipeline.health import CONCERNS, Health
from kpi_pipeline.project import Project
from kpi_pipeline.status import Status

SHOWN = 8
"""How many concerns of a kind the screen shows; all of them are in --format json."""
BAD = ("failed", "failing", "late")


def show_status(asked: Path, *, form: str, fail_on: str | None) -> int:
    """Prints how the project is doing; 1 where something of what was asked about is not as it should be."""
    kinds = _kinds(fail_on)
    loaded = open_project(asked)
    found = loaded.status()
    if form == "json":
        print(json.dumps(as_json(found), indent=2, ensure_ascii=False))
    elif form == "prometheus":
        print("\n".join(as_prometheus(found)))
    else:
        _show(console(), loaded.project, found)
    return 1 if any(found.of(kind) for kind in kinds) else 0


def _kinds(fail_on: str | None) -> Sequence[str]:
    names = [one.strip() for one in (fail_on or "").split(",") if one.strip()]
    if "any" in names:
        return tuple(CONCERNS)
    for name in names:
        if name not in CONCERNS:
            raise QueryError(f"--fail-on does not know '{name}'.\nHint: name some of any, {', '.join(CONCERNS)}.")
    return names


def as_json(found: Health) -> dict[str, Any]:
    """Everything that is known, as JSON takes it."""
    last = found.last_run or {}
    facts = {
        "project": found.project,
        "asked_at": found.asked_at,
        "running": found.running,
        "last_run": {name: last.get(name) for name in ("run_id", "status", "started_at", "finished_at", "problem")}
        if last
        else None,
        "runs_since_publication_known": found.runs_known,
        "published_at": found.published_at,
        "data_through": found.data_through,
        "nothing_changed_at": found.looked_at,
        "next_run": found.next_run,
        "kpis": found.kpis,
        "sources": found.sources,
        "bytes": found.sizes,
        "concerns": {kind: [{"about": one.about, "text": one.text} for one in found.of(kind)] for kind in CONCERNS},
    }
    return {name: _plain(value) for name, value in facts.items()}


def as_prometheus(found: Health) -> Iterator[str]:
    """The numbers in Prometheus' text format, for a textfile collector or a cron job that pushes them."""

    def gauge(name: str, meaning: str, values: Sequence[tuple[str, float]]) -> Iterator[str]:
        if values:
            yield f"# HELP kpi_{name} {meaning}"
            yield f"# TYPE kpi_{name} gauge"
            yield from (f"kpi_{name}{{{labels}}} {value:.15g}" for labels, value in values)

    project = f'project="{found.project}"'
    yield from gauge(
        "concerns",
        "What is not as it should be, by kind",
        [(f'{project},kind="{kind}"', len(found.of(kind))) for kind in CONCERNS],
    )
    yield from gauge("running", "Whether a run is at work", [(project, float(bool(found.running)))])
    for name, meaning, moment in (
        ("published_timestamp_seconds", "When the tables were published last", found.published_at),
        ("unchanged_timestamp_seconds", "When a run last found that nothing had changed", found.looked_at),
        ("next_run_timestamp_seconds", "When the schedule is due next", found.next_run),
    ):
        yield from gauge(name, meaning, [(project, moment.timestamp())] if moment else [])
    yield from gauge(
        "kpis", "KPIs by the status of their latest complete period",
        [(f'{project},status="{status}"', number) for status, number in sorted(found.kpis.items())],
    )  # fmt: skip
    for name, column, meaning in (
        ("source_rows", "row_count", "Rows of each source"),
        ("source_rows_quarantined", "rows_quarantined", "Rows of each source that did not fit"),
    ):
        values = [
            (f'{project},source="{row["source"]}"', row[column]) for row in found.sources if row[column] is not None
        ]
        yield from gauge(name, meaning, values)
    yield from gauge("bytes", "Sizes", [(f'{project},what="{what}"', size) for what, size in found.sizes.items()])
    yield from gauge(
        "stage_seconds", "How long the stages of the last run took",
        [(f'{project},stage="{row["stage"]}"', row["seconds"]) for row in found.stages],
    )  # fmt: skip
    yield from gauge(
        "stage_peak_megabytes", "The most memory held until the end of each stage",
        [(f'{project},stage="{row["stage"]}"', row["peak_mb"]) for row in found.stages],
    )  # fmt: skip


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value.isoformat() if hasattr(value, "isoformat") else value


def _show(out: Console, project: Project, found: Health) -> None:
    local = partial(local_time, project)
    facts = facts_table()
    facts.add_row("Run", Text(_last_run(found, local)))
    published = f"{local(found.published_at)}, data through {found.data_through or MISSING}"
    facts.add_row("Published", published if found.published_at else "nothing yet: `kpi run` publishes")
    facts.add_row("Next run", local(found.next_run) if found.next_run else "no schedule")
    statuses = [f"{found.kpis[one]} {one.words}" for one in Status if found.kpis.get(one)]
    facts.add_row("KPIs", ", ".join(statuses) or MISSING)
    facts.add_row("Size", ", ".join(f"{name} {size_text(size)}" for name, size in found.sizes.items()))
    out.print(Text(project.settings.title, style="bold"))
    out.print(facts)
    if found.sources:
        out.print()
        out.print(_sources(found, local))
    for kind, meaning in CONCERNS.items():
        ones = found.of(kind)
        if not ones:
            continue
        out.print()
        out.print(
            Text(f"{meaning[:1].upper()}{meaning[1:]}: {len(ones)}", style="bold red" if kind in BAD else "bold yellow")
        )
        for one in ones[:SHOWN]:
            out.print(Text(f"  {one.about}  {one.text}"), soft_wrap=True)
        if len(ones) > SHOWN:
            out.print(Text(f"  … and {len(ones) - SHOWN:,} more: --format json", style="dim"))
    if not found.concerns:
        out.print(Text("\nEverything is as it should be.", style="green"))


def _last_run(found: Health, local: Callable[[datetime | None], str]) -> str:
    if found.running:
        held = found.running
        since = f" since {local(datetime.fromisoformat(held['since']))}" if "since" in held else ""
        process = f", process {held['pid']}" if "pid" in held else ""
        return f"at work{since}: {held['holder']}{process}"
    last = found.last_run
    if last is None:
        return "none yet"
    took = sum(one["seconds"] or 0 for one in found.stages)
    long = f", took {took:.1f} s" if took else ""
    looked = f"; nothing had changed at {local(found.looked_at)}" if found.looked_at else ""
    return f"{last['status']}, began on {local(last['started_at'])}{long} ({last['run_id']}){looked}"


def _sources(found: Health, local: Callable[[datetime | None], str]) -> Table:
    table = plain_table()
    for name in ("Source", "Newest row", "Changed"):
        table.add_column(name, no_wrap=name != "Source", overflow="fold")
    for name in ("Rows", "Quarantined"):
        table.add_column(name, justify="right")
    late = {one.about for one in found.of("late")}
    for row in found.sources:
        style = "red" if f"raw/{row['source']}" in late else ""
        cells = (row["source"], str(row["newest_day"] or MISSING), local(row["loaded_at"]))
        rows = (
            f"{row['row_count']:,}" if row["row_count"] is not None else MISSING,
            f"{row['rows_quarantined'] or 0:,}",
        )
        table.add_row(*(Text(cell, style=style) for cell in (*cells, *rows)))
    return table
