"""E: a KPI is said to lead another, and the evidence says it does not, or that it follows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kpi_pipeline.load.rules.base import Example, Remark, Rule, nothing
from kpi_pipeline.load.rules.known import Known
from kpi_pipeline.project import Project
from kpi_pipeline.verdict import Verdict

SAID: Mapping[str, tuple[str, str]] = {
    Verdict.NOT_SUPPORTED: (
        "the evidence does not support that",
        "steer by something else, or say with `ignore` why the link is believed all the same",
    ),
    Verdict.REVERSED: (
        "the evidence says that it is the other way round",
        "turn the link round, or say with `ignore` why it is believed all the same",
    ),
}


def _look(project: Project, known: Known) -> Iterator[Remark]:
    for link in project.links:
        if against := SAID.get(known.verdicts.get((link.from_, link.to), "")):
            proxy = project.kpis[link.from_].measures
            leads = "leads" if link.lag else "moves with"
            what = leads if proxy == "direct" else f"is a {proxy} and {leads}"
            yield Remark("links", link, f"KPI '{link.from_}' {what} '{link.to}', but {against[0]}.", against[1])


_LINK = (
    "kpis:\n"
    "  - {name: visits, metric: orders, team: service, measures: proxy of sales}\n"
    "  - {name: sales_a_month, metric: net_sales, team: service}\n"
    "links:\n"
    "  - {from: visits, to: sales_a_month, lag: 4 weeks, because: who visits in one month buys in the next}"
)

UNSUPPORTED_LINK = Rule(
    "E",
    "warning",
    "a proxy whose evidence says not_supported",
    nothing,
    reason="A leading indicator is worth its effort only if the outcome follows. Steering by one that does not lead "
    "costs the months in which the outcome could have been changed.",
    bad=Example(_LINK, verdicts={"visits->sales_a_month": Verdict.NOT_SUPPORTED}),
    good=Example(_LINK, verdicts={"visits->sales_a_month": Verdict.CONFIRMED}),
    look_at_data=_look,
    needs_values=True,
)
