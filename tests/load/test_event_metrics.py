"""What is wrong with conversion and retention metrics is said when they are loaded, where it is written."""

from __future__ import annotations

import pytest

from kpi_pipeline.load import check_columns
from kpi_pipeline.names import TableRef

EVENTS = """
models:
  - name: visits
    sql: SELECT visited_at, visitor, channel, product FROM raw.targets
    agg_time_dimension: visited_at
    entities: [{name: visitor, type: foreign}, {name: session, type: primary, expr: channel || product}]
    dimensions: [channel]
  - name: buys
    sql: SELECT bought_at, visitor, product, amount FROM raw.targets
    agg_time_dimension: bought_at
    entities: [{name: visitor, type: foreign}]
metrics:
  - {name: visits_made, type: simple, model: visits, agg: count}
  - {name: bought, type: simple, model: buys, agg: sum, expr: amount}
  - {name: largest, type: simple, model: buys, agg: max, expr: amount}
  - {name: per_visit, type: ratio, numerator: bought, denominator: visits_made}
"""
CONVERSION = (
    "  - {{name: c, type: conversion, entity: visitor, base_metric: visits_made, conversion_metric: bought{}}}\n"
)
RETENTION = "  - {{name: r, type: retention, entity: visitor, model: buys, cohort_grain: month, age: 1{}}}\n"
COLUMNS = {
    TableRef("raw", "targets"): dict.fromkeys(
        ("kpi", "period_start", "value", "visited_at", "bought_at", "visitor", "channel", "product", "amount"),
        "VARCHAR",
    )
}


