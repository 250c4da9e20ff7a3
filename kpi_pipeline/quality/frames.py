"""Frames in memory, such as KPI tables, checked through pandas."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
from sqlglot import expressions as exp

from kpi_pipeline.checks.result import CheckResult
from kpi_pipeline.names import TableRef
from kpi_pipeline.quality.gx import ephemeral_context, quietly
from kpi_pipeline.quality.making import Made, make_checks
from kpi_pipeline.quality.outcome import told
from kpi_pipeline.quality.plan import plan_checks
from kpi_pipeline.quality.targets import CheckTarget, FrameTarget


def check_frames(
    frames: Sequence[FrameTarget], *, as_of: datetime, docs: Path | None = None
) -> tuple[CheckResult, ...]:
    """The results of every check on frames in memory, in the order of the frames and their checks."""
    asked = [target for target in frames if target.checks]
    if not asked:
        return ()
    with quietly() as gx:
        source = ephemeral_context(gx).data_sources.add_pandas("frames")
        made = [one for number, target in enumerate(asked) for one in _of_frame(gx, source, target, as_of, number)]
        return told(gx, made, docs)


def _of_frame(gx: Any, source: Any, target: FrameTarget, as_of: datetime, number: int) -> list[Made]:
    columns = {
        name: "VARCHAR" if kind in (pl.String, pl.Categorical) else str(kind)
        for name, kind in target.frame.schema.items()
    }
    table = CheckTarget(target.asset, TableRef("frame", target.asset), target.checks, target.personal)
    checks = plan_checks(table, columns, as_of=as_of, in_memory=True)

    def batch(_: exp.Select | None) -> Any:
        asset = source.add_dataframe_asset(f"{target.asset} {number}")
        definition = asset.add_batch_definition_whole_dataframe("all")
        return definition.get_batch({"dataframe": target.frame.to_pandas()})

    return make_checks(gx, target.asset, checks, batch, columns=tuple(columns), personal=target.personal)
