"""A KPI project as a component of an existing Dagster project."""

from __future__ import annotations

import dagster as dg


class KpiProject(dg.Component, dg.Model, dg.Resolvable):
    """KPIs from a folder of definitions, as assets, checks and a schedule.

    type: kpi_pipeline.orchestration.component.KpiProject
    attributes:
      definitions: ../../kpis/definitions
      prefix: shop
    """

    definitions: str
    """The folder of the definition files, seen from the folder of defs.yaml."""
    prefix: str = ""
    """What assets, groups, jobs, schedules and sensors begin with; needed where there are several KPI projects."""

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The project's definitions; its YAML errors stop the loading, with file and line."""
        # NOTE: imported when asked, because `dg` loads every component there is to list them.
        from kpi_pipeline.orchestration.build import definitions_at

        return definitions_at(context.path / self.definitions, prefix=self.prefix)
