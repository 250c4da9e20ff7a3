"""H: a number that can only rise, such as everybody who ever signed up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from kpi_pipeline.load.rules.base import Example, Remark, Rule, nothing
from kpi_pipeline.load.rules.known import Known, values_of
from kpi_pipeline.metrics import Agg, Cumulative, Metric, Simple
from kpi_pipeline.metrics.base import Unit
from kpi_pipeline.project import Project

LONG_ENOUGH = 24
"""Complete periods that a number has to be known for before it is said never to fall."""
HINT = "watch what was added in each period, or what is left of it: a window, grain_to_date, or a share"


def _look(project: Project, known: Known) -> Iterator[Remark]:
    for kpi in project.kpis.values():
        values = values_of(known.series.get(kpi.name, ()))
        if _adds_up_for_ever(project.metrics[kpi.metric]) and not _fell(values):
            said = "adds up since the beginning of the data and can only rise"
        elif _can_be_a_counter(project.metrics[kpi.metric]) and _only_rose(values):
            said = f"has not fallen in any of its {len(values)} complete periods: it seems to add up for ever"
        else:
            continue
        yield Remark("kpis", kpi, f"KPI '{kpi.name}' {said}.", HINT, "metric")


def _fell(values: Sequence[float]) -> bool:
    return any(later < earlier for earlier, later in pairwise(values))


def _only_rose(values: Sequence[float]) -> bool:
    """Never fell in many periods, and rose in most."""
    rises = sum(later > earlier for earlier, later in pairwise(values))
    return len(values) >= LONG_ENOUGH and not _fell(values) and rises * 2 > len(values)


def _adds_up_for_ever(metric: Metric) -> bool:
    return isinstance(metric, Cumulative) and not metric.window and not metric.grain_to_date


def _can_be_a_counter(metric: Metric) -> bool:
    """Whether a number that is read as it stands may be a counter; shares, stocks and counts of rows are none."""
    return (
        isinstance(metric, Simple)
        and metric.agg not in (Agg.count, Agg.count_distinct)
        and metric.unit is not Unit.percent
        and not metric.is_stock
    )


_TOTAL = (
    "metrics:\n"
    "  - {name: orders_so_far, type: cumulative, input_metric: orders%s}\n"
    "kpis:\n"
    "  - {name: orders_reached, metric: orders_so_far}"
)

ONLY_RISES = Rule(
    "H",
    "warning",
    "a number that can only rise",
    nothing,
    reason="A total of all time goes up in the best month and in the worst. It looks like success for as long as the "
    "company exists, and no decision follows from it.",
    bad=Example(_TOTAL % ""),
    good=Example(_TOTAL % ", window: 28 days"),
    look_at_data=_look,
    needs_values=True,
)
