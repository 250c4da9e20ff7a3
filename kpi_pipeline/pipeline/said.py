"""What was said of a KPI and when, and what two publications say differently: asked of the published file."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from kpi_pipeline.errors import QueryError, did_you_mean, listed
from kpi_pipeline.find_kpi import find_kpi
from kpi_pipeline.periods import day_after_named, first_day_named
from kpi_pipeline.pipeline.values_compared import KEY, compared
from kpi_pipeline.project import Project
from kpi_pipeline.segments import TOTAL
from kpi_pipeline.store.published import Published

LATEST, PREVIOUS = "latest", "previous"


@dataclass(frozen=True)
class Publication:
    """A run whose values were the published ones from a moment on."""

    run_id: str
    published_at: datetime


@dataclass(frozen=True)
class Difference:
    """What two publications say differently, a row a value.

    `rows`: kpi, grain, period_start, period_end, period_label, period_start_utc, breakdown, segment, change (restated,
    went_on, new or removed), from_ and to_ each of value, numerator, denominator, sample_size, target, target_low,
    target_high, attainment, status and is_complete, difference, difference_pct, and reasons: why it was said
    differently, each once.
    """

    earlier: Publication
    later: Publication
    rows: pl.DataFrame

    @property
    def restated(self) -> pl.DataFrame:
        """The values of periods that were complete then, and say something else now."""
        return self.rows.filter(change="restated")


def kpi_history(project: Project, name: str, *, period: str | None = None, segment: str = TOTAL) -> pl.DataFrame:
    """Everything that was ever said of a KPI and is still kept, each period from its beginning.

    Args:
        project: the definitions.
        name: the KPI.
        period: only of the periods in this one, such as 2010-11, 2010-W47 or 2010.
        segment: the segment, such as country=France.

    Raises:
        QueryError: there is no such KPI, period or segment.
        DataError: nothing was published yet.
    """
    kpi = find_kpi(project, name, of_metrics="name a KPI that watches it")
    with Published.open(project.path(project.settings.publish.duckdb)) as published:
        rows = published.fetch(
            "SELECT * FROM kpi_value_history WHERE kpi = ? AND segment = ? "
            "ORDER BY grain, period_start_utc, recorded_at",
            [kpi.name, segment],
        )
        if rows.is_empty():
            _refuse_segment(published, kpi.name, segment)
    if period is None:
        return rows
    try:
        first, after = first_day_named(period), day_after_named(period)
    except ValueError as problem:
        raise QueryError(f"{problem}\nHint: such as 2010-11, 2010-W47, 2010-Q4 or 2010-11-28.") from problem
    found = rows.filter(pl.col("period_start") < after, pl.col("period_end") > first)
    if found.is_empty():
        spans = f"{rows['period_label'][0]} to {rows['period_label'][-1]}" if rows.height else "nothing"
        raise QueryError(f"Nothing was said of '{kpi.name}' in {period}.\nHint: its history has {spans}.")
    return found


def refused(project: Project, kpis: Collection[str] = ()) -> pl.DataFrame:
    """The values of closed periods that the data would move, with what they would be: the rows of `kpi_refused`.

    Args:
        project: the definitions.
        kpis: only of these KPIs; of all by default.

    Raises:
        QueryError: there is no such KPI.
        DataError: nothing was published yet.
    """
    names = [find_kpi(project, name, of_metrics="name a KPI that watches it").name for name in kpis]
    with Published.open(project.path(project.settings.publish.duckdb)) as published:
        return published.fetch(
            "SELECT * FROM kpi_refused WHERE len($1) = 0 OR list_contains($1, kpi) "
            "ORDER BY kpi, breakdown, segment, period_start_utc",
            [names],
        )


def _refuse_segment(published: Published, kpi: str, segment: str) -> None:
    known = published.fetch("SELECT DISTINCT segment FROM kpi_value_history WHERE kpi = ? ORDER BY 1", [kpi])
    names = known.get_column("segment").to_list()
    if names and segment not in names:
        hint = did_you_mean(segment, names) or f"there are {listed(names[:8])}."
        raise QueryError(f"KPI '{kpi}' never had a segment '{segment}'.\nHint: {hint}")


def difference(project: Project, earlier: str = PREVIOUS, later: str = LATEST) -> Difference:
    """Which values two publications say differently.

    Args:
        project: the definitions.
        earlier: a run (its id, or how that begins), a day or moment, `latest` or `previous`. Of a day, what was
            published at its end.
        later: the other one.

    Raises:
        QueryError: there is no such publication.
        DataError: nothing was published yet.
    """
    with Published.open(project.path(project.settings.publish.duckdb)) as published:
        runs = published.fetch(
            "SELECT run_id, published_at FROM run WHERE published_at IS NOT NULL ORDER BY published_at"
        )
        known = [Publication(*row) for row in runs.iter_rows()]
        ends = [_publication(project, known, one) for one in (earlier, later)]
        ends.sort(key=lambda one: one.published_at)
        rows = published.fetch(_DIFFERENCE, [one.published_at for one in ends])
    return Difference(ends[0], ends[1], rows)


def _publication(project: Project, known: list[Publication], asked: str) -> Publication:
    """The publication that a text names."""
    if not known:
        raise QueryError("It is not known when values were published.\nHint: the next `kpi run` notes it.")
    if asked in (LATEST, PREVIOUS):
        place = 1 if asked == LATEST else 2
        if len(known) < place:
            raise QueryError("There is only one publication yet.\nHint: ask again after the next `kpi run`.")
        return known[-place]
    if alike := [one for one in known if one.run_id.startswith(asked)]:
        if len(alike) > 1:
            raise QueryError(f"{len(alike)} runs begin with '{asked}'.\nHint: write more of it, or the day.")
        return alike[0]
    moment = _moment(asked, ZoneInfo(project.settings.timezone))
    if moment is None:
        runs = [one.run_id for one in known]
        hint = did_you_mean(asked, runs) or f"a run such as {runs[-1]}, a day such as 2024-03-01, latest or previous"
        raise QueryError(f"'{asked}' is no run, day or moment.\nHint: {hint}")
    before = [one for one in known if one.published_at <= moment]
    if not before:
        raise QueryError(
            f"Nothing was published by {asked}.\nHint: the first publication was on {known[0].published_at:%Y-%m-%d}."
        )
    return before[-1]


def _moment(text: str, zone: ZoneInfo) -> datetime | None:
    """A moment as it is written, or the end of a day; by the project's clock where no zone is given."""
    try:
        if len(text) <= len("2024-03-01"):
            return datetime.combine(date.fromisoformat(text) + timedelta(days=1), time(), zone) - timedelta(
                microseconds=1
            )
        found = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=zone)


def _at(moment: str) -> str:
    return (
        f"SELECT * FROM kpi_value_history WHERE recorded_at <= {moment} "
        f"AND (superseded_at IS NULL OR superseded_at > {moment}) AND reason IS DISTINCT FROM 'removed'"
    )


_DIFFERENCE = f"""
WITH found AS ({compared(_at("$1"), _at("$2"))}),
said AS (
  SELECT {", ".join(KEY)}, string_agg(DISTINCT reason, ', ' ORDER BY reason) AS reasons
  FROM kpi_value_history WHERE recorded_at > $1 AND recorded_at <= $2
  GROUP BY ALL
)
SELECT found.*, said.reasons
FROM found LEFT JOIN said ON {" AND ".join(f"said.{name} = found.{name}" for name in KEY)}
ORDER BY kpi, breakdown, segment, period_start_utc
"""
