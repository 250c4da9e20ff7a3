"""What was decided when people looked at a KPI: written by a command, read with the definitions."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest

from kpi_pipeline.errors import DefinitionError, StorageError
from kpi_pipeline.load import load
from kpi_pipeline.load.append_review import append_review
from kpi_pipeline.periods import Grain
from kpi_pipeline.project import Project
from kpi_pipeline.reviews import Action, HeldReview, due_after
from kpi_pipeline.status import Status
from tests.load.conftest import BASE

HELD = HeldReview(
    kpi="weekly_sales",
    on=date(2010, 12, 14),
    by="ann",
    decision='Keep the target: two weeks of snow, "not" a trend #1',
    actions=(Action(what="Call the ten largest accounts", who="ann", by=date(2010, 12, 31)),),
    status_then=Status.off_track,
    value_then=0.1,
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "definitions").mkdir()
    (tmp_path / "definitions" / "all.yaml").write_text(BASE, encoding="utf-8")
    return tmp_path


def loaded(root: Path) -> Project:
    return load(root / "definitions", variables={})


def reviewed(root: Path, text: str) -> Project:
    (root / "reviews").mkdir(exist_ok=True)
    (root / "reviews" / "weekly_sales.yaml").write_text(text, encoding="utf-8")
    return loaded(root)


def test_what_is_written_is_read_again(root: Path) -> None:
    file = append_review(loaded(root), HELD)

    assert file == root / "reviews" / "weekly_sales.yaml"
    assert loaded(root).reviews == (HELD,)
    assert file.read_text(encoding="utf-8") == (
        "reviews:\n"
        "  - kpi: weekly_sales\n"
        "    on: 2010-12-14\n"
        "    by: ann\n"
        '    decision: "Keep the target: two weeks of snow, \\"not\\" a trend #1"\n'
        "    actions:\n"
        "      - what: Call the ten largest accounts\n"
        "        who: ann\n"
        "        by: 2010-12-31\n"
        "    status_then: off_track\n"
        "    value_then: 0.1\n"
    )


@pytest.mark.parametrize(
    "before",
    [
        "# our reviews\nreviews:\n- {kpi: weekly_sales, on: 2010-10-01, by: ann, decision: none}  # by mail\n\n# more\n",
        "reviews:\r\n    - kpi: weekly_sales\r\n      on: 2010-10\r\n      by: ann\r\n      decision: |\r\n        go on\r\n",
        "reviews:\n  - kpi: weekly_sales\n    on: 2010-10-01\n    by: ann\n    decision: go on",
        "reviews:\n# nothing yet\n",
        "# nothing at all\nreviews:\n",
    ],
)
def test_nothing_else_in_the_file_is_touched(root: Path, before: str) -> None:
    (root / "reviews").mkdir()
    file = root / "reviews" / "weekly_sales.yaml"
    file.write_bytes(before.encode())
    project = loaded(root)
    append_review(project, HELD)

    assert file.read_bytes().startswith(before.encode())
    assert loaded(root).reviews == (*project.reviews, HELD)
    assert not list(file.parent.glob(".*"))


@pytest.mark.parametrize(
    "before",
    [
        "reviews: []\n",
        "reviews: [{kpi: weekly_sales, on: 2010-10-01, by: ann, decision: none}]\n",
    ],
)
def test_a_file_that_cannot_be_added_to_is_left_alone(root: Path, before: str) -> None:
    project = reviewed(root, before)

    with pytest.raises(DefinitionError, match=r"cannot be added to reviews/weekly_sales.yaml(.|\n)*write it as a list"):
        append_review(project, HELD)
    assert (root / "reviews" / "weekly_sales.yaml").read_text(encoding="utf-8") == before


@pytest.mark.parametrize(
    "text", ["no", "null", "${HOME}", "a\nb", "- x", "ü: ö", "\u2028", "010", "'", " x ", "2010-01-01"]
)
def test_any_text_comes_back_as_it_was(root: Path, text: str) -> None:
    held = HeldReview(kpi="weekly_sales", on=date(2010, 12, 14), by=text, decision=text)
    append_review(loaded(root), held)

    assert loaded(root).reviews == (held,)


def test_a_kpi_is_reviewed_once_a_day(root: Path) -> None:
    append_review(loaded(root), HELD)

    with pytest.raises(
        DefinitionError, match=r"reviews/weekly_sales.yaml:2:5  KPI 'weekly_sales' was already reviewed"
    ):
        append_review(loaded(root), HELD)


def test_the_newest_review_counts(root: Path) -> None:
    project = reviewed(root, "reviews:\n  - {kpi: weekly_sales, on: 2010-12-14, by: ann, decision: go on}\n")
    review = project.review_due("weekly_sales", date(2011, 1, 20))

    assert review
    assert (review.last, review.due, review.days_overdue) == (date(2010, 12, 14), date(2011, 1, 14), 6)
    other = project.review_due("weekly_orders", date(2010, 12, 30))
    assert other
    assert (other.last, other.due, other.days_overdue) == (date(2010, 11, 30), date(2010, 12, 30), 0)


def test_a_later_day_in_the_definition_counts(root: Path) -> None:
    project = reviewed(root, "reviews:\n  - {kpi: weekly_sales, on: 2010-01-14, by: ann, decision: go on}\n")
    review = project.review_due("weekly_sales")

    assert review
    assert (review.last, review.today, review.days_overdue) == (date(2010, 11, 30), None, 0)


@pytest.mark.parametrize(
    ("last", "every", "due"),
    [
        (date(2024, 1, 31), Grain.month, date(2024, 2, 29)),
        (date(2024, 2, 29), Grain.year, date(2025, 2, 28)),
        (date(2024, 11, 30), Grain.quarter, date(2025, 2, 28)),
        (date(2024, 12, 30), Grain.week, date(2025, 1, 6)),
        (date(2024, 12, 31), Grain.day, date(2025, 1, 1)),
    ],
)
def test_due_a_period_after_the_last(last: date, every: Grain, due: date) -> None:
    assert due_after(last, every) == due


RENAMED = BASE.replace("scorecards: [sales]\n  - name", "scorecards: [sales]\n    formerly: [sales_a_week]\n  - name")


def test_reviews_under_an_earlier_name_are_the_kpis(root: Path) -> None:
    (root / "definitions" / "all.yaml").write_text(RENAMED, encoding="utf-8")
    project = reviewed(root, "reviews:\n  - {kpi: sales_a_week, on: 2010-12-14, by: ann, decision: go on}\n")

    assert [one.kpi for one in project.reviews_of("weekly_sales")] == ["sales_a_week"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "reviews:\n  - {kpi: weekly_sale, on: 2010-12-14, by: ann, decision: go on}\n",
            r"reviews/weekly_sales.yaml:2:11  Review 'weekly_sale on 2010-12-14' is of KPI 'weekly_sale', .*\nHint: did you mean 'weekly_sales' \(definitions/all.yaml",
        ),
        (
            "reviews:\n  - {kpi: churn, on: 2010-12-14, by: ann, decision: go on}\n",
            r"which is not defined as a KPI.\nHint: if the KPI was renamed, give it `formerly`",
        ),
        (
            "reviews:\n  - {kpi: weekly_sales, on: 2010-12-14, by: ann, decision: go on, action: []}\n",
            r"reviews/weekly_sales.yaml:2:\d+  Review 'weekly_sales on 2010-12-14' has the key 'action', which is not known.\nHint: did you mean 'actions'",
        ),
        (
            "reviews:\n  - {kpi: weekly_sales, on: 14.12.2010, by: ann, decision: go on}\n",
            r"reviews/weekly_sales.yaml:2:29  Review .*'14.12.2010' is not a date",
        ),
        (
            "reviews:\n  - kpi: weekly_sales\n    on: 2010-12-14\n    by: ann\n    decision: go on\n  - {kpi: weekly_sales, on: 2010-12-14, by: bob, decision: stop}\n",
            r"reviews/weekly_sales.yaml:6:5  Review 'weekly_sales on 2010-12-14' is defined twice.\nHint: it is first at reviews/weekly_sales.yaml:2:5; keep one",
        ),
        ("kpis: []\nteams: [{name: crew}]\n", r"reviews/weekly_sales.yaml:2:9  'teams' has no place in the folder reviews/."),
        ("reviews: [weekly_sales]\n", r"write it like - \{kpi: sales, on: 2010-12-14, by: ann"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(root: Path, text: str, said: str) -> None:
    with pytest.raises(DefinitionError, match=said):
        reviewed(root, text)


def test_a_day_has_one_review_whatever_the_kpi_was_called(root: Path) -> None:
    (root / "definitions" / "all.yaml").write_text(RENAMED, encoding="utf-8")
    both = (
        "reviews:\n  - {kpi: sales_a_week, on: 2010-12-14, by: ann, decision: go on}\n"
        "  - {kpi: weekly_sales, on: 2010-12-14, by: ann, decision: go on}\n"
    )
    with pytest.raises(DefinitionError, match="KPI 'weekly_sales' was reviewed twice on 2010-12-14"):
        reviewed(root, both)


def test_reviews_written_at_the_same_moment_are_both_kept(root: Path) -> None:
    project = loaded(root)
    days = [HELD.model_copy(update={"on": date(2010, 12, day)}) for day in range(1, 9)]
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda one: append_review(project, one), days))

    assert sorted(loaded(root).reviews, key=lambda one: one.on) == days


def test_where_nobody_may_write_the_file_is_as_it_was(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = append_review(loaded(root), HELD)
    before = file.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("kpi_pipeline.load.append_review.put_in_place", full)
    with pytest.raises(StorageError, match="cannot be written: No space left on device"):
        append_review(loaded(root), HELD.model_copy(update={"on": date(2011, 1, 1)}))
    assert file.read_bytes() == before
    assert [one.name for one in file.parent.iterdir()] == [file.name]
