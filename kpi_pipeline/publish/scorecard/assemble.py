"""The page from the published tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

import polars as pl

from kpi_pipeline.publish.scorecard.card import Around, card_of
from kpi_pipeline.publish.scorecard.dates import day_before, day_written, moment_written
from kpi_pipeline.publish.scorecard.goal_cards import goal_cards
from kpi_pipeline.publish.scorecard.page import FailedCheck, KpiCard, Page
from kpi_pipeline.publish.scorecard.roles import leaders_of, roles_of
from kpi_pipeline.publish.scorecard.segments import largest_segments, segments_named
from kpi_pipeline.publish.scorecard.snapshot import Row, Snapshot
from kpi_pipeline.publish.scorecard.status import STATUSES
from kpi_pipeline.publish.scorecard.wording import Numbers
from kpi_pipeline.segments import TOTAL


def page_of(
    tables: Mapping[str, pl.DataFrame],
    *,
    title: str = "Scorecard",
    attribution: Sequence[str] = (),
    published: Sequence[str] = (),
) -> Page:
    """The scorecard of one snapshot.

    Args:
        tables: the published tables by name, with the columns of the contract.
        title: what the project is called.
        attribution: whose data it is, a line each, as their licences ask.
        published: where the tables lie, for those who want to query them.
    """
    snapshot = Snapshot(tables)
    this = snapshot.rows("snapshot")[0]
    cards = {card.name: card for card in _cards(snapshot)}
    goals = goal_cards(snapshot, cards)
    shown = {card.name for goal in goals for card in goal.kpis}
    checks = snapshot.rows("check_result", "asset", "check_name")
    return Page(
        title=title,
        data_through=day_written(day_before(this["data_through"])),
        published=moment_written(this["published_at"]),
        run=_run(this["run_id"], snapshot.rows("run")),
        definition_version=this["definition_version"],
        tally=tuple((status, sum(card.status == status for card in cards.values())) for status in STATUSES),
        goals=goals,
        loose=tuple(card for card in cards.values() if card.name not in shown),
        checks=len(checks),
        failed=tuple(_failed(row) for row in checks if not row["passed"]),
        attribution=tuple(attribution),
        tables=tuple(published),
    )


def _cards(snapshot: Snapshot) -> Iterable[KpiCard]:
    kpis = snapshot.rows("kpi", "label", "kpi")
    around = Around(snapshot.titles("team"), snapshot.titles("person"), snapshot.titles("kpi"))
    indicators = snapshot.rows("kpi_indicator", "kpi", "viewpoint")
    evidence = snapshot.rows("kpi_evidence", "kpi", "leads_kpi")
    named = segments_named(snapshot.rows("segment", "segment", "dimension"))
    series, parts = _values(snapshot)
    for kpi in kpis:
        name = kpi["kpi"]
        yield card_of(
            kpi,
            series.get(name, []),
            around=around,
            roles=roles_of([row for row in indicators if row["kpi"] == name], around.teams, around.kpis),
            led_by=leaders_of(name, evidence, around.kpis),
            segments=largest_segments(parts.get(name, []), named, Numbers.of(kpi)),
        )


def _values(snapshot: Snapshot) -> tuple[dict[str, list[Row]], dict[str, list[Row]]]:
    """Each KPI's series of the total at its own grain, and its segments in the latest complete period."""
    own = snapshot.frame("kpi_value").join(snapshot.frame("kpi").select("kpi", "grain"), on=["kpi", "grain"])
    total = own.filter(pl.col("segment") == TOTAL).sort("kpi", "period_start_utc")
    latest = total.filter(pl.col("is_complete")).group_by("kpi").agg(pl.col("period_start_utc").max())
    parts = own.filter(pl.col("segment") != TOTAL).join(latest, on=["kpi", "period_start_utc"]).sort("kpi", "segment")
    return _by_kpi(total), _by_kpi(parts)


def _by_kpi(sorted_by_kpi: pl.DataFrame) -> dict[str, list[Row]]:
    rows = sorted_by_kpi.to_dicts()
    return {name: list(of_kpi) for name, of_kpi in groupby(rows, key=lambda row: str(row["kpi"]))}


def _run(run_id: str, runs: Sequence[Row]) -> str:
    """The run's name and what it went through, where the run log says it."""
    run = next((row for row in runs if row["run_id"] == run_id), {})
    counts = (("rows_read", "rows read"), ("rows_quarantined", "set aside"), ("values_computed", "values computed"))
    told = [f"{run[column]:,} {words}" for column, words in counts if run.get(column) is not None]
    return ": ".join(part for part in (run_id, ", ".join(told)) if part)


def _failed(row: Row) -> FailedCheck:
    rows = row["failing_rows"]
    observed = row["observed"] or (f"{rows:,} failing row{'' if rows == 1 else 's'}" if rows else "")
    return FailedCheck(row["asset"], row["check_name"], row["severity"] == "error", observed, row["expected"] or "")
