"""How far each metric's data goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from kpi_pipeline.calendar import Calendar, CalendarRules, build_calendar
from kpi_pipeline.derive import Partials
from kpi_pipeline.errors import DataError
from kpi_pipeline.ingest import SourceState, first_open_day, last_day_named
from kpi_pipeline.periods import Grain
from kpi_pipeline.pipeline.calendar_table import kept_calendar
from kpi_pipeline.plan import Coverage, Derivation, Executor, leaves
from kpi_pipeline.project import Project


def by_calendar(project: Project, states: Mapping[str, SourceState], executor: Executor) -> dict[str, SourceState]:
    """The states of sources whose rows name periods: they have come to the newest's end, and are complete through it.

    Whatever day of it a row names, in the project's calendar as it is.

    NOTE: a calendar kept in a table can say which days that is only when it is loaded, and any may have been changed
    since the source was.
    """
    naming = {
        name: source
        for name, source in project.sources.items()
        if source.complete_through.grain is not Grain.day and name in states
    }
    found = dict(states)
    rules = calendar_rules(project, executor) if naming else CalendarRules()
    for name, source in naming.items():
        newest = states[name].newest_day
        if newest and (rules.table is None or rules.table.span[0] <= newest <= rules.table.span[1]):
            found[name] = replace(
                states[name],
                complete_before=first_open_day(source, rules, newest),
                newest_day=last_day_named(source, rules, newest),
            )
    return found


def coverage_of(
    derivations: Mapping[str, Derivation],
    partials: Partials,
    states: Mapping[str, SourceState],
    today: date | None,
) -> dict[str, Coverage]:
    """The coverage of every metric that has any rows.

    From the first day of any model it draws on, to the newest day that all its sources have come to, and no further
    than today. A source without a cursor says nothing of its newest row: then the last day of the model counts, as in
    progress.
    """
    found = {name: _coverage(one, partials, states, today) for name, one in derivations.items()}
    return {name: one for name, one in found.items() if one}


def _coverage(
    derivation: Derivation, partials: Partials, states: Mapping[str, SourceState], today: date | None
) -> Coverage | None:
    keys = {(leaf.measure.model, leaf.measure.time) for leaf in leaves(derivation.node)}
    spans = [partials.spans[key] for key in keys if key in partials.spans]
    if not spans:
        return None
    last = max(span[1] for span in spans)
    known = [states[source] for source in derivation.sources if source in states]
    newest = min((state.newest_day or last for state in known), default=last)
    complete = min((state.complete_before or last for state in known), default=last)
    if today:
        newest = min(newest, today)
        complete = min(complete, today)
    first = min(span[0] for span in spans)
    if newest < first:
        return None
    return Coverage(first, newest, complete)


def calendar_for(project: Project, coverage: Mapping[str, Coverage], today: date, executor: Executor) -> Calendar:
    """The calendar of everything that is covered; one kept in a table must have all of its days."""
    rules = calendar_rules(project, executor)
    first = min((one.first_day for one in coverage.values()), default=today)
    last = max((one.newest_day for one in coverage.values()), default=today)
    if rules.table and coverage:
        begins, ends = rules.table.span
        if first < begins or last > ends:
            raise DataError(
                f"The calendar '{rules.table.name}' goes from {begins} to {ends}, the rows from {first} to {last}.\n"
                "Hint: give it a row for each of these days, or leave the odd rows out of the model."
            )
    return build_calendar(first, last, rules)


def calendar_rules(project: Project, executor: Executor) -> CalendarRules:
    """The rules of the project's calendar, with its days where it is kept in a table."""
    return project.settings.calendar_rules(kept_calendar(project, executor))


def data_through(coverage: Mapping[str, Coverage]) -> date | None:
    """The day before which the newest data is complete."""
    return max((one.complete_before for one in coverage.values()), default=None)
