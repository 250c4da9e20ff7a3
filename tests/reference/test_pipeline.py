"""The same figures come out of the pipeline: asked for, and out of the published tables."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from kpi_pipeline.api import LoadedProject
from tests.reference.expected import FIGURES, SQL, Figures, differences, shipped_files

pytestmark = pytest.mark.xdist_group("shipped")

MONTHLY = [figures for figures in FIGURES if figures.grain == "month"]


@pytest.fixture(scope="module")
def published(shipped: LoadedProject) -> Path:
    """The file that BI tools read."""
    return shipped.project.path(shipped.project.settings.publish.duckdb)


@pytest.mark.parametrize("figures", FIGURES, ids=str)
def test_query_gives_what_the_readme_prints(shipped: LoadedProject, figures: Figures) -> None:
    by = [figures.dimension] if figures.dimension else []
    answer = shipped.query(list(figures.metrics.values()), by=by, grain=figures.grain)
    assert differences(answer, figures) == []


@pytest.mark.parametrize("figures", MONTHLY, ids=str)
def test_published_table_gives_what_the_readme_prints(published: Path, figures: Figures) -> None:
    with duckdb.connect(str(published), read_only=True) as reader:
        rows = reader.sql(
            "SELECT metric, period_start, value FROM metric_value WHERE grain = 'month' AND segment = 'all'"
        ).pl()
    wanted = rows.filter(rows["metric"].is_in(list(figures.metrics.values())))
    assert differences(wanted.pivot("metric", index="period_start", values="value"), figures) == []


def test_reopen_rate_is_the_published_fraction(shipped: LoadedProject) -> None:
    answer = shipped.query(["reopen_rate"]).item(0, "reopen_rate")
    assert answer == 275 / 24918


@pytest.mark.parametrize(
    "metric",
    [
        "repeat_within_90_days",
        "month_1_retention",
        "resolved_within_3_days",
        "open_incidents",
        "incidents_awaiting_user",
        "regulars_share",
        "reopened_update_share",
    ],
)
def test_metric_of_several_models_or_moments_is_that_of_plain_sql(shipped: LoadedProject, metric: str) -> None:
    files = shipped_files()
    wanted = files.sql((SQL / f"{metric}.sql").read_text(encoding="utf-8")).fetchall()
    answer = shipped.query([metric], grain="month")
    assert answer.rows() == [(month, value and pytest.approx(value, rel=1e-12)) for month, value in wanted]


def test_customers_have_90_days_to_come_back(published: Path) -> None:
    with duckdb.connect(str(published), read_only=True) as reader:
        ripe = reader.sql(
            "SELECT metric, max(period_start) FROM metric_value WHERE is_complete AND grain = 'month' AND segment = 'all' "
            "AND metric IN ('first_time_buyers', 'repeat_within_90_days', 'month_1_retention') GROUP BY 1 ORDER BY 1"
        ).fetchall()
    assert [(metric, str(month)) for metric, month in ripe] == [
        ("first_time_buyers", "2010-11-01"),
        ("month_1_retention", "2010-10-01"),
        ("repeat_within_90_days", "2010-08-01"),
    ]


def test_thin_end_of_the_log_is_computed_but_never_complete(published: Path) -> None:
    with duckdb.connect(str(published), read_only=True) as reader:
        last_complete, last = reader.sql(
            "SELECT max(period_start) FILTER (WHERE is_complete), max(period_start) FROM kpi_value "
            "WHERE kpi = 'weekly_sla_met_rate' AND segment = 'all'"
        ).fetchall()[0]
        statuses = reader.sql(
            "SELECT DISTINCT status FROM kpi_value "
            "WHERE kpi = 'weekly_sla_met_rate' AND segment = 'all' AND period_start > DATE '2016-05-23'"
        ).fetchall()
    assert (str(last_complete), str(last)) == ("2016-05-23", "2017-02-13")
    assert statuses == [("in_progress",)]
