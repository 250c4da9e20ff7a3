"""One publication, read once: what every page of the scorecard looks things up in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import groupby

import polars as pl

from kpi_pipeline.publish.scorecard.card import Around, card_of
from kpi_pipeline.publish.scorecard.findings import Findings, findings_of
from kpi_pipeline.publish.scorecard.goal_cards import in_tree_order
from kpi_pipeline.publish.scorecard.holidays import holidays_of
from kpi_pipeline.publish.scorecard.origin import Steps, steps_of
from kpi_pipeline.publish.scorecard.page import KpiCard
from kpi_pipeline.publish.scorecard.roles import leaders_of, roles_of
from kpi_pipeline.publish.scorecard.segments import SegmentName, largest_segments, segments_named
from kpi_pipeline.publish.scorecard.snapshot import Row, Snapshot, readable
from kpi_pipeline.publish.scorecard.standing import Standing, standings_of
from kpi_pipeline.publish.scorecard.wording import Numbers
from kpi_pipeline.segments import TOTAL

Groups = Mapping[str, list[Row]]


@dataclass(frozen=True)
class Book:
    """The tables by what pages ask for; of KPI values the total of each KPI by its own grain, oldest first."""

    snapshot: Snapshot
    around: Around
    kpis: Mapping[str, Row]
    goals: Mapping[str, Row]
    cards: Mapping[str, KpiCard]
    standings: Mapping[str, Standing]
    series: Groups
    parts: Groups
    segments: Mapping[str, SegmentName]
    leads: Groups
    led_by: Groups
    indicators: Groups
    reviews: Groups
    history: Groups
    refused: Groups
    drivers: Groups
    serves: Groups
    """The goals of each KPI."""
    served: Groups
    """The KPIs of each goal."""
    scores: Groups
    steps: Steps
    because: Mapping[tuple[str, str], str]
    """Why one KPI is said to lead the other."""
    holidays: tuple[tuple[date, str], ...]
    projections: Groups
    """How it is known where the periods in progress of a KPI will end."""
    findings: Findings
    """What the data says of each claim that one KPI leads another."""

    def latest(self, kpi: str) -> Row | None:
        """The KPI's latest complete period."""
        return next((row for row in reversed(self.series.get(kpi, [])) if row["is_complete"]), None)

    @cached_property
    def goals_below(self) -> Mapping[str | None, list[str]]:
        """The goals below each goal, in the order of their tree; those that stand at the top are below None."""
        found: dict[str | None, list[str]] = {}
        for row in in_tree_order(list(self.goals.values())):
            found.setdefault(row["parent_goal"] if row["parent_goal"] in self.goals else None, []).append(row["goal"])
        return found

    @cached_property
    def goal_titles(self) -> Mapping[str, str]:
        """Goals by the words people use for them."""
        return {name: row["label"] or readable(name) for name, row in self.goals.items()}


def book_of(tables: Mapping[str, pl.DataFrame]) -> Book:
    """The book of the published tables."""
    snapshot = Snapshot(tables)
    around = Around(snapshot.titles("team"), snapshot.titles("person"), snapshot.titles("kpi"))
    kpis = {row["kpi"]: row for row in snapshot.rows("kpi", "label", "kpi")}
    named = segments_named(snapshot.rows("segment", "segment", "dimension"))
    series, parts, latest = _values(snapshot)
    indicators = snapshot.by("kpi", "kpi_indicator", "kpi", "viewpoint")
    led_by = of_the_total(snapshot.by("leads_kpi", "kpi_evidence", "kpi", "leads_kpi"))
    cards = {
        name: card_of(
            row,
            series.get(name, []),
            around=around,
            roles=roles_of(indicators.get(name, []), around.teams, around.kpis),
            led_by=leaders_of(name, led_by.get(name, []), around.kpis),
            segments=largest_segments(latest.get(name, []), named, Numbers.of(row)),
        )
        for name, row in kpis.items()
    }
    scores = snapshot.by("goal", "goal_score", "period_start")
    return Book(
        snapshot=snapshot,
        around=around,
        kpis=kpis,
        goals={row["goal"]: row for row in snapshot.rows("goal", "label", "goal")},
        cards=cards,
        standings=standings_of(scores),
        series=series,
        parts=parts,
        segments=named,
        leads=of_the_total(snapshot.by("kpi", "kpi_evidence", "kpi", "leads_kpi")),
        led_by=led_by,
        indicators=indicators,
        reviews=snapshot.by("kpi", "review", "kpi", "reviewed_at"),
        history=snapshot.by("kpi", "kpi_value_history"),
        refused=snapshot.by("kpi", "kpi_refused"),
        drivers=snapshot.by("kpi", "kpi_driver", "kpi", "against", "breakdown", "segment", "effect", "input"),
        serves=snapshot.by("kpi", "kpi_goal", "kpi", "goal"),
        served=snapshot.by("goal", "kpi_goal", "goal", "kpi"),
        scores=scores,
        steps=steps_of(
            snapshot.rows("lineage", "downstream", "upstream", "column_name"),
            snapshot.by("asset", "check_result", "asset", "check_name"),
        ),
        because={(row["kpi"], row["leads_kpi"]): row["because"] or "" for row in snapshot.rows("strategy_link")},
        holidays=holidays_of(snapshot.rows("calendar")),
        projections=of_the_total(snapshot.by("kpi", "kpi_projection", "kpi", "period_start_utc")),
        findings=findings_of(snapshot),
    )


def of_the_total(groups: Groups) -> Groups:
    """The rows that are of no segment."""
    return {name: [row for row in rows if row["segment"] == TOTAL] for name, rows in groups.items()}


def _values(snapshot: Snapshot) -> tuple[Groups, Groups, Groups]:
    """Each KPI's series of the total at its own grain, its segments, and these in the latest complete period."""
    own = snapshot.frame("kpi_value").join(snapshot.frame("kpi").select("kpi", "grain"), on=["kpi", "grain"])
    total = own.filter(pl.col("segment") == TOTAL).sort("kpi", "period_start_utc")
    latest = total.filter(pl.col("is_complete")).group_by("kpi").agg(pl.col("period_start_utc").max())
    parts = own.filter(pl.col("segment") != TOTAL).sort("kpi", "segment", "period_start_utc")
    now = parts.join(latest, on=["kpi", "period_start_utc"]).sort("kpi", "segment")
    return _by_kpi(total.to_dicts()), _by_kpi(parts.to_dicts()), _by_kpi(now.to_dicts())


def _by_kpi(rows: Iterable[Row]) -> dict[str, list[Row]]:
    return {name: list(of_kpi) for name, of_kpi in groupby(rows, key=lambda row: str(row["kpi"]))}
