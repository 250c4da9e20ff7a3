"""Why KPIs changed: in every run for their latest complete periods, and asked for any two periods and dimensions."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

import polars as pl

from kpi_pipeline.calendar import Calendar
from kpi_pipeline.compile import compile_project, compile_query
from kpi_pipeline.derive import Partials, derive
from kpi_pipeline.errors import QueryError
from kpi_pipeline.find_kpi import find_kpi
from kpi_pipeline.ingest import source_states
from kpi_pipeline.judge.why import SCHEMA, Between, Days, concentration, drivers
from kpi_pipeline.kpis import Kpi
from kpi_pipeline.names import COHORT_AGE
from kpi_pipeline.periods import Grain, Window, first_day_named, hour_named
from kpi_pipeline.pipeline import ask
from kpi_pipeline.pipeline.context import Context
from kpi_pipeline.pipeline.coverage import by_calendar, calendar_for, coverage_of
from kpi_pipeline.plan import Coverage, Derivation, Plan, Series, SeriesKey, by_key
from kpi_pipeline.plan.parts import DAYS, makeup, parts_of
from kpi_pipeline.project import Project
from kpi_pipeline.segments import breakdown_name
from kpi_pipeline.why import AGAINST, Against, Why

Results = Mapping[SeriesKey, pl.DataFrame]
Start = date | datetime


@dataclass(frozen=True)
class Parts:
    """What has to be derived beside the KPIs' own values so that their changes can be told."""

    series: tuple[Series, ...]
    derivations: Mapping[str, Derivation]
    coverage: Mapping[str, Coverage]


def parts_wanted(
    project: Project,
    kpis: Collection[str],
    wanted: Sequence[Series],
    derived: Mapping[str, Derivation],
    coverage: Mapping[str, Coverage],
) -> Parts:
    """The parts of the metrics that KPIs watch, at their grains and breakdowns."""
    series: dict[Series, None] = {}
    derivations: dict[str, Derivation] = {}
    covered: dict[str, Coverage] = {}
    for name in sorted(kpis):
        kpi = project.kpis[name]
        whole = derived.get(kpi.metric)
        if whole is None or kpi.metric not in coverage:
            continue
        for one in _own_series(kpi, wanted):
            for part, derivation in parts_of(whole, of_total=not one.breakdown).items():
                grain = Grain.day if part == DAYS else kpi.grain
                series[replace(one, metric=derivation.metric, grain=grain, compared=part != DAYS)] = None
                derivations[derivation.metric] = derivation
                covered[derivation.metric] = coverage[kpi.metric]
    return Parts(tuple(series), derivations, covered)


def derived_with_parts(
    project: Project,
    kpis: Collection[str],
    series: Sequence[Series],
    derivations: Mapping[str, Derivation],
    partials: Partials,
    calendar: Calendar,
    coverage: Mapping[str, Coverage],
) -> tuple[dict[Series, pl.DataFrame], dict[Series, pl.DataFrame]]:
    """The series derived, and beside them what tells the changes of KPIs."""
    parts = parts_wanted(project, kpis, series, derivations, coverage)
    found = derive(
        (*series, *parts.series),
        {**derivations, **parts.derivations},
        partials,
        calendar,
        {**coverage, **parts.coverage},
        dense=True,
    )
    made_of = {one: frame for one, frame in found.items() if one.metric in parts.derivations}
    return {one: frame for one, frame in found.items() if one not in made_of}, made_of


def kpi_drivers(
    project: Project,
    kpis: Collection[str],
    derivations: Mapping[str, Derivation],
    results: Mapping[Series, pl.DataFrame],
    calendar: Calendar,
) -> pl.DataFrame:
    """Every KPI's latest complete period against the one before and a year ago: the columns of `kpi_driver`."""
    names: dict[str, pl.DataType] = dict.fromkeys(("kpi", "grain", "against", "against_label"), pl.String())
    found = [pl.DataFrame(schema=pl.Schema({**names, **_PERIOD, **SCHEMA}))]
    frames = by_key(results)
    for name in sorted(kpis):
        kpi = project.kpis[name]
        total = frames.get((kpi.metric, kpi.grain, ()))
        latest = None if total is None else _latest(total)
        if latest is None or kpi.metric not in derivations:
            continue
        made = makeup(derivations[kpi.metric].node)
        for against in AGAINST:
            between = _between(kpi, latest, against, calendar)
            if between is None:
                continue
            days = _whole_days(between, calendar)
            rows = drivers(between, made, _breakdowns(kpi), frames, calendar, days)
            if rows.height:
                said = rows.with_columns(
                    kpi=pl.lit(name),
                    grain=pl.lit(kpi.grain.value),
                    against=pl.lit(against),
                    against_label=pl.lit(_label(calendar, kpi.grain, between.earlier)),
                    period_start=pl.lit(latest),
                )
                found.append(calendar.named(said, kpi.grain).select(found[0].columns))
    return pl.concat(found)


