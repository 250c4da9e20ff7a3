"""The third example gives what its data says: printed totals to the cent, and every KPI beside a query of its own.

The queries read nothing but the file, through the view `weeks`; they share no SQL with the example's models.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl
import pytest

from kpi_pipeline import load_project
from kpi_pipeline.api import LoadedProject
from kpi_pipeline.evidence_words import VERDICTS

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "ad_spend"
README = (EXAMPLE / "data" / "README.md").read_text(encoding="utf-8")

SPENT = "tv + posters + print + facebook + search"
OF_A_WEEK = {
    "weekly_revenue": "revenue",
    "weekly_market_share": "revenue / (revenue + competitor)",
    "weekly_revenue_of_four_weeks": "sum(revenue) OVER (ORDER BY monday ROWS 3 PRECEDING)",
    "weekly_market_share_of_four_weeks": "sum(revenue) OVER (ORDER BY monday ROWS 3 PRECEDING) "
    "/ sum(revenue + competitor) OVER (ORDER BY monday ROWS 3 PRECEDING)",
    "weekly_competitor_sales": "competitor",
    "weekly_media_spend": SPENT,
    "weekly_tv_spend": "tv",
    "weekly_poster_spend": "posters",
    "weekly_print_spend": "print",
    "weekly_newsletters": "newsletters",
    "weekly_clicks": "clicks",
    "weekly_cost_per_click": "search / nullif(clicks, 0)",
    "weekly_impressions": "impressions",
}
QUERIES = {name: f"SELECT monday AS period, {answer} AS value FROM weeks" for name, answer in OF_A_WEEK.items()} | {
    "monthly_return_on_spend": "SELECT date_trunc('month', monday)::DATE AS period, "
    f"sum(revenue) / sum({SPENT}) AS value FROM weeks GROUP BY ALL"
}


pytestmark = pytest.mark.xdist_group("ad_spend")


@pytest.fixture(scope="module")
def weeks() -> Iterator[duckdb.DuckDBPyConnection]:
    """The file's rows under plain names."""
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE VIEW weeks AS SELECT strptime(week, '%m/%d/%Y')::DATE AS monday, revenue::DOUBLE AS revenue, "
            "competitor_sales_B::DOUBLE AS competitor, tv_S::DOUBLE AS tv, ooh_S::DOUBLE AS posters, "
            "print_S::DOUBLE AS print, facebook_S::DOUBLE AS facebook, search_S::DOUBLE AS search, "
            "facebook_I::DOUBLE AS impressions, search_clicks_P::DOUBLE AS clicks, newsletter::DOUBLE AS newsletters "
            f"FROM read_csv('{EXAMPLE / 'data' / 'dt_simulated_weekly.csv'}', all_varchar = true)"
        )
        yield connection


@pytest.fixture(scope="module")
def published(ad_spend: LoadedProject) -> Iterator[duckdb.DuckDBPyConnection]:
    """The file that BI tools read."""
    with duckdb.connect(str(ad_spend.project.path(ad_spend.project.settings.publish.duckdb)), read_only=True) as reader:
        yield reader


def test_every_kpi_has_its_query(ad_spend: LoadedProject) -> None:
    assert sorted(QUERIES) == sorted(ad_spend.project.kpis)
    assert 8 <= len(QUERIES) <= 14


@pytest.mark.parametrize("kpi", sorted(QUERIES))
def test_values_are_those_of_a_query_over_the_file(
    published: duckdb.DuckDBPyConnection, weeks: duckdb.DuckDBPyConnection, kpi: str
) -> None:
    expected = weeks.sql(QUERIES[kpi]).pl()
    found = published.sql(
        "SELECT period_start AS period, value, is_complete FROM kpi_value WHERE kpi = ? AND segment = 'all'",
        params=[kpi],
    ).pl()
    both = found.join(expected, on="period", how="full", coalesce=True, suffix="_expected")
    apart = (pl.col("value") - pl.col("value_expected")).abs() > 1e-9 * pl.col("value_expected").abs() + 1e-6
    assert both.filter(apart | (pl.col("value").is_null() != pl.col("value_expected").is_null())).rows() == []
    assert found.filter("is_complete").height == (208 if kpi != "monthly_return_on_spend" else 48)


def test_spend_on_each_medium_is_that_of_the_file(
    published: duckdb.DuckDBPyConnection, weeks: duckdb.DuckDBPyConnection
) -> None:
    found = published.sql(
        "SELECT printf('%.2f', sum(value)) FROM kpi_value WHERE kpi = 'weekly_media_spend' AND segment <> 'all' "
        "GROUP BY segment ORDER BY segment"
    ).fetchall()
    totals = printed("column")
    columns = ("facebook_S", "ooh_S", "print_S", "search_S", "tv_S")  # Facebook, Posters, Print, Search, TV
    assert [text for (text,) in found] == [totals[column][0].replace(",", "") for column in columns]


