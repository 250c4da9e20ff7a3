"""Whatever `kpi check` accepts, a run computes, of every kind of metric; a question is answered or refused in words."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from kpi_pipeline.compile import compile_project
from kpi_pipeline.derive import derive
from kpi_pipeline.errors import DataError, DefinitionError, QueryError
from kpi_pipeline.ingest import source_states
from kpi_pipeline.pipeline.coverage import calendar_for, coverage_of
from tests.engine import Engine
from tests.properties.accepted import accepted, assert_readable, filled
from tests.properties.drawn_projects import TABLES, projects, questions

EXAMPLES = int(os.environ.get("KPI_EXAMPLES", "40"))
PHASES = (Phase.explicit, Phase.generate, *((Phase.shrink,) if "KPI_EXAMPLES" in os.environ else ()))


@given(said=projects(), asked=st.lists(questions(), max_size=3))
@settings(
    max_examples=EXAMPLES,
    derandomize="KPI_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
    phases=PHASES,
)
def test_what_is_accepted_is_computed(said: Mapping[str, Any], asked: Sequence[Mapping[str, Any]]) -> None:
    try:
        project = accepted(said, TABLES)
    except DefinitionError as refused:
        assert_readable(refused.problems)
        return
    with filled(project, TABLES) as here:
        _run(here)
        for metric in [str(one["name"]) for one in said["metrics"][6:]]:
            for question in asked:
                _ask(here, metric, question)


def _run(here: Engine) -> None:
    """What a run computes: every KPI with its breakdowns, and every metric's total at the published grains."""
    context = here.context()
    plan = compile_project(here.project)
    partials = here.partials(context, plan)
    coverage = coverage_of(plan.derivations, partials, source_states(here.warehouse), context.today)
    calendar = calendar_for(here.project, coverage, here.now.date(), here.warehouse)
    derive(plan.series, plan.derivations, partials, calendar, coverage, dense=True)


def _ask(here: Engine, metric: str, question: Mapping[str, Any]) -> None:
    if refused := _refusal(here, metric, question):
        message, _, hint = refused.partition("\nHint: ")
        assert message.endswith((".", "?", "!")), refused
        assert hint, refused


def _refusal(here: Engine, metric: str, question: Mapping[str, Any]) -> str:
    """Why a question is not answered; empty where it is."""
    try:
        here.query([metric], **question)
    except (QueryError, DataError) as refused:
        return str(refused)
    return ""
