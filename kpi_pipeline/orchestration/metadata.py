"""What a materialization tells of itself: numbers that Dagster plots over runs, columns, and pictures for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import dagster as dg
import polars as pl

from kpi_pipeline.errors import counted
from kpi_pipeline.kpis import Indicator, Kpi, written
from kpi_pipeline.markdown import markdown_table, plain
from kpi_pipeline.orchestration.evidence import evidence_metadata
from kpi_pipeline.orchestration.keys import EVIDENCE, SCORECARD, SNAPSHOT, key
from kpi_pipeline.orchestration.picture import picture
from kpi_pipeline.pipeline.report import AssetReport, RunReport
from kpi_pipeline.project import Project
from kpi_pipeline.publish.lineage import lineage
from kpi_pipeline.publish.scorecard import SUMMARY
from kpi_pipeline.publish.scorecard.kpi_page import picture_for
from kpi_pipeline.publish.sparkline import sparkline_text
from kpi_pipeline.segments import TOTAL

Metadata = Mapping[str, Any]
Row = Mapping[str, Any]

NUMBERS = (
    "value", "target", "attainment", "variance", "numerator", "denominator", "sample_size", "change_pct",
    "year_over_year_pct",
)  # fmt: skip
"""Of a KPI's latest complete period, what is worth a plot."""

DRAWN = 26
"""Complete periods in the picture."""
PREVIEWED = 12
"""Periods in the preview."""


def table_metadata(report: AssetReport) -> Metadata:
    """Of a source or model: its rows and columns, the days touched, and what was put aside."""
    columns = [dg.TableColumn(name, kind.lower()) for name, kind in report.columns.items()]
    metadata: dict[str, Any] = {"dagster/column_schema": dg.TableSchema(columns), "changed": report.changed}
    if report.rows is not None:
        metadata["dagster/row_count"] = report.rows
    if report.touched:
        metadata["touched_range"] = " to ".join(str(day) for day in report.touched)
    if report.asset.startswith("raw/"):
        metadata["quarantined_rows"] = report.quarantined
    if report.notes:
        metadata["notes"] = dg.MetadataValue.md("\n".join(f"- {plain(note)}" for note in report.notes))
    return metadata


def metric_metadata(project: Project, name: str, report: RunReport) -> Metadata:
    """Of a metric: how many values it has, and the latest complete one at each published grain."""
    values = report.metric_values.filter(pl.col("metric") == name)
    metadata: dict[str, Any] = {"dagster/row_count": values.height}
    for grain in project.settings.publish.grains:
        totals = values.filter(pl.col("grain") == grain.value, pl.col("segment") == TOTAL)
        rows = totals.sort("period_start_utc").to_dicts()
        complete = [row for row in rows if row["is_complete"]]
        if complete:
            metadata[f"{grain}_period"] = complete[-1]["period_label"]
            metadata |= _floats(complete[-1], {"value": f"{grain}_value"})
            metadata[f"{grain}_trend"] = sparkline_text(row["value"] for row in complete[-DRAWN:])
    return metadata


def kpi_metadata(project: Project, name: str, report: RunReport) -> Metadata:
    """Of a KPI: its latest complete period in numbers, the trend as a picture, and a preview of the last periods."""
    kpi = project.kpis[name]
    values = report.kpi_values.filter(pl.col("kpi") == name)
    rows = values.filter(pl.col("segment") == TOTAL).sort("period_start_utc").to_dicts()
    complete = [row for row in rows if row["is_complete"]]
    after = rows[len(complete) : len(complete) + 1]
    metadata: dict[str, Any] = {"indicator_found": report.indicators.get(name, Indicator.unclassified.value)}
    if complete:
        latest = complete[-1]
        metadata |= {"period": latest["period_label"], "status": latest["status"]}
        metadata["sparkline"] = sparkline_text(row["value"] for row in complete[-DRAWN:])
        metadata |= _floats(latest, {column: column for column in NUMBERS})
    metadata |= _picture(project, kpi, [*complete[-DRAWN:], *after])
    metadata["preview"] = dg.MetadataValue.md(_preview(project, kpi, [*complete[-PREVIEWED:], *after]))
    return {**metadata, "dagster/row_count": values.height}


