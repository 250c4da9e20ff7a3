"""The second example gives what its data says: published totals to the cent, and every KPI beside a query of its own.

The queries in `sql/` read nothing but the Parquet files, through the views of `books.sql`, `shop.sql` and `people.sql`;
they share no SQL with the example's models.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest

from kpi_pipeline import load_project
from kpi_pipeline.api import LoadedProject
from kpi_pipeline.goals import Framework, Perspective
from kpi_pipeline.project import Project

pytestmark = pytest.mark.xdist_group("adventureworks")

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "adventureworks"
HERE = Path(__file__).parent
QUERIES = sorted((HERE / "sql").glob("*.sql"))
BUDGETED = ("monthly_net_sales", "monthly_operating_expenses", "monthly_operating_profit", "monthly_travel_expenses")
BUDGET = "scenario Budget of the ledger"


@pytest.fixture(scope="session")
def project() -> Project:
    """The definitions alone."""
    return load_project(EXAMPLE / "definitions").project


@pytest.fixture(scope="session")
def published(adventureworks: LoadedProject) -> Iterator[duckdb.DuckDBPyConnection]:
    """The file that BI tools read."""
    project = adventureworks.project
    with duckdb.connect(str(project.path(project.settings.publish.duckdb)), read_only=True) as reader:
        yield reader


@pytest.fixture(scope="session")
def files() -> Iterator[duckdb.DuckDBPyConnection]:
    """The Parquet files as views, and what the queries share."""
    with duckdb.connect() as connection:
        for file in sorted((EXAMPLE / "data").glob("*.parquet")):
            connection.execute(f"CREATE VIEW {file.stem} AS FROM '{file}'")
        for shared in ("books", "shop", "people"):
            connection.execute((HERE / f"{shared}.sql").read_text(encoding="utf-8"))
        yield connection


# Every KPI beside a query


@pytest.mark.parametrize("query", QUERIES, ids=lambda path: path.stem)
def test_values_are_those_of_a_query_over_the_files(
    published: duckdb.DuckDBPyConnection, files: duckdb.DuckDBPyConnection, query: Path
) -> None:
    """Every complete period with a value, no more and no fewer, of the total and of each segment that was asked for."""
    expected = files.sql(query.read_text(encoding="utf-8")).pl()
    found = complete(published, query.stem).join(expected.select("segment").unique(), on="segment", how="semi")
    assert not found.is_empty()
    asked = expected.join(complete(published, query.stem).select("period_start").unique(), on="period_start")
    both = found.join(asked, on=["period_start", "segment"], how="full", coalesce=True)
    # NOTE: where nothing happened there is no row to group: sums and counts are 0 there, all else has no value.
    assert away(both, pl.col("value").fill_null(0), pl.col("value_right").fill_null(0)) == []


@pytest.mark.parametrize("kpi", [*BUDGETED, "monthly_net_income_to_date", "yearly_internet_sales"])
def test_targets_are_those_of_a_query_over_the_files(
    published: duckdb.DuckDBPyConnection, files: duckdb.DuckDBPyConnection, kpi: str
) -> None:
    expected = files.sql((HERE / "sql" / f"{kpi}.sql").read_text(encoding="utf-8")).pl().drop_nulls("target")
    both = complete(published, kpi).join(expected, on=["period_start", "segment"], suffix="_expected")
    assert both.height >= 2
    assert away(both, pl.col("target"), pl.col("target_expected")) == []


def complete(published: duckdb.DuckDBPyConnection, kpi: str) -> pl.DataFrame:
    """The published values and targets of a KPI's complete periods."""
    rows: pl.DataFrame = published.sql(
        "SELECT period_start, segment, value, target FROM kpi_value WHERE kpi = ? AND is_complete", params=[kpi]
    ).pl()
    return rows


def away(both: pl.DataFrame, found: pl.Expr, expected: pl.Expr) -> list[tuple[object, ...]]:
    """The rows in which two numbers are further apart than a billionth of them, or a millionth of a dollar."""
    apart = (found - expected.cast(pl.Float64)).abs() > 1e-6 + 1e-9 * expected.cast(pl.Float64).abs()
    return both.filter(apart.fill_null(True)).sort("period_start", "segment").rows()


