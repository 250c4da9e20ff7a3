"""Stocks that could not be computed are refused where they are written."""

from __future__ import annotations

import pytest

from kpi_pipeline.load import check_columns
from kpi_pipeline.names import TableRef

SNAPSHOT = (
    "models: [{{name: stock, table: raw.invoice_lines, agg_time_dimension: day, entities: [{{name: product, type: foreign}}], "
    "dimensions: [{{name: day, type: time}}, {{name: counted, type: time}}, shelf]}}]\n"
    "metrics: [{{name: m, type: simple, model: stock, agg: {}, expr: units, non_additive_dimension: {{{}}}}}]"
)
ACTIVE = "metrics: [{{name: m, type: simple, model: order_lines, agg: {}, expr: price, active: {{{}}}}}]"


def snapshot(written: str, agg: str = "sum") -> str:
    return SNAPSHOT.format(agg, written)


def active(written: str, agg: str = "sum") -> str:
    return ACTIVE.format(agg, written)


class TestMoment:
    def test_no_dimension(self, problems):
        (problem,) = problems(snapshot("name: dya, window_agg: max"))

        assert (
            problem.message
            == "Metric 'm': 'non_additive_dimension' is 'dya', which is no time dimension of model 'stock'."
        )
        assert problem.hint == "did you mean 'day'?"
        assert str(problem.place).startswith("definitions/it.yaml:2")

    def test_a_dimension_that_is_no_time(self, problems):
        (problem,) = problems(snapshot("name: shelf, window_agg: max"))

        assert problem.hint == "write {name: shelf, type: time} among the dimensions of model 'stock'"

    def test_another_time_dimension(self, project):
        assert project(snapshot("name: counted, window_agg: max"))

    def test_carried_by_another_time(self, problems):
        (problem,) = problems(snapshot("name: counted, window_agg: max, carry_forward: true"))

        assert problem.message == "Metric 'm' carries forward by 'counted', but its rows count by 'day'."
        assert "agg_time_dimension: counted" in problem.hint


class TestGroupings:
    @pytest.mark.parametrize("name", ["product", "shelf"])
    def test_entity_or_dimension(self, project, name):
        assert project(snapshot(f"name: day, window_agg: max, window_groupings: [{name}]"))

    def test_neither(self, problems):
        (problem,) = problems(snapshot("name: day, window_agg: max, window_groupings: [product, shelv]"))

        assert (
            problem.message
            == "Metric 'm': 'window_groupings' has 'shelv', which is no entity or dimension of model 'stock'."
        )
        assert problem.hint == "did you mean 'shelf'?"


@pytest.mark.parametrize(
    ("agg", "written", "message"),
    [
        ("median", "name: day, window_agg: max", "'window_agg: max' goes with 'agg: sum | count"),
        (
            "count_distinct",
            "name: day, window_agg: average",
            "'window_agg: average' goes with 'agg: sum | count | sum_boolean'",
        ),
        ("max", "name: day, window_agg: highest", "not with 'max'"),
        ("max", "name: day, window_agg: max, carry_forward: true", "'carry_forward' goes with"),
        ("sum", "name: day, window_agg: min, carry_forward: true", "goes with 'window_agg: max', not with 'min'"),
        ("sum", "name: day", "window_agg"),
        ("sum", "name: day, window_agg: latest", "latest"),
    ],
)
def test_of_moments_not_everything_can_be_taken(problems, agg, written, message):
    (problem,) = problems(snapshot(written, agg))

    assert message in problem.message


@pytest.mark.parametrize(
    ("agg", "written", "message"),
    [
        (
            "max",
            "from: sold_at, to: paid_at",
            "'active.at: end' goes with 'agg: sum | count | sum_boolean | count_distinct",
        ),
        ("average", "from: sold_at, to: paid_at, at: highest", "'active.at: highest' goes with"),
        ("sum", "from: sold_at, to: sold_at", "nothing would ever be active"),
        ("sum", "from: sold_at", "'to'"),
    ],
)
def test_what_lasts_cannot_be_taken_in_every_way(problems, agg, written, message):
    (problem,) = problems(active(written, agg))

    assert message in problem.message


def test_active_between_a_time_and_a_word(problems):
    (problem,) = problems(active("from: sold_at, to: country"))

    assert problem.message == "Metric 'm': 'active.to' is 'country', which is not a time dimension."


def test_both_kinds_of_stock(problems):
    (problem,) = problems(
        "metrics: [{name: m, type: simple, model: order_lines, agg: count, active: {from: sold_at, to: paid_at}, "
        "non_additive_dimension: {name: sold_at, window_agg: max}}]"
    )

    assert "exclude each other" in problem.message


def test_active_says_the_time_itself(problems):
    (problem,) = problems(
        "metrics: [{name: m, type: simple, model: order_lines, agg: count, active: {from: sold_at, to: paid_at}, "
        "agg_time_dimension: sold_at}]"
    )

    assert problem.hint == "leave out 'agg_time_dimension'"


@pytest.mark.parametrize(
    "stock", ["active: {from: sold_at, to: paid_at}", "non_additive_dimension: {name: sold_at, window_agg: max}"]
)
def test_a_stock_is_not_accumulated(problems, stock):
    (problem,) = problems(
        f"metrics: [{{name: m, type: simple, model: order_lines, agg: count, {stock}}}, "
        "{name: c, type: cumulative, input_metric: m, window: 28 days}]"
    )

    assert problem.message == "Metric 'c' accumulates 'm', which is a stock."
    assert "its average, highest or lowest" in problem.hint


def test_columns_that_are_not_there(project):
    columns = {
        TableRef("raw", "invoice_lines"): dict.fromkeys(("invoice", "sold_at", "quantity", "price", "country"), "DATE"),
    }
    found = check_columns(project(active("from: sold_at, to: sold_til")), columns)

    assert [problem.message for problem in found] == [
        "Metric 'm': 'active.to' names the column 'sold_til', which model.order_lines does not have."
    ]
