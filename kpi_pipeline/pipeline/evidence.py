"""What the data says of every link: tested where its series changed, remembered where they did not."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

import polars as pl

from kpi_pipeline.calendar import Calendar
from kpi_pipeline.evidence import Evidence, Reason, Tested, Window
from kpi_pipeline.evidence.inputs import input_hash
from kpi_pipeline.evidence.verdict import judge_all
from kpi_pipeline.pipeline.claims import Asked, claims_of, values_of
from kpi_pipeline.pipeline.context import Context
from kpi_pipeline.pipeline.evidence_values import Judged, evidence_row, evidence_tables
from kpi_pipeline.pipeline.testing import tested_claims
from kpi_pipeline.plan import Series
from kpi_pipeline.project import Project
from kpi_pipeline.store.evidence import EVIDENCE, all_evidence, latest_evidence
from kpi_pipeline.verdict import CLAIM_KEY

Key = tuple[object, ...]


@dataclass(frozen=True)
class FoundOut:
    """The tables of the evidence, and the results that are new and to be kept."""

    tables: dict[str, pl.DataFrame]
    fresh: pl.DataFrame
    tested: Mapping[str, Tested]
    """What was measured, by the name of all that it depends on."""


@dataclass(frozen=True)
class _Kept:
    """The last result of a claim; `detail` is all that was measured, as text."""

    detail: str
    verdict: str
    input_hash: str
    tested_at: datetime


def evidence_on_links(
    context: Context,
    results: Mapping[Series, pl.DataFrame],
    metrics: frozenset[str],
    calendar: Calendar,
    *,
    measured: Mapping[str, Tested] = MappingProxyType({}),
) -> FoundOut:
    """Every link judged by the values that the published tables will have; all links are corrected for together.

    Args:
        context: the run.
        results: the series that the run has computed and that will be published.
        metrics: whose series those are; of others what was published before stands.
        calendar: the project's.
        measured: what this run has measured before, by the name of all that it depends on.
    """
    project = context.project
    asked = list(claims_of(project, values_of(context.warehouse, calendar, results, metrics)))
    hashes = [input_hash(one.claim) if one.claim else None for one in asked]
    kept = _kept(context)
    known = {place: measured[name] for place, name in enumerate(hashes) if name and name in measured}
    known |= {
        place: _read(kept[one.key].detail)
        for place, (one, name) in enumerate(zip(asked, hashes, strict=True))
        if name and not context.full and one.key in kept and kept[one.key].input_hash == name
    }
    new = [place for place, name in enumerate(hashes) if name and place not in known]
    tested = dict(known)
    if new:
        with context.stage("evidence", len(new)) as rows:
            claims = [claim for place in new if (claim := asked[place].claim)]
            found = tested_claims(claims, lambda: context.watch.step(f"{len(claims)} claims"))
            rows.append(len(found))
        tested |= dict(zip(new, found, strict=True))
    judged = [
        _judged(context, one, evidence, name, kept.get(one.key))
        for one, evidence, name in zip(asked, _evidence(tested, len(asked)), hashes, strict=True)
    ]
    fresh = _fresh(context, judged, kept)
    history = pl.concat([_under_todays_names(project, all_evidence(context.warehouse)), fresh.drop("detail")])
    titles = {name: kpi.title for name, kpi in project.kpis.items()}
    by_name = {name: tested[place] for place, name in enumerate(hashes) if name}
    return FoundOut(evidence_tables(judged, history, titles), fresh, by_name)


def _evidence(tested: Mapping[int, Tested], places: int) -> list[Evidence | None]:
    """The verdicts in the order of what was asked; None for what has no values to be tested on."""
    order = sorted(tested)
    found = dict(zip(order, judge_all([tested[place] for place in order]), strict=True))
    return [found.get(place) for place in range(places)]


def _judged(
    context: Context, asked: Asked, evidence: Evidence | None, name: str | None, before: _Kept | None
) -> Judged:
    """When it was tested is when what was found now was found first."""
    if evidence is None:
        return Judged(asked)
    again = before is not None and _same(before, evidence, name)
    return Judged(asked, evidence, before.tested_at if before and again else context.now, name)


def _same(before: _Kept, evidence: Evidence, name: str | None) -> bool:
    now = (_written(evidence.tested), evidence.verdict.value, name)
    # NOTE: read and written again, because an earlier version had less to tell of the same.
    return (_written(_read(before.detail)), before.verdict, before.input_hash) == now


def _fresh(context: Context, judged: Sequence[Judged], kept: Mapping[Key, _Kept]) -> pl.DataFrame:
    """The results that differ from the last one of their claim, as they are kept."""
    schema = _schema(context)
    rows = []
    for one in judged:
        before = kept.get(one.asked.key)
        if one.evidence is None or (before and _same(before, one.evidence, one.input_hash)):
            continue
        published = evidence_row(one)
        beside = {"detail": _written(one.evidence.tested), "run_id": context.run_id}
        rows.append({**{name: published.get(name) for name in schema}, **beside})
    return pl.DataFrame(rows, schema=schema)


def _schema(context: Context) -> pl.Schema:
    return context.warehouse.fetch(f'SELECT * FROM "{EVIDENCE.schema}"."{EVIDENCE.name}" LIMIT 0').schema


def _kept(context: Context) -> dict[Key, _Kept]:
    rows = _under_todays_names(context.project, latest_evidence(context.warehouse)).sort("tested_at")
    return {
        tuple(row[name] for name in CLAIM_KEY): _Kept(
            row["detail"], row["verdict"], row["input_hash"], row["tested_at"]
        )
        for row in rows.iter_rows(named=True)
    }


def _written(tested: Tested) -> str:
    return json.dumps(asdict(tested))


def _read(detail: str) -> Tested:
    """What was measured, as it was kept; fields that this version does not know are left out."""
    told: dict[str, Any] = {name: value for name, value in json.loads(detail).items() if name in _FIELDS}
    return Tested(
        **told
        | {
            "reason": Reason(told["reason"]) if told.get("reason") else None,
            "correlations": tuple(told.get("correlations", ())),
            "windows": tuple(Window(**window) for window in told.get("windows", ())),
        }
    )


_FIELDS = frozenset(Tested.__dataclass_fields__)


def _under_todays_names(project: Project, rows: pl.DataFrame) -> pl.DataFrame:
    """Results of KPIs that had another name then belong to what they are called now; those of no KPI are left out."""
    names = project.former_names
    ends = ("kpi", "leads_kpi")
    renamed = rows.with_columns(pl.col(end).replace(names) for end in ends)
    return renamed.filter(pl.all_horizontal(pl.col(end).is_in(list(project.kpis)) for end in ends))