def test_every_kpi_has_its_query(project: Project) -> None:
    assert [query.stem for query in QUERIES] == sorted(project.kpis)


# What the README of the data promises


def test_totals_are_those_that_are_printed(adventureworks: LoadedProject) -> None:
    metrics = {
        "internet sales": "internet_sales",
        "total product cost": "product_cost",
        "order lines": "lines",
        "orders": "orders",
        "customers": "customers",
    }
    answer = adventureworks.query([*metrics.values(), "product_cost_by_version"])
    for label, text in printed("figure").items():
        assert f"{answer.item(0, metrics[label]):,.{decimals(text)}f}" == text
    assert answer.item(0, "product_cost_by_version") == answer.item(0, "product_cost")


@pytest.mark.parametrize(
    ("heading", "label"),
    [
        ("category", "replace(segment, 'product__subcategory__category__category_name=', '')"),
        ("year", "year(period_start)::VARCHAR"),
    ],
)
def test_published_sales_add_up_to_those_that_are_printed(
    published: duckdb.DuckDBPyConnection, heading: str, label: str
) -> None:
    segments = "segment LIKE 'product__%'" if heading == "category" else "segment = 'all'"
    rows = published.sql(
        f"SELECT {label}, printf('%.2f', sum(value)) FROM kpi_value "
        f"WHERE kpi = 'monthly_internet_sales' AND {segments} GROUP BY ALL"
    ).fetchall()
    assert dict(rows) == {key: text.replace(",", "") for key, text in printed(heading).items()}


def test_every_customer_is_new_once(published: duckdb.DuckDBPyConnection) -> None:
    new = published.sql("SELECT sum(value) FROM kpi_value WHERE kpi = 'monthly_new_customers' AND segment = 'all'")
    assert new.fetchall() == [(18484,)]


def printed(heading: str) -> dict[str, str]:
    """The table of the data's README whose first column has this heading."""
    text = (EXAMPLE / "data" / "README.md").read_text(encoding="utf-8")
    found = re.search(rf"^\| {heading} \|.*\n\|.*\n((?:\|.*\n)+)", text, flags=re.MULTILINE)
    assert found
    rows = [(cells[1].strip(), cells[2].strip()) for cells in (line.split("|") for line in found[1].splitlines())]
    return dict(rows)


def decimals(text: str) -> int:
    return len(text.partition(".")[2])


# Figures a person worked out once, from the files alone


@pytest.mark.parametrize(
    ("kpi", "period", "segment", "value", "target"),
    [
        ("monthly_net_sales", date(2011, 1, 1), "all", 1797039.33, 1961263.75),
        ("monthly_operating_profit", date(2010, 12, 1), "all", -201730.48, -121600.24),
        ("monthly_headcount", date(2012, 6, 1), "all", 287, 275),
        ("daily_calls_given_up", date(2014, 5, 29), "all", 0.1635, 0.1),
        ("monthly_days_to_ship", date(2013, 12, 1), "all", 7, 7),
        ("yearly_move_rate", date(2012, 7, 1), "all", 1 / 288.7, 0.005),
    ],
)
def test_single_figures(
    published: duckdb.DuckDBPyConnection, kpi: str, period: date, segment: str, value: float, target: float
) -> None:
    (found,) = published.execute(
        "SELECT value, target FROM kpi_value WHERE (kpi, period_start, segment) = (?, ?, ?)", [kpi, period, segment]
    ).fetchall()
    assert found == pytest.approx((value, target), rel=1e-3, abs=5e-5)


# What the README of the example promises


def test_the_budget_is_told_from_examples(published: duckdb.DuckDBPyConnection) -> None:
    rows = published.sql(
        f"SELECT target_provenance = '{BUDGET}', min(period_start), max(period_start), count(DISTINCT period_start) "
        f"FROM kpi_value WHERE kpi IN {BUDGETED} AND segment = 'all' GROUP BY ALL ORDER BY ALL DESC"
    ).fetchall()
    assert rows == [(True, date(2010, 12, 1), date(2011, 11, 1), 12), (False, date(2011, 12, 1), date(2013, 12, 1), 25)]


def test_every_other_target_says_that_it_is_an_example(published: duckdb.DuckDBPyConnection) -> None:
    rows = published.sql(
        "SELECT DISTINCT kpi, target_provenance FROM kpi_value WHERE target_provenance IS NOT NULL "
        f"AND NOT starts_with(target_provenance, 'example') AND target_provenance <> '{BUDGET}'"
    ).fetchall()
    assert rows == []


