"""Checks that a KPI's definition asks of its values: each kind passes, fails, and says which periods."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, get_args

import polars as pl
import pytest
from pydantic import TypeAdapter, ValidationError

from kpi_pipeline.checks import KPI_KINDS, KpiCheck
from kpi_pipeline.checks.naming import OF_EVERY_KPI, check_names
from kpi_pipeline.checks.result import CheckResult
from kpi_pipeline.kpis import Kpi
from kpi_pipeline.publish import empty_frame, table_named
from kpi_pipeline.quality import check_frames, filter_problem, kpi_check_targets, kpi_table

NOW = datetime(2024, 5, 1, tzinfo=UTC)

# month, segment, value, change on the month before, on the year before; April is in progress
VALUES: list[tuple[int, str, float | None, float | None, float | None]] = [
    (1, "all", 100.0, None, None), (1, "country=France", 60.0, None, None), (1, "country=Spain", 40.0, None, None),
    (2, "all", 50.0, -0.5, 0.1), (2, "country=France", 30.0, -0.5, 0.1), (2, "country=Spain", 19.0, -0.525, None),
    (3, "all", 120.0, 1.4, -0.2), (3, "country=France", 120.0, 3.0, 9.0), (3, "country=Spain", None, None, None),
    (4, "all", 1.0, -0.99, -0.99), (4, "country=France", 9.0, -0.9, 5.0), (4, "country=Spain", 9.0, None, None),
]  # fmt: skip


def values(rows: list[tuple[int, str, float | None, float | None, float | None]] = VALUES) -> pl.DataFrame:
    """Rows of `kpi_value`, texts encoded as in a run."""
    table = table_named("kpi_value")
    found = pl.DataFrame(
        [
            {
                "kpi": "sales",
                "period_start": date(2024, month, 1),
                "period_start_utc": datetime(2024, month, 1, tzinfo=UTC),
                "period_label": f"2024-{month:02}",
                "breakdown": "all" if segment == "all" else "country",
                "segment": segment,
                "value": value,
                "change_pct": change,
                "year_over_year_pct": a_year,
                "is_complete": month < 4,
            }
            for month, segment, value, change, a_year in rows
        ],
        schema_overrides=table.schema,
    )
    return pl.concat([empty_frame(table), found], how="diagonal").cast({pl.String: pl.Categorical})


def made(*written: dict[str, Any], rows: pl.DataFrame | None = None) -> tuple[CheckResult, ...]:
    """What the checks find."""
    kpi = Kpi.model_validate(
        {
            "name": "sales", "metric": "amount", "direction": "up", "grain": "month",
            "breakdowns": [[], ["country"]], "checks": written,
        }
    )  # fmt: skip
    return check_frames(kpi_check_targets(kpi, values() if rows is None else rows), as_of=NOW)


PASSING: list[dict[str, Any]] = [
    {"type": "rate_between", "min": 50, "max": 120},
    {"type": "rate_between", "min": "1900%", "segments": "each"},
    {"type": "rate_between", "max": 99, "tolerate": "67%"},
    {"type": "rate_between", "min": 100, "periods": 1},
    {"type": "rate_between", "min": 100, "filter": "period_start <> DATE '2024-02-01'"},
    {"type": "change_within", "min": "-50%", "max": "140%"},
    {"type": "change_within", "max": "10%", "against": "year_ago"},
    {"type": "change_within", "min": "-52.5%", "max": "300%", "segments": "each"},
    {"type": "change_within", "min": 0, "periods": 1},
    {"type": "segments_add_up", "tolerate": "2%"},
    {"type": "segments_add_up", "breakdown": ["country"], "periods": 1},
]

FAILING: list[tuple[dict[str, Any], str, list[tuple[str, ...]]]] = [
    ({"type": "rate_between", "max": 99}, "2 of 3 rows fail", [("2024-01", "all"), ("2024-03", "all")]),
    (
        {"type": "rate_between", "min": 35, "segments": "each"},
        "2 of 9 rows fail",
        [("2024-02", "country=France"), ("2024-02", "country=Spain")],
    ),
    ({"type": "change_within", "min": "-49.9%"}, "1 of 3 rows fail", [("2024-02", "all")]),
    ({"type": "change_within", "max": "10%", "periods": 1}, "1 of 1 rows fail", [("2024-03", "all")]),
    ({"type": "change_within", "min": 0, "against": "year_ago"}, "1 of 3 rows fail", [("2024-03", "all")]),
    ({"type": "segments_add_up", "tolerate": "1.9%"}, "1 of 3 rows fail", [("2024-02", "country")]),
    ({"type": "segments_add_up", "breakdown": ["country"], "periods": 2}, "1 of 2 rows fail", [("2024-02", "country")]),
]


@pytest.mark.parametrize("written", PASSING, ids=str)
def test_passes(written: dict[str, Any]) -> None:
    (result,) = made(written)
    assert result.passed, result.observed


@pytest.mark.parametrize(("written", "observed", "which"), FAILING, ids=str)
def test_fails_and_shows_the_periods(written: dict[str, Any], observed: str, which: list[tuple[str, ...]]) -> None:
    (result,) = made(written)
    assert (result.passed, result.blocks) == (False, True)
    assert observed in result.observed
    where = ("period_label", "breakdown" if written["type"] == "segments_add_up" else "segment")
    assert [tuple(row[name] for name in where) for row in result.sample] == which


def test_every_kind_is_tried() -> None:
    kinds = {get_args(kind.model_fields["type"].annotation)[0] for kind in KPI_KINDS}
    assert {written["type"] for written in PASSING} == kinds
    assert {written["type"] for written, *_ in FAILING} == kinds


def test_each_is_a_result_of_the_kpi_with_a_name_of_its_own() -> None:
    change = {"type": "change_within", "max": 0.1, "severity": "warn"}
    found = made(change, {**change, "min": -0.9}, {**change, "name": "No jumps"})
    assert {one.observed for one in found} == {"1 of 3 rows fail"}
    assert [one.check_name for one in found] == ["change_within", "change_within_2", "no_jumps"]
    assert {(one.asset, one.passed, one.blocks) for one in found} == {("kpi/sales", False, False)}
    assert found[1].expected == "'change on the period before' between -0.9 and 0.1"


def test_a_total_of_nothing_is_the_sum_of_nothing() -> None:
    nothing: list[Any] = [(1, "all", 0.0, None, None), (1, "country=France", 0.0, None, None)]
    something: list[Any] = [*nothing, (1, "country=Spain", 1.0, None, None)]
    assert made({"type": "segments_add_up"}, rows=values(nothing))[0].passed
    assert not made({"type": "segments_add_up"}, rows=values(something))[0].passed
    for empty in (values([]), values([(4, "all", 7.0, None, None)])):
        assert all(one.passed for one in made(*PASSING[:1], {"type": "segments_add_up"}, rows=empty))


def test_names_of_what_every_kpi_has_are_taken() -> None:
    names = check_names(kpi_table("kpi", empty_frame(table_named("kpi_value")), "kpi").checks)
    assert set(names) <= OF_EVERY_KPI


@pytest.mark.parametrize("kind", ["rate_between", "change_within"])
@pytest.mark.parametrize(("bounds", "message"), [({}, "give 'min', 'max' or both"), ({"min": 2, "max": 1}, "greater")])
def test_bounds_make_sense(kind: str, bounds: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        TypeAdapter(KpiCheck).validate_python({"type": kind, **bounds})


@pytest.mark.parametrize(
    ("condition", "wrong"),
    [("segment = 'all'", None), ("valu > 1", "unable to find column"), ("value >", "cannot be read")],
)
def test_filters_are_tried(condition: str, wrong: str | None) -> None:
    check = TypeAdapter(KpiCheck).validate_python({"type": "rate_between", "max": 1, "filter": condition})
    problem = filter_problem(check)
    assert (problem is None) is (wrong is None)
    assert not wrong or (problem and wrong in problem.message)