def why(
    context: Context,
    kpi: str,
    *,
    by: Sequence[str] = (),
    against: Against | None = None,
    start: str | None = None,
    end: str | None = None,
) -> Why:
    """Why a KPI changed between two periods.

    Args:
        context: the project and its warehouse; nothing is written to it.
        kpi: the KPI's name.
        by: dimensions, each a table of its own; two together, as in `country,channel`, are one table. By default the
            KPI's breakdowns.
        against: the period before (previous) or the same one a year before (year_ago); previous by default.
        start: the earlier period instead, named by a date, month, quarter, week or year that it lies in.
        end: the later one; by default the latest that is complete.

    Raises:
        QueryError: something asked for is not defined, or there are no such periods.
        DataError: nothing was loaded yet.
    """
    project = context.project
    asked = _asked(project, kpi, by)
    if start and against:
        raise QueryError("'from' and 'against' both name the earlier period.\nHint: leave one of them out.")
    if against is not None and against not in AGAINST:
        raise QueryError(f"'{against}' is no period to compare with.\nHint: use 'previous' or 'year_ago'.")
    only = replace(
        project,
        kpis={kpi: asked},
        settings=project.settings.model_copy(
            update={"publish": project.settings.publish.model_copy(update={"grains": ()})}
        ),
        links=(),
    )
    plan = compile_project(only, kpis=[kpi], metrics=[])
    partials = ask.partial_results(context, plan)
    states = by_calendar(project, source_states(context.warehouse), context.warehouse)
    coverage = coverage_of(plan.derivations, partials, states, context.today)
    calendar = calendar_for(project, coverage, context.now.date(), context.warehouse)
    values, made_of = derived_with_parts(only, [kpi], plan.series, plan.derivations, partials, calendar, coverage)
    return _explained(
        asked, plan, by_key({**values, **made_of}), calendar, coverage, against or "previous", start, end, project
    )


def _explained(
    kpi: Kpi,
    plan: Plan,
    results: Results,
    calendar: Calendar,
    coverage: Mapping[str, Coverage],
    against: Against,
    start: str | None,
    end: str | None,
    project: Project,
) -> Why:
    total = results.get((kpi.metric, kpi.grain, ()))
    if total is None or total.is_empty():
        raise QueryError(f"KPI '{kpi.name}' has no values.\nHint: `kpi run` computes them, where there is data.")
    later = _period_named("to", end, kpi, total, calendar) if end else _latest(total)
    if later is None:
        raise QueryError(
            f"No period of KPI '{kpi.name}' is complete and has a value.\nHint: name the later period with --to."
        )
    between = _between_named(kpi, later, start, against, total, calendar)
    node = plan.derivations[kpi.metric].node
    made = makeup(node)
    now = total.filter(pl.col("period_start") == later)
    is_complete = bool(now.get_column("is_complete").item())
    days = _days(between, is_complete, coverage[kpi.metric], calendar)
    rows = drivers(between, made, _breakdowns(kpi), results, calendar, days)
    before = _value(total, between.earlier) if between.column is None else now.get_column(between.column).item()
    metric = project.metrics[kpi.metric]
    ranking = tuple(concentration(rows))
    return Why(
        kpi.name,
        kpi.title,
        metric.unit,
        project.settings.currency,
        _label(calendar, kpi.grain, between.earlier),
        _label(calendar, kpi.grain, later),
        before,
        now.get_column("value").item(),
        is_complete,
        rows,
        ranking,
        made.apart,
        tuple(_notes(kpi, between, rows, is_complete=is_complete, ratio=bool(made.ratio), formula=bool(made.formula))),
    )


def _notes(
    kpi: Kpi, between: Between, rows: pl.DataFrame, *, is_complete: bool, ratio: bool, formula: bool
) -> Iterator[str]:
    """What a reader must know beside the numbers."""
    if not is_complete and between.column:
        yield "The later period is still in progress: it is compared with the same elapsed days of the earlier one."
    elif not is_complete:
        yield "The later period is still in progress, and it is compared with the whole of the earlier one."
    if rows.is_empty():
        return
    there = set(rows.get_column("breakdown"))
    if formula and not rows.filter(pl.col("effect") == "input").height:
        yield "The formula has no value while only some of its inputs have changed, so they cannot be told apart."
    if ratio and (missing := sorted({breakdown_name(one) for one in _breakdowns(kpi)} - there)):
        yield (
            f"The total has no denominator in one of the periods, so nothing is told by {', '.join(missing)}: "
            "shares of nothing cannot be compared."
        )
    if not _breakdowns(kpi):
        yield "The KPI has no breakdown into parts; name a dimension with --by to see segments."


def _asked(project: Project, name: str, by: Sequence[str]) -> Kpi:
    """The KPI with the breakdowns that are asked for."""
    kpi = find_kpi(project, name, of_metrics="name a KPI that watches it")
    if not by:
        return kpi
    wanted = [tuple(one.strip() for one in text.split(",") if one.strip()) for text in by]
    if any(COHORT_AGE in breakdown for breakdown in wanted):
        raise QueryError(
            f"Nothing can be told by '{COHORT_AGE}': each age is a number of the whole cohort, no part of another.\n"
            f"Hint: `kpi query {kpi.metric} --grain {kpi.grain} --pivot {COHORT_AGE}` shows the ages side by side."
        )
    for breakdown in wanted:
        compile_query(project, [kpi.metric], by=breakdown, grain=kpi.grain, where=None)
    return kpi.model_copy(update={"breakdowns": ((), *wanted)})