def published_metadata(name: str, report: RunReport) -> Metadata:
    """Of what is published: where it is, and how long the run's stages took."""
    if name == SCORECARD:
        page = report.published["scorecard"]
        summary = page.with_name(SUMMARY).read_text(encoding="utf-8")
        return {"path": dg.MetadataValue.path(page), "summary": dg.MetadataValue.md(summary)}
    paths = {kind: dg.MetadataValue.path(path) for kind, path in report.published.items() if kind != "scorecard"}
    stages = {f"{one.stage}_seconds": one.seconds for one in report.stages}
    values = report.kpi_values.height
    return {
        **paths,
        **report.served,
        "run": report.run_id,
        "dagster/row_count": values,
        "kpis_computed": len(report.computed),
        **({f"cluster_{name}": number for name, number in asdict(report.crossed).items()} if report.crossed else {}),
        **stages,
    }


def metadata_of(
    project: Project, name: str, report: RunReport, columns: Mapping[str, dg.TableColumnLineage]
) -> Metadata:
    """What there is to tell of an asset after a run; `columns` says which columns its values come from."""
    kind, _, what = name.partition("/")
    from_columns = {"dagster/column_lineage": columns[name]} if name in columns else {}
    if name in (SNAPSHOT, SCORECARD):
        return published_metadata(name, report)
    if name == EVIDENCE:
        return evidence_metadata(report)
    if kind == "metric":
        return {**metric_metadata(project, what, report), **from_columns}
    if kind == "kpi":
        return {**kpi_metadata(project, what, report), **from_columns}
    return table_metadata(next(one for one in report.assets if one.asset == name))


def column_lineage(project: Project) -> Mapping[str, dg.TableColumnLineage]:
    """The columns that the values of metrics and KPIs come from, as far as their formulas name them."""
    found: dict[str, list[dg.TableColumnDep]] = {}
    for edge in lineage(project):
        column = edge.column or ("value" if edge.upstream.kind == "metric" else None)
        if edge.downstream.kind in ("metric", "kpi") and edge.upstream.kind != "source" and column:
            found.setdefault(str(edge.downstream), []).append(dg.TableColumnDep(key(str(edge.upstream)), column))
    return {name: dg.TableColumnLineage({"value": columns}) for name, columns in found.items()}


def _floats(row: Row, called: Mapping[str, str]) -> dict[str, Any]:
    """Numbers as floats of ten digits, because Dagster plots them; what is missing is left out."""
    present = {name: row[column] for column, name in called.items() if row[column] is not None}
    return {name: dg.MetadataValue.float(float(f"{value:.10g}")) for name, value in present.items()}


def _picture(project: Project, kpi: Kpi, rows: list[Row]) -> Metadata:
    """The same drawing as on the KPI's page."""
    told = {
        "unit": project.metrics[kpi.metric].unit.value,
        "currency": project.settings.currency,
        "grain": kpi.grain.value,
    }
    values = " to ".join(_written(project, kpi, row["value"]) for row in (rows[:1] + rows[-1:]))
    words = f"{counted(len(rows), kpi.grain.value)}: {values}"
    svg = picture_for(told, [dict(row) for row in rows], kpi.title, words)
    return {"trend": dg.MetadataValue.md(picture(svg, f"{kpi.title}, {words}"))} if svg else {}


def _preview(project: Project, kpi: Kpi, rows: list[Row]) -> str:
    header = ["period", "value", "target", "attainment", "status"]
    return markdown_table(
        header,
        [
            [
                row["period_label"],
                _written(project, kpi, row["value"]),
                _written(project, kpi, row["target"]),
                "" if row["attainment"] is None else f"{row['attainment']:.0%}",
                (row["status"] or "").replace("_", " "),
            ]
            for row in reversed(rows)
        ],
    )


def _written(project: Project, kpi: Kpi, value: float | None) -> str:
    return written(value, project.metrics[kpi.metric].unit, project.settings.currency)