class TestConversion:
    @pytest.mark.parametrize("more", ["", ", window: 7 days", ", window: 1 month, calculation: conversions"])
    def test_sound(self, project, more):
        assert project(EVENTS + CONVERSION.format(more)).models_of("c") == {"visits", "buys"}

    def test_is_asked_by_the_model_of_its_base_events(self, project):
        assert project(EVENTS + CONVERSION.format("")).models_asked("c") == {"visits"}

    def test_an_entity_nobody_has(self, problems):
        found = problems(EVENTS + CONVERSION.format("").replace("entity: visitor", "entity: visiter"))

        said = "Metric 'c' follows the entity 'visiter', which model '{}' does not have ('{}' is computed from it)."
        assert [one.message for one in found] == [
            said.format("buys", "conversion_metric"),
            said.format("visits", "base_metric"),
        ]
        assert found[0].hint == "did you mean 'visitor'?"
        assert str(found[0].place).startswith("definitions/it.yaml:16:")

    def test_an_entity_of_one_model_only(self, problems):
        (problem,) = problems(EVENTS + CONVERSION.format("").replace("entity: visitor", "entity: session"))

        assert "which model 'buys' does not have" in problem.message
        assert problem.hint == (
            "it has 'visitor'; or add {name: session, type: foreign, expr: ...} to the entities of model 'buys'"
        )

    @pytest.mark.parametrize(
        ("used", "what"),
        [("largest", "aggregates by max"), ("per_visit", "is of type ratio"), ("r", "is of type retention")],
    )
    @pytest.mark.parametrize("key", ["base_metric: visits_made", "conversion_metric: bought"])
    def test_counts_or_adds_up_rows(self, problems, used, what, key):
        text = CONVERSION.format("").replace(key, f"{key.split(':')[0]}: {used}")
        (problem,) = problems(EVENTS + RETENTION.format("") + text)

        assert problem.message == f"Metric 'c' follows the events of '{used}', which {what}."
        assert "is a simple metric that aggregates rows by 'count', 'count_distinct', 'sum'" in problem.hint

    def test_an_unknown_metric(self, problems):
        (problem,) = problems(EVENTS + CONVERSION.format("").replace("bought", "bougth"))

        assert problem.message == "Metric 'c' uses metric 'bougth', which is not defined as a metric."
        assert problem.hint.startswith("did you mean 'bought'")

    @pytest.mark.parametrize("window", ["7", "7 fortnights", "0 days", "-1 days"])
    def test_a_window_that_is_none(self, problems, window):
        (problem,) = problems(EVENTS + CONVERSION.format(f", window: {window}"))

        assert "window" in str(problem) and "length of time" in str(problem)

    def test_inputs_are_not_moved_in_time(self, problems):
        moved = "base_metric: {name: visits_made, offset_window: 1 week}"
        (problem,) = problems(EVENTS + CONVERSION.format("").replace("base_metric: visits_made", moved))

        assert problem.message == "Metric 'c': 'base_metric' cannot be moved in time."
        assert problem.hint == "say with 'window' how far apart the events may lie"

    def test_a_filter_is_about_the_rows_of_its_own_input(self, project):
        text = CONVERSION.format("").replace("bought", "{name: bought, filter: amount > 1}")
        loaded = project(EVENTS + text)

        assert check_columns(loaded, COLUMNS) == ()

    def test_a_filter_of_the_other_side(self, project):
        text = CONVERSION.format("").replace("bought", "{name: bought, filter: channel = 'web'}")
        (problem,) = check_columns(project(EVENTS + text), COLUMNS)

        assert "'conversion_metric.filter' uses the column 'channel', which model.buys does not have" in problem.message

    def test_a_filter_on_a_conversion_is_about_its_base_events(self, project):
        text = "  - {name: d, type: derived, expr: w, input_metrics: [{name: c, alias: w, filter: channel = 'web'}]}\n"
        assert check_columns(project(EVENTS + CONVERSION.format("") + text), COLUMNS) == ()

        (problem,) = check_columns(project(EVENTS + CONVERSION.format("") + text.replace("channel", "amount")), COLUMNS)
        assert "uses the column 'amount', which model.visits does not have" in problem.message

    @pytest.mark.parametrize(
        ("base", "conversion", "said"),
        [
            (
                "prodct",
                "product",
                "'constant_properties[0].base_property' names the column 'prodct', which model.visits",
            ),
            (
                "product",
                "channel",
                "'constant_properties[0].conversion_property' names the column 'channel', which model.",
            ),
        ],
    )
    def test_constant_properties_of_columns_that_are_not_there(self, project, base, conversion, said):
        same = f", constant_properties: [{{base_property: {base}, conversion_property: {conversion}}}]"
        (problem,) = check_columns(project(EVENTS + CONVERSION.format(same)), COLUMNS)

        assert said in problem.message

    @pytest.mark.parametrize(("kind", "problems"), [("DATE", 1), ("TIMESTAMP", 0)])
    def test_a_window_of_hours_between_days(self, project, kind, problems):
        known = {**COLUMNS, TableRef("model", "visits"): {"visited_at": "TIMESTAMP"}}
        known |= {TableRef("model", "buys"): {"bought_at": kind, "visitor": "VARCHAR", "amount": "DOUBLE"}}
        found = check_columns(project(EVENTS + CONVERSION.format(", window: 36 hours")), known)
        said = "Metric 'c': 'window' is 36 hours, but 'bought_at' of model 'buys' holds days."

        assert [one.message for one in found if "hours" in one.message] == [said] * problems

    def test_may_be_accumulated_and_divided(self, project):
        more = (
            "  - {name: w, type: cumulative, input_metric: c, window: 28 days}\n"
            "  - {name: q, type: ratio, numerator: c, denominator: visits_made}\n"
        )
        assert project(EVENTS + CONVERSION.format("") + more).models_of("w") == {"visits", "buys"}

    def test_the_highest_day_of_a_rate(self, problems):
        more = "  - {name: w, type: cumulative, input_metric: c, window: 28 days, period_agg: highest}\n"
        (problem,) = problems(EVENTS + CONVERSION.format("") + more)

        assert problem.message == "Metric 'w' takes the highest day of 'c', which is a rate."