def _own_series(kpi: Kpi, series: Sequence[Series]) -> Iterator[Series]:
    """The series of the KPI's values that its change is told by."""
    wanted = {(), *_breakdowns(kpi)}
    for one in series:
        if one.metric == kpi.metric and one.grain is kpi.grain and one.breakdown in wanted:
            yield one


def _breakdowns(kpi: Kpi) -> tuple[tuple[str, ...], ...]:
    """Those whose segments are parts of the whole; each age of a cohort is a number of all of its members."""
    return tuple(one for one in kpi.told_apart_by if one and COHORT_AGE not in one)


def _latest(total: pl.DataFrame) -> Start | None:
    """The latest complete period that has a value."""
    known = total.filter(pl.col("is_complete") & pl.col("value").is_not_null()).get_column("period_start").to_list()
    return max(known, default=None)


def _between(kpi: Kpi, later: Start, against: Against, calendar: Calendar) -> Between | None:
    """A period and the one before it or a year before; None where the calendar has none."""
    back = Window(1, kpi.grain) if against == "previous" else Window(1, Grain.year)
    moved = calendar.earlier(kpi.grain, back).filter(pl.col("period_start") == later).get_column("source_start")
    if moved.is_empty() or moved.item() is None:
        return None
    return Between(kpi.metric, kpi.grain, moved.item(), later, f"{against}_value")


def _between_named(
    kpi: Kpi, later: Start, start: str | None, against: Against, total: pl.DataFrame, calendar: Calendar
) -> Between:
    if start is None:
        if found := _between(kpi, later, against, calendar):
            return found
        raise QueryError(
            f"The calendar has no {kpi.grain} {'a year ' if against == 'year_ago' else ''}before that one.\n"
            "Hint: name the earlier period with --from."
        )
    earlier = _period_named("from", start, kpi, total, calendar)
    if earlier == later:
        raise QueryError("Both periods are the same one.\nHint: name two that differ with --from and --to.")
    return _same_spans(kpi, earlier, later, total, calendar)


def _same_spans(kpi: Kpi, earlier: Start, later: Start, total: pl.DataFrame, calendar: Calendar) -> Between:
    """The two periods; one in progress goes with the elapsed span of the earlier one where that was computed."""
    complete = total.filter(pl.col("period_start") == later).get_column("is_complete").item()
    if not complete:
        for against in AGAINST:
            found = _between(kpi, later, against, calendar)
            if found and found.earlier == earlier:
                return found
    return Between(kpi.metric, kpi.grain, earlier, later, None)


def _period_named(option: str, text: str, kpi: Kpi, total: pl.DataFrame, calendar: Calendar) -> Start:
    """The start of the KPI's period that a text names."""
    try:
        day = first_day_named(text)
    except ValueError:
        raise QueryError.no_period(option, text) from None
    starts = total.get_column("period_start")
    start: Start | None = None
    if kpi.grain is Grain.hour:
        hours = calendar.hours.filter((pl.col("day") == day) & (pl.col("hour") == (hour_named(text) or 0)))
        start = hours.get_column("period_start").to_list()[0] if hours.height else None
    elif calendar.covers(day):
        start = calendar.start_of(day, kpi.grain)
    if start is None or start not in starts:
        first, last = (_label(calendar, kpi.grain, one) for one in (starts.min(), starts.max()))
        raise QueryError(
            f"KPI '{kpi.name}' has no {kpi.grain} '{text}' ({option}).\nHint: it has those from {first} to {last}."
        )
    return start


def _days(between: Between, is_complete: bool, coverage: Coverage, calendar: Calendar) -> Days | None:
    """The last days whose windows the two values are."""
    whole = _whole_days(between, calendar)
    if is_complete or whole is None or between.column is None:
        return whole
    if between.grain is Grain.hour:
        return None
    newest = coverage.newest_day
    back = Window(1, between.grain) if between.column == "previous_value" else Window(1, Grain.year)
    later, earlier = between.later, between.earlier
    return Days(calendar.counterpart(newest, between.grain, back, later, earlier), newest)


def _whole_days(between: Between, calendar: Calendar) -> Days | None:
    if between.grain is Grain.hour:
        return None
    ends = dict(calendar.of(between.grain).select("period_start", "last_day").iter_rows())
    return Days(ends[between.earlier], ends[between.later])


def _label(calendar: Calendar, grain: Grain, start: object) -> str:
    labels = calendar.of(grain).filter(pl.col("period_start") == start).get_column("period_label")
    return str(labels.item())


def _value(total: pl.DataFrame, start: Start) -> float | None:
    value: float | None = total.filter(pl.col("period_start") == start).get_column("value").item()
    return value


_PERIOD: dict[str, pl.DataType] = {
    "period_start": pl.Date(),
    "period_end": pl.Date(),
    "last_day": pl.Date(),
    "period_label": pl.String(),
    "period_start_utc": pl.Datetime("us", "UTC"),
}
