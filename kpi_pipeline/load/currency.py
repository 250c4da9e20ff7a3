"""Money: amounts whose currency is not the project's have rates by which they become so."""

from __future__ import annotations

from collections.abc import Iterator

from kpi_pipeline.errors import Problem
from kpi_pipeline.metrics import Agg, Simple
from kpi_pipeline.metrics.base import Unit
from kpi_pipeline.models import Model
from kpi_pipeline.project import Project

COUNTED = (Agg.count, Agg.count_distinct, Agg.sum_boolean)


def unconverted(project: Project) -> Iterator[Problem]:
    """A problem for each amount that would be added up in another currency than the project's, or in several."""
    for model in project.models.values():
        yield from _without_rates(project, model)
    for metric in project.metrics.values():
        if isinstance(metric, Simple):
            yield from _several_currencies(project, metric)


def _without_rates(project: Project, model: Model) -> Iterator[Problem]:
    currency, ours = model.currency, project.settings.currency
    if currency and currency.from_ and currency.from_ != ours and not currency.rates:
        yield Problem(
            f"Model '{model.name}': its amounts are in {currency.from_}, the project's in {ours}, and nothing says at "
            "which rates they are converted.",
            project.place("models", model.name, "currency"),
            f"name the model of rates: currency: {{from: {currency.from_}, rates: ..., rate: ..., code: ...}}",
        )
    rates = project.models.get(currency.rates or "") if currency else None
    if currency and rates and rates.agg_time_dimension is None:
        yield Problem(
            f"Model '{model.name}' takes its rates from model '{rates.name}', which does not say on which day a rate "
            "holds.",
            project.place("models", model.name, "currency", "rates"),
            f"give model '{rates.name}' its day: agg_time_dimension: ... ({project.place('models', rates.name)})",
        )


def _several_currencies(project: Project, metric: Simple) -> Iterator[Problem]:
    """Amounts beside a dimension that says their currency are not all in one."""
    model = project.models.get(metric.model)
    if model is None or model.currency or metric.unit is not Unit.currency or metric.agg in COUNTED:
        return
    said = next((one.name for one in model.dimensions if "currency" in one.name.split("_")), None)
    if said:
        yield Problem(
            f"Metric '{metric.name}' adds up money of model '{model.name}', whose dimension '{said}' says that it "
            "is in several currencies.",
            project.place("metrics", metric.name, "unit"),
            f"convert it: give the model currency: {{column: {said}, rates: ..., rate: ...}}; or, where all of it "
            f"is in one, currency: {{from: {project.settings.currency}}}",
        )
