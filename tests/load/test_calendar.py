"""What a project says of its calendar is whole and fits the rest."""

from __future__ import annotations

import pytest

from kpi_pipeline.load import check_columns
from kpi_pipeline.names import TableRef


@pytest.fixture
def said(problems, base):
    """The problems of the base with more keys in its project."""
    return lambda keys: problems(files={"base.yaml": base.replace("currency: GBP", keys)})


class TestCalendar:
    @pytest.mark.parametrize(
        ("calendar", "message"),
        [
            ("{retail: 4-5-4, year_ends: last funday of january}", "'funday' is no weekday"),
            ("{retail: 4-5-4, year_ends: last friday of brumaire}", "'brumaire' is no month"),
            ("{retail: 4-5-4, year_ends: friday nearest 31 april}", "not every April has a day 31"),
            ("{retail: 4-5-4, year_ends: the end}", "names no last day of a year"),
            ("{retail: 4-5-4}", "'year_ends' goes with 'retail'"),
            ("{retail: 4-5-5, year_ends: last friday of june}", "'4-5-5'"),
            ("{retail: 4-5-4, year_ends: last friday of june, table: targets}", "give one of the two"),
            ("{}", "give one of the two"),
            (
                "{retail: 4-5-4, year_ends: last friday of june, columns: {day: d}}",
                "'columns' names columns of a calendar table",
            ),
        ],
    )
    def test_that_is_none(self, said, calendar, message):
        (problem,) = said(f"calendar: {calendar}")

        assert message in problem.message
        assert problem.place is not None

    def test_of_retail_years_without_an_end(self, said):
        (problem,) = said("calendar: {retail: 4-4-5}")

        assert problem.hint == "write {retail: 4-4-5, year_ends: last saturday of january}"

    def test_whose_weeks_begin_otherwise(self, said):
        (problem,) = said("week_start: monday, calendar: {retail: 4-5-4, year_ends: last saturday of june}")

        assert "its weeks begin on sunday" in problem.message

    def test_whose_years_begin_otherwise(self, said):
        (problem,) = said("fiscal_year_start: may, calendar: {retail: 4-5-4, year_ends: last saturday of june}")

        assert problem.hint == "a retail year begins after 'year_ends'"

    def test_in_a_table_that_is_not_there(self, said):
        (problem,) = said("calendar: {table: order_line}")

        assert problem.message == (
            "The project takes its calendar from 'order_line', which is not defined as a model or source."
        )
        assert problem.hint.startswith("did you mean 'order_lines'")
        assert str(problem.place).startswith("definitions/base.yaml:")

    def test_with_a_column_that_is_not_there(self, project, base):
        text = base.replace("currency: GBP", "calendar: {table: targets, columns: {day: date, month: mnth}}")
        columns = dict.fromkeys(("kpi", "period_start", "value", "date", "month"), "")

        (problem,) = check_columns(project(files={"base.yaml": text}), {TableRef("raw", "targets"): columns})

        assert "'calendar.columns.month' is 'mnth', a column that raw.targets does not have." in problem.message
        assert problem.hint == "did you mean month?"

    @pytest.mark.parametrize(
        ("kind", "fits"), [("DATE", True), ("VARCHAR", True), ("TIMESTAMP", True), ("BIGINT", False)]
    )
    def test_whose_day_is_none(self, project, base, kind, fits):
        text = base.replace("currency: GBP", "calendar: {table: targets, columns: {day: date}}")
        columns = dict.fromkeys(("kpi", "period_start", "value"), "VARCHAR") | {"date": kind}

        problems = check_columns(project(files={"base.yaml": text}), {TableRef("raw", "targets"): columns})

        said = "The project: 'calendar.columns.day' is 'date', which is BIGINT in raw.targets, and no day."
        assert [one.message for one in problems] == ([] if fits else [said])
