"""Every command on a project that has run: what it prints, and that it is fit to be piped."""

from __future__ import annotations

import io
import json
import re

import polars as pl
import pytest

from tests.project import Shop, kpi


@pytest.mark.parametrize(
    "arguments",
    [
        ["check"], ["run"], ["list"], ["list", "metrics"], ["list", "goals"], ["list", "models"], ["list", "sources"],
        ["show", "weekly_revenue"], ["explain", "revenue_growth"],
        ["query", "revenue", "--by", "country", "--grain", "month"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_command_works_and_can_be_piped(ran: Shop, arguments: list[str]) -> None:
    said = ran.kpi(*arguments)
    assert said.code == 0, said
    assert said.out.strip()
    assert "\x1b" not in said.out + said.err, "colour codes have no place in a pipe"
    assert "…" not in said.out.replace("… in progress", ""), "something was cut off"


def test_check_counts_what_there_is(ran: Shop) -> None:
    said = ran.kpi("check")
    assert "3 sources, 2 models, 6 metrics, 2 goals, 3 KPIs, 0 links: 0 errors, 2 warnings." in said.out
    together = "warning U: used by nothing, 2 times\n  definitions/metrics.yaml:4:5 metric buyers, 6:5 metric revenue_growth\nHint: "
    assert together in said.out
    assert "definitions/metrics.yaml:4:5  warning U: Metric 'buyers'" in ran.kpi("check", "--verbose").out
    told = json.loads(ran.kpi("check", "--json").out)
    assert told[0]["subject"] == "metric buyers"
    assert told[0]["place"] == {"file": "definitions/metrics.yaml", "line": 4, "column": 5}
    assert ran.kpi("check", "--strict").code == 1


def test_check_says_which_columns_are_not_known_yet(shop: Shop) -> None:
    (shop.root / "data/tickets.csv").unlink()
    said = shop.kpi("check")
    assert said.code == 0
    assert "columns of 'tickets' was not checked" in said.out
    assert not shop.warehouse.exists()


def test_check_needs_no_warehouse(ran: Shop) -> None:
    """Definitions are checked in a checkout that nobody may write to, and beside a warehouse that is broken."""
    ran.warehouse.write_bytes(b"no database")
    said = ran.kpi("check")
    assert said.code == 0, said
    assert "What names columns of 'sales' was not checked" in said.out


def test_run_prints_the_scorecard(shop: Shop) -> None:
    said = shop.kpi("run")
    lines = {line.split("  ")[0]: line for line in said.out.splitlines()}
    assert re.search(r"2024-W09 +€577 +€1,500 +38 % +✗ off track +\S+ +lagging +Grow", lines["Weekly revenue"])
    assert re.search(r"2024-W09 +4 +4 +100 % +✓ on track", lines["Weekly tickets"])
    assert "Published in" in said.out
    assert said.err == ""


@pytest.mark.parametrize("columns", [80, 100, 120, 160])
def test_scorecard_fits_the_terminal(ran: Shop, monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("FORCE_COLOR", "1")
    said = ran.kpi("list")
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in said.out.splitlines()]
    assert max(map(len, lines)) <= columns
    text = "\n".join(lines)
    (line,) = (one for one in lines if "2024-W09" in one and "€577" in one)
    assert "Weekly revenue" in line
    assert "✗ off track" in line
    assert text.count("lagging") == 3
    assert text.count("Grow") == (2 if columns >= 120 else 0)
    assert text.count("█") >= 3
    assert "…" not in text


def test_narrow_terminal_shows_the_status(ran: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("FORCE_COLOR", "1")
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line).rstrip() for line in ran.kpi("list").out.splitlines()]
    assert max(map(len, lines)) <= 60
    place = next(at for at, line in enumerate(lines) if line.startswith("Weekly revenue"))
    assert re.fullmatch(r"Weekly revenue +€577 +€1,500 +✗ off track", lines[place])
    assert re.fullmatch(r"2024-W09 lagging +\S+", lines[place + 1])


def test_list_before_any_run_shows_the_definitions(shop: Shop) -> None:
    said = shop.kpi("list")
    assert said.code == 0
    assert "weekly_average_sale" in said.out
    assert "kpi run" in said.out


def test_show_tells_meaning_origin_and_history(ran: Shop) -> None:
    said = ran.kpi("show", "weekly_average_sale", "--periods", "3")
    assert "sales  →  sale  →  " in said.out
    assert "average_sale" in said.out
    assert "Grow" in said.out
    assert "Ana" in said.out
    assert "2024-W07" not in said.out.split("Period")[1].split("⠒")[0]
    assert "2024-W09" in said.out


def test_explain_shows_the_sql_with_and_without_a_warehouse(shop: Shop) -> None:
    before = shop.kpi("explain", "weekly_revenue")
    assert "raw.sales" in before.out
    assert not shop.warehouse.exists()
    shop.run()
    after = shop.kpi("explain", "weekly_revenue")
    assert "GROUP BY" in after.out
    assert "row by row" in after.out


def test_formats_say_the_same(ran: Shop) -> None:
    asked = ["query", "revenue", "average_sale", "--by", "country", "--grain", "week"]
    frame = ran.load().query(["revenue", "average_sale"], by=["country"], grain="week")
    as_csv = pl.read_csv(io.BytesIO(ran.kpi(*asked, "--format", "csv").bytes), try_parse_dates=True)
    as_parquet = pl.read_parquet(io.BytesIO(ran.kpi(*asked, "--format", "parquet").bytes))
    as_json = pl.DataFrame(json.loads(ran.kpi(*asked, "--format", "json").out)).with_columns(
        pl.col("period_start").str.to_date()
    )
    assert frame.height == 30
    for one in (as_csv, as_parquet, as_json):
        assert one.rows() == frame.rows()
        assert one.columns == frame.columns
    for suffix in ("csv", "json", "parquet"):
        path = ran.root / f"answer.{suffix}"
        said = ran.kpi(*asked, "--format", suffix, "--output", str(path))
        assert (said.code, said.out) == (0, "")
        assert path.read_bytes() == ran.kpi(*asked, "--format", suffix).bytes


def test_output_of_a_table_is_csv(ran: Shop) -> None:
    ran.kpi("query", "revenue", "-o", str(ran.root / "answer.csv"))
    assert (ran.root / "answer.csv").read_text() == f"revenue\n{sum(ran.values('weekly_revenue').values())}\n"


def test_long_answers_are_not_cut_silently(ran: Shop) -> None:
    said = ran.kpi("query", "sales", "tickets", "--grain", "day")
    assert said.code == 0
    assert said.out.count("2024-") == ran.load().query(["sales", "tickets"], grain="day").height


def test_quiet_run_says_nothing(ran: Shop) -> None:
    said = ran.kpi("run", "--full", "--quiet")
    assert (said.code, said.out, said.err) == (0, "", "")


def test_schema_is_json_schema() -> None:
    assert json.loads(kpi("schema").out)["properties"].keys() >= {"sources", "metrics", "kpis"}


def test_project_is_found_from_a_folder_below(ran: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ran.root / "data" / "sales")
    assert kpi("list").code == 0


def test_help_teaches_and_version_is_told() -> None:
    assert "kpi init shop --from orders.csv" in kpi("--help").out
    assert kpi("--version").out.startswith("kpi_pipeline ")
    for command in ("check", "run", "list", "show", "explain", "query", "schema", "init", "dev"):
        assert kpi(command, "--help").code == 0
