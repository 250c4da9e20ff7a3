"""What a project says of its holidays fits, and is said with its place where it does not."""

from __future__ import annotations

import pytest

from kpi_pipeline.load import check_columns
from kpi_pipeline.names import TableRef


@pytest.fixture
def with_holidays(base):
    """The files of the base whose project names these holidays."""
    return lambda holidays: {"base.yaml": base.replace("currency: GBP", f"currency: GBP, holidays: {holidays}")}


@pytest.mark.parametrize(
    ("holidays", "message"),
    [
        ("[{day: someday, name: X}]", "'someday' is not a date"),
        ("[{day: 2010-12-25}]", "'holidays[0]' has no 'name'"),
        ("[{day: 2010-12-25, name: X, open: false}]", "'open'"),
        ("[]", "give one of the two"),
        ("{}", "give one of the two"),
        ("{days: [{day: 2010-12-25, name: X}], table: targets}", "give one of the two"),
        ("{days: [{day: 2010-12-25, name: X}], columns: {day: d}}", "names columns of a table of holidays"),
        ("{table: bank_holiday}", "takes its holidays from 'bank_holiday', which is not defined as a model or source"),
    ],
)
def test_refused_with_its_place(problems, with_holidays, holidays, message) -> None:
    (problem,) = problems(files=with_holidays(holidays))
    assert message in problem.message
    assert problem.place is not None


def test_a_list_is_all_there_is_to_say(project, with_holidays) -> None:
    found = project(files=with_holidays("[{day: 2010-12-25, name: Christmas Day}]")).settings.holidays
    assert [(one.day.isoformat(), one.name) for one in found.days] == [("2010-12-25", "Christmas Day")]


def test_columns_of_the_table_are_looked_up(project, with_holidays) -> None:
    known = {TableRef("raw", "targets"): {"date": "DATE", "name": "VARCHAR"}}
    made = project(files=with_holidays("{table: targets, columns: {day: dat}}"))
    said = [one for one in check_columns(made, known) if "holidays" in one.message]
    assert [one.message for one in said] == [
        "The project: 'holidays.columns.day' is 'dat', a column that raw.targets does not have."
    ]
    assert said[0].hint == "did you mean date?"


def test_the_day_is_a_day(project, with_holidays) -> None:
    made = project(files=with_holidays("{table: targets}"))
    known = {TableRef("raw", "targets"): {"day": "BIGINT", "name": "VARCHAR"}}
    said = [one.message for one in check_columns(made, known) if "holidays" in one.message]
    assert said == ["The project: 'holidays.columns.day' is 'day', which is BIGINT in raw.targets, and no day."]