def test_fiscal_years_are_those_of_the_calendar_table(
    published: duckdb.DuckDBPyConnection, files: duckdb.DuckDBPyConnection
) -> None:
    """Quarters agree on every day; years do until 2010, after which the table's are one too low."""
    theirs = files.sql("SELECT date AS day, FiscalYear AS year, FiscalQuarter AS quarter FROM calendar").pl()
    ours = published.sql(
        "SELECT day, year.year_number AS our_year, quarter.period_number AS our_quarter FROM calendar "
        "JOIN calendar_period AS year ON year.grain = 'year' AND day BETWEEN year.period_start AND year.last_day "
        "JOIN calendar_period AS quarter ON quarter.grain = 'quarter' "
        "AND day BETWEEN quarter.period_start AND quarter.last_day"
    ).pl()
    both = theirs.join(ours, on="day")
    assert both.height > 3000
    assert both.filter(pl.col("quarter") != pl.col("our_quarter")).is_empty()
    too_low = pl.when(pl.col("day") < date(2011, 1, 1)).then(0).otherwise(1)
    assert both.filter(pl.col("year") + too_low != pl.col("our_year")).is_empty()


def test_a_wish_that_comes_true_is_a_conversion(adventureworks: LoadedProject) -> None:
    answer = adventureworks.query(["wishes_come_true_share", "wishes_converted"], grain="month")
    assert answer.get_column("wishes_come_true_share").to_list() == pytest.approx(
        answer.get_column("wishes_converted").to_list()
    )


def test_all_checks_pass(published: duckdb.DuckDBPyConnection) -> None:
    assert published.sql("SELECT asset, check_name, observed FROM check_result WHERE NOT passed").fetchall() == []


def test_the_linter_speaks_of_links_only_that_the_data_speaks_against(
    adventureworks: LoadedProject, published: duckdb.DuckDBPyConnection
) -> None:
    refuted = published.sql(
        "SELECT kpi, leads_kpi FROM kpi_evidence WHERE verdict IN ('not_supported', 'reversed')"
    ).fetchall()
    found = adventureworks.check()
    assert {one.rule for one in found} == {"E"}
    assert {one.subject for one in found} == {f"link {leader}->{follower}" for leader, follower in refuted}
    assert adventureworks.check_columns() == ()


def test_all_frameworks_and_perspectives_are_there(project: Project) -> None:
    assert len(project.kpis) >= 30
    assert {goal.framework for goal in project.goals.values()} == {None, *Framework}
    assert {project.goals[kpi.serves[0].goal].perspective for kpi in project.kpis.values()} == set(Perspective)
    assert {kpi.target.type for kpi in project.kpis.values() if kpi.target} == {
        "at_least", "at_most", "within", "increase_to", "growth",
    }  # fmt: skip


def test_the_readme_lists_the_kpis(project: Project) -> None:
    table = (EXAMPLE / "README.md").read_text(encoding="utf-8").split("## The KPIs")[1]
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \| (\w+) \|", table, flags=re.MULTILINE)
    said = [
        (kpi.name, project.goals[kpi.serves[0].goal].title, project.teams[kpi.team or ""].title, kpi.grain.value)
        for kpi in project.kpis.values()
    ]
    assert sorted(rows) == sorted(said)


def test_the_readme_counts_right(project: Project) -> None:
    text = (EXAMPLE / "README.md").read_text(encoding="utf-8")
    counted = [
        (len(project.sources), "tables"), (len(project.metrics), "metrics"), (len(project.kpis), "KPIs"),
        (len(project.goals), "goals"), (len(project.links), "claims"),
    ]  # fmt: skip
    assert [f"{count} {word}" for count, word in counted if f"{count} {word}" not in text] == []


@pytest.mark.parametrize(
    ("table", "rows"), [("okr_key_result", 4), ("mbo_agreement", 1), ("team_focus", 2), ("perspective_score", 4)]
)
def test_every_framework_has_its_rows(published: duckdb.DuckDBPyConnection, table: str, rows: int) -> None:
    assert published.sql(f"SELECT count(*) FROM {table}").fetchall() == [(rows,)]