class TestRetention:
    @pytest.mark.parametrize("age", ["0", "12", "{from: 1, to: 3}"])
    def test_sound(self, project, age):
        loaded = project(EVENTS + RETENTION.format("").replace("age: 1", f"age: {age}"))

        assert loaded.models_of("r") == loaded.models_asked("r") == {"buys"}

    @pytest.mark.parametrize("age", ["-1", "one", "{from: 3, to: 1}", "{from: 1}"])
    def test_an_age_that_is_none(self, problems, age):
        assert problems(EVENTS + RETENTION.format("").replace("age: 1", f"age: {age}"))

    def test_a_range_the_wrong_way_round(self, problems):
        (problem,) = problems(EVENTS + RETENTION.format("").replace("age: 1", "age: {from: 3, to: 1}"))

        assert "'to: 1' lies before 'from: 3'" in problem.message

    def test_cohorts_by_hour(self, problems):
        (problem,) = problems(EVENTS + RETENTION.format("").replace("month", "hour"))

        assert "'hour' is no period of whole days" in str(problem)

    def test_an_entity_the_model_does_not_have(self, problems):
        (problem,) = problems(EVENTS + RETENTION.format("").replace("entity: visitor", "entity: session"))

        assert problem.message == "Metric 'r' follows the entity 'session', which model 'buys' does not have."

    def test_an_unknown_model(self, problems):
        (problem,) = problems(EVENTS + RETENTION.format("").replace("model: buys", "model: boys"))

        assert problem.message == "Metric 'r' is computed from model 'boys', which is not defined as a model."

    def test_columns_of_its_filter_and_time(self, project):
        found = check_columns(
            project(EVENTS + RETENTION.format(", filter: price > 1, agg_time_dimension: sold_at")), COLUMNS
        )

        assert [one.message for one in found] == [
            "Metric 'r': 'filter' uses the column 'price', which model.buys does not have.",
            "Metric 'r': 'agg_time_dimension' names the column 'sold_at', which model.buys does not have.",
        ]

    def test_is_not_accumulated(self, problems):
        more = "  - {name: w, type: cumulative, input_metric: r, window: 28 days}\n"
        (problem,) = problems(EVENTS + RETENTION.format("") + more)

        assert problem.message == "Metric 'w' accumulates 'r', which is of type retention."

    @pytest.mark.parametrize("metric", ["r", "q"])
    def test_a_kpi_at_a_finer_grain(self, problems, metric):
        more = (
            "  - {name: q, type: ratio, numerator: r, denominator: bought}\n"
            f"kpis: [{{name: k, metric: {metric}, direction: up, grain: week}}]\n"
        )
        (problem,) = problems(EVENTS + RETENTION.format("") + more)

        assert problem.message.startswith("KPI 'k' has the grain week, but its metric '")
        assert "has cohorts by month, and no week is made of these" in problem.message
        assert problem.hint.startswith(
            "give the KPI the grain month, or the metric another 'cohort_grain' (definitions/"
        )


class TestAges:
    RATIO = (
        "  - {name: r2, type: retention, entity: visitor, model: buys, cohort_grain: month, age: 2, oldest_age: 12}\n"
        "  - {name: gone, type: derived, expr: 1 - r, input_metrics: [r]}\n"
        "  - {name: kept, type: ratio, numerator: r2, denominator: r}\n"
        "  - {name: worth, type: derived, expr: r * bought, input_metrics: [r, bought]}\n"
    )
    KPI = "kpis: [{{name: k, metric: {}, direction: up, grain: month, breakdowns: [[], [cohort_age]]}}]\n"

    @pytest.mark.parametrize("metric", ["r", "r2", "gone"])
    def test_a_kpi_of_retention_is_broken_down_by_them(self, project, metric):
        loaded = project(EVENTS + RETENTION.format("") + self.RATIO + self.KPI.format(metric))

        assert loaded.kpis["k"].breakdowns == ((), ("cohort_age",))

    @pytest.mark.parametrize(
        ("metric", "why"),
        [
            ("bought", "it is of type simple, and only the cohorts of retention have an age"),
            (
                "worth",
                "'worth' rests on 'bought', which is of type simple, and only the cohorts of retention have an age",
            ),
            ("kept", "'kept' compares ages ('r2' and 'r'), so it has no age of its own"),
        ],
    )
    def test_other_metrics_are_not(self, problems, metric, why):
        (problem,) = problems(EVENTS + RETENTION.format("") + self.RATIO + self.KPI.format(metric))

        assert problem.message == (
            f"KPI 'k' is broken down by 'cohort_age', which its metric '{metric}' cannot be: {why}."
        )
        assert problem.place is not None

    def test_no_dimension_has_their_name(self, problems):
        (problem,) = problems(EVENTS.replace("dimensions: [channel]", "dimensions: [channel, cohort_age]"))

        assert "'cohort_age' is a column that values have" in problem.message

    def test_an_oldest_age_below_none(self, problems):
        assert problems(EVENTS + RETENTION.format(", oldest_age: -1"))