def test_totals_are_those_that_are_printed(ad_spend: LoadedProject) -> None:
    metrics = {
        "revenue": "revenue", "tv_S": "tv_spend", "ooh_S": "poster_spend", "print_S": "print_spend",
        "facebook_S": "facebook_spend", "search_S": "search_spend",
    }  # fmt: skip
    answer = ad_spend.query([*metrics.values()])
    assert {column: f"{answer.item(0, metric):,.2f}" for column, metric in metrics.items()} == {
        column: text for column, (text,) in printed("column").items()
    }


def test_years_are_those_that_are_printed(ad_spend: LoadedProject) -> None:
    """Each figure at the digits that are printed."""
    answer = ad_spend.query(["revenue", "spend", "return_on_spend", "cost_per_click"], grain="year")
    years = printed("year")
    assert [str(start.year) for start in answer.get_column("period_start")] == list(years)
    found = {
        str(row["period_start"].year): [
            row["revenue"], row["spend"], row["return_on_spend"], row["cost_per_click"],
        ]
        for row in answer.iter_rows(named=True)
    }  # fmt: skip
    for year, (_, *texts) in years.items():
        assert [
            abs(value - float(text)) < 0.6 * 10.0 ** -decimals(text)
            for value, text in zip(found[year], texts, strict=True)
        ] == [True] * 4


def printed(heading: str) -> dict[str, list[str]]:
    """The last table of the data's README whose first column has this heading: a row's name and its other cells."""
    found = re.findall(rf"^\| `?{heading}`? \|.*\n\|.*\n((?:\|.*\n)+)", README, flags=re.MULTILINE)
    rows = [[cell.strip().strip("`") for cell in line.strip("|\n ").split("|")] for line in found[-1].splitlines()]
    return {name: cells for name, *cells in rows}


def decimals(text: str) -> int:
    return len(text.partition(".")[2])


def test_all_checks_pass_and_the_linter_has_nothing_to_say(
    ad_spend: LoadedProject, published: duckdb.DuckDBPyConnection
) -> None:
    assert published.sql("SELECT asset, check_name, observed FROM check_result WHERE NOT passed").fetchall() == []
    assert load_project(EXAMPLE / "definitions").check() == ()


def test_it_says_that_it_is_simulated(ad_spend: LoadedProject) -> None:
    said = (ad_spend.project.settings.label or "", *ad_spend.project.settings.publish.attribution)
    assert [
        "simulated" in text.lower() for text in (said[0], said[1], README, (EXAMPLE / "README.md").read_text())
    ] == [True] * 4


def test_the_readme_tells_the_verdicts(ad_spend: LoadedProject, published: duckdb.DuckDBPyConnection) -> None:
    said = re.findall(r"^\| `(\w+)` → `(\w+)` \| (.+?) \|", (EXAMPLE / "README.md").read_text(), flags=re.MULTILINE)
    found = published.sql("SELECT kpi, leads_kpi, verdict FROM kpi_evidence WHERE segment = 'all'").fetchall()
    told = {(leader, follower): words for leader, follower, words in said}
    assert sorted(told) == sorted((leader, follower) for leader, follower, _ in found)
    assert [one for one in found if VERDICTS[one[2]] not in told[one[0], one[1]]] == []
    assert {"confirmed", "not supported"} <= {verdict for *_, verdict in said}
    assert f"{len(ad_spend.project.links)} claims" in (EXAMPLE / "README.md").read_text()


def test_two_sellers_of_one_season_seem_to_lead_each_other(weeks: duckdb.DuckDBPyConnection) -> None:
    """The trap that the README tells of."""
    plain = weeks.sql(
        "SELECT round(corr(revenue, before), 2) FROM "
        "(SELECT revenue, lag(competitor) OVER (ORDER BY monday) AS before FROM weeks)"
    ).fetchall()
    assert f"revenue correlates {plain[0][0]} with" in (EXAMPLE / "README.md").read_text()


def test_the_readme_lists_the_kpis(ad_spend: LoadedProject) -> None:
    project = ad_spend.project
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \|", (EXAMPLE / "README.md").read_text(), flags=re.MULTILINE)
    assert sorted(rows) == sorted(
        (kpi.name, project.goals[kpi.serves[0].goal].label, project.teams[kpi.team or ""].label)
        for kpi in project.kpis.values()
    )