def test_what_sales_looked_at_and_what_became_of_it(
    published: duckdb.DuckDBPyConnection, files: duckdb.DuckDBPyConnection
) -> None:
    """Spring: from March to June. Autumn: from the week before October to the last one of December."""
    focuses = published.sql(
        "SELECT kpi, is_current, before_value, latest_value, change FROM team_focus ORDER BY focus_number"
    ).fetchall()
    asked = {
        "monthly_promoted_share": (date(2013, 3, 1), date(2013, 6, 1)),
        "weekly_internet_sales": (date(2013, 9, 23), date(2013, 12, 23)),
    }
    assert [(kpi, is_current) for kpi, is_current, *_ in focuses] == [(kpi, False) for kpi in asked]
    for (_, _, *numbers), (kpi, (before, latest)) in zip(focuses, asked.items(), strict=True):
        query = files.sql((HERE / "sql" / f"{kpi}.sql").read_text(encoding="utf-8")).filter("segment = 'all'")
        values = dict(query.project("period_start, value::DOUBLE").fetchall())
        assert numbers == pytest.approx([values[before], values[latest], values[latest] - values[before]], rel=1e-9)


def test_profit_missed_the_budget_in_eleven_of_twelve_months(published: duckdb.DuckDBPyConnection) -> None:
    months = published.sql(
        "SELECT count(*) FILTER (value < target), count(*) FROM kpi_value "
        f"WHERE kpi = 'monthly_operating_profit' AND segment = 'all' AND target_provenance = '{BUDGET}'"
    ).fetchall()
    assert months == [(11, 12)]


def test_customers_of_bikes_come_back_for_accessories(adventureworks: LoadedProject) -> None:
    answer = adventureworks.query(["back_within_a_year"], by=["cohort_age"], grain="quarter", end="2012-09-30")
    later = answer.with_columns(
        seen=pl.col("period_start").dt.offset_by(pl.format("{}q", pl.col("cohort_age").cast(pl.Int64)))
    )
    before = later.filter((pl.col("cohort_age") > 0) & (pl.col("seen") < date(2012, 10, 1)))
    after = later.filter((pl.col("cohort_age") > 0) & pl.col("seen").is_between(date(2013, 4, 1), date(2013, 10, 1)))
    assert before.get_column("back_within_a_year").to_list() == [0] * before.height
    assert after.get_column("back_within_a_year").mean() == pytest.approx(0.25, abs=0.05)


def test_what_changed_a_kpi_adds_up_to_its_published_change(published: duckdb.DuckDBPyConnection) -> None:
    """Every table of every KPI, within what rounding leaves; and every KPI with a change is told of."""
    told = published.sql(
        """
        WITH change AS (
            SELECT kpi, period_start_utc, against,
                value - CASE against WHEN 'previous' THEN previous_value ELSE year_ago_value END AS change
            FROM kpi_value CROSS JOIN (VALUES ('previous'), ('year_ago')) AS compared(against)
            WHERE segment = 'all' AND is_complete AND value IS NOT NULL
            QUALIFY period_start_utc = max(period_start_utc) OVER (PARTITION BY kpi)
        )
        SELECT change.kpi, against, change, kpi_driver.breakdown, sum(contribution), sum(abs(contribution))
        FROM change JOIN kpi_driver USING (kpi, period_start_utc, against) WHERE change IS NOT NULL GROUP BY ALL
        """
    ).fetchall()
    assert len({(kpi, against) for kpi, against, *_ in told}) > 60
    for kpi, against, change, breakdown, added, size in told:
        assert added == pytest.approx(change, rel=1e-9, abs=1e-9 * size), (kpi, against, breakdown)


def test_why_says_what_was_published(adventureworks: LoadedProject, published: duckdb.DuckDBPyConnection) -> None:
    found = adventureworks.why("monthly_internet_margin_rate")
    columns = "breakdown, segment, effect, input, contribution, share_of_change, from_value, to_value"
    rows = published.sql(
        f"SELECT {columns} FROM kpi_driver WHERE kpi = 'monthly_internet_margin_rate' AND against = 'previous' ORDER BY ALL"
    ).fetchall()
    assert sorted(found.rows.rows(), key=repr) == sorted(rows, key=repr)
