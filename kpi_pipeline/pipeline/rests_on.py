"""What partial results rest on: as long as both are the same, making them again would change nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kpi_pipeline.ingest import SourceState
from kpi_pipeline.pipeline.context import Context
from kpi_pipeline.pipeline.coverage import calendar_rules
from kpi_pipeline.pipeline.defined import definition_of
from kpi_pipeline.plan import Plan, Reduction, fingerprint
from kpi_pipeline.store.partials import Entry


@dataclass(frozen=True)
class RestsOn:
    """The definitions of a reduction and its models, and the versions of the sources below them."""

    definition: str
    inputs: Mapping[str, str]

    def made_by(self, entry: Entry | None) -> bool:
        """Whether what the ledger tells of was made by these definitions, of whichever rows."""
        return entry is not None and entry.fingerprint == self.definition

    def made_of(self, entry: Entry | None) -> bool:
        """Whether it was made by these definitions of these rows."""
        return entry is not None and self.made_by(entry) and entry.inputs == self.inputs


def rests_on(context: Context, plan: Plan, reduction: Reduction, states: Mapping[str, SourceState]) -> RestsOn:
    """What a reduction's partial results rest on now; `states` are those of the sources."""
    models = plan.models_of(reduction)
    periods = any(one.uses_calendar for one in reduction.all_joined)
    definition = fingerprint(
        [definition_of(plan, one) for one in models],
        reduction.fingerprint,
        calendar_rules(context.project, context.warehouse) if periods else None,
    )
    read = sorted({source for one in models for source in plan.sources_of(one.name)})
    return RestsOn(definition, {source: states[source].version if source in states else "" for source in read})
