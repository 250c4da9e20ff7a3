"""Definitions that are each well formed also fit each other."""

from __future__ import annotations

import pytest

from kpi_pipeline.periods import Grain, Window, whole_periods

KPI = "kpis: [{{name: k, metric: {}, direction: up, grain: {}{}}}]"


class TestTimeDimension:
    def test_declared_as_something_else(self, problems):
        (problem,) = problems("models: [{name: m, table: raw.targets, agg_time_dimension: d, dimensions: [d]}]")

        assert problem.message == "Model 'm': 'agg_time_dimension' is 'd', which is not a time dimension."
        assert problem.hint.startswith("write {name: d, type: time} among the dimensions of model 'm'")

    def test_of_a_metric(self, problems):
        (problem,) = problems(
            "metrics: [{name: m, type: simple, model: order_lines, agg: count, agg_time_dimension: country}]"
        )

        assert problem.message == "Metric 'm': 'agg_time_dimension' is 'country', which is not a time dimension."

    def test_of_a_model_that_is_only_looked_up(self, project):
        assert project("models: [{name: m, table: raw.targets, entities: [{name: kpi, type: primary}]}]").models["m"]

    def test_of_nothing_that_counts(self, problems):
        (problem,) = problems(
            "models: [{name: m, table: raw.targets}]\nmetrics: [{name: lines, type: simple, model: m, agg: count}]"
        )

        assert problem.message == "Metric 'lines' counts rows of model 'm', and nothing says when they count."
        assert problem.hint.startswith("give the model agg_time_dimension: ... (definitions/it.yaml:1:")

    @pytest.mark.parametrize("own", ["agg_time_dimension: period_start", "active: {from: period_start, to: ended}"])
    def test_of_a_metric_of_a_model_without(self, project, own):
        metric = f"{{name: lines, type: simple, model: m, agg: count, filter: metric_time__year > '2020-01-01', {own}}}"
        kpi = "{name: k, metric: lines, direction: up, grain: week, breakdowns: [[], [metric_time__month]]}"
        assert project(f"models: [{{name: m, table: raw.targets}}]\nmetrics: [{metric}]\nkpis: [{kpi}]")

    def test_just_a_column(self, project):
        assert project("models: [{name: m, table: raw.targets, agg_time_dimension: period_start}]").models["m"]


def test_a_dimension_or_entity_twice(problems):
    found = problems(
        "models: [{name: m, table: raw.targets, agg_time_dimension: d, dimensions: [a, {name: a}], "
        "entities: [{name: e, type: primary}, {name: e, type: foreign}]}]"
    )

    assert [problem.message for problem in found] == [
        "Model 'm' has the dimension 'a' twice.",
        "Model 'm' has the entity 'e' twice.",
    ]
    assert found[0].hint == "it is first at definitions/it.yaml:1:76; keep one"


class TestCumulative:
    @pytest.mark.parametrize(
        ("metric", "message"),
        [
            (
                "{name: r, type: ratio, numerator: net_sales, denominator: orders}",
                "accumulates 'r', which is of type ratio.",
            ),
            ("{name: r, type: simple, model: order_lines, agg: median, expr: price}", "which aggregates by median."),
        ],
    )
    def test_takes_what_can_be_added_up(self, problems, metric, message):
        (problem,) = problems(f"metrics: [{metric}, {{name: c, type: cumulative, input_metric: r, window: 28 days}}]")

        assert message in problem.message
        assert "a simple one that aggregates by 'sum', 'count', 'count_distinct'" in problem.hint

    @pytest.mark.parametrize("agg", ["sum", "count", "count_distinct", "sum_boolean", "min", "max", "average"])
    def test_of_these(self, project, agg):
        assert project(
            f"metrics: [{{name: r, type: simple, model: order_lines, agg: {agg}, expr: price}}, "
            "{name: c, type: cumulative, input_metric: r, window: 28 days}]"
        )

    @pytest.mark.parametrize("choice", ["highest", "lowest"])
    def test_highest_day_of_an_average(self, problems, choice):
        (problem,) = problems(
            "metrics: [{name: r, type: simple, model: order_lines, agg: average, expr: price}, "
            f"{{name: c, type: cumulative, input_metric: r, window: 28 days, period_agg: {choice}}}]"
        )

        assert problem.message == f"Metric 'c' takes the {choice} day of 'r', which aggregates by average."
        assert problem.hint.endswith("use last, first or average")


class TestBreakdowns:
    def test_unknown(self, problems):
        (problem,) = problems(KPI.format("net_sales", "week", ", breakdowns: [[], [contry]]"))

        assert problem.message == (
            "KPI 'k' is broken down by 'contry', which its metric 'net_sales' cannot be: "
            "model 'order_lines' has no such dimension."
        )
        assert problem.hint == "did you mean 'country'?"
        assert problem.place.column == 83

    def test_on_every_model_the_metric_draws_on(self, problems):
        (problem,) = problems(
            """
            models: [{name: budget, table: raw.targets, agg_time_dimension: period_start}]
            metrics:
              - {name: planned, type: simple, model: budget, agg: sum, expr: value}
              - {name: share, type: ratio, numerator: net_sales, denominator: planned}
            kpis: [{name: k, metric: share, direction: up, grain: week, breakdowns: [[], [country]]}]
            """
        )

        assert "which its metric 'share' cannot be: model 'budget' has no such dimension" in problem.message
        assert problem.hint == ("it has no dimensions; add 'country' to the dimensions at definitions/it.yaml:1:10")

    def test_twice(self, problems):
        (problem,) = problems(KPI.format("net_sales", "week", ", breakdowns: [[], [country], [country]]"))

        assert "has the breakdown [country] twice" in problem.message

    def test_of_another_model(self, problems):
        (problem,) = problems(KPI.format("net_sales", "week", ", breakdowns: [[], [customer__region]]"))

        assert "broken down by 'customer__region'" in problem.message
        assert "model 'order_lines' has no entity 'customer' to look it up by" in problem.message
        assert "{name: customer, type: foreign}" in problem.hint


class TestGoals:
    def test_twice(self, problems):
        (problem,) = problems(
            "goals: [{name: thrive, statement: Sales grow by 5 %}]\n"
            "kpis:\n"
            "  - name: k\n"
            "    metric: net_sales\n"
            "    direction: up\n"
            "    grain: week\n"
            "    goals:\n"
            "      - {goal: thrive, weight: 2}\n"
            "      - {goal: thrive}\n"
        )

        assert problem.message == "KPI 'k' serves the goal 'thrive' twice."
        assert (problem.place.line, problem.hint) == (9, "keep one, with the weight of both")


class TestDirection:
    @pytest.mark.parametrize(("direction", "target"), [("up", "at_most"), ("down", "at_least")])
    def test_against_the_target(self, problems, direction, target):
        text = KPI.format("net_sales", "week", f", target: {{type: {target}, values: [{{from: 2024-01, value: 1}}]}}")
        (problem,) = problems(text.replace("direction: up", f"direction: {direction}"))

        assert problem.message == f"KPI 'k' is better when it goes {direction}, but its target is {target}."


class TestOffsets:
    METRIC = (
        "metrics: [{{name: m, type: derived, expr: a / b, input_metrics: "
        "[{{name: orders, alias: a}}, {{name: orders, alias: b, offset_window: {}}}]}}]\n"
    )

    @pytest.mark.parametrize(("offset", "grain"), [("1 week", "month"), ("1 month", "quarter"), ("10 days", "week")])
    def test_finer_than_the_kpi(self, problems, offset, grain):
        (problem,) = problems(self.METRIC.format(offset) + KPI.format("m", grain, ""))

        assert problem.message == (
            f"KPI 'k' has the grain {grain}, but its metric 'm' looks back {offset} ('input_metrics[1]'), which is "
            f"finer."
        )
        assert "definitions/it.yaml:1:" in problem.hint

    @pytest.mark.parametrize(("offset", "grain"), [("1 year", "week"), ("12 months", "year"), ("14 days", "week")])
    def test_that_fit(self, project, offset, grain):
        assert project(self.METRIC.format(offset) + KPI.format("m", grain, ""))

    def test_of_a_metric_behind_the_metric(self, problems, base):
        behind = "metrics: [{name: n, type: derived, expr: m * 100, input_metrics: [m]}]\n"
        (problem,) = problems(
            files={
                "base.yaml": base,
                "m.yaml": self.METRIC.format("1 week"),
                "n.yaml": behind + KPI.format("n", "month", ""),
            }
        )

        assert "its metric 'm' looks back 1 week" in problem.message


class TestLinks:
    LINK = (
        "kpis: [{{name: k, metric: orders, direction: up, grain: {}}}]\n"
        "links: [{{from: weekly_orders, to: k, lag: {}, because: x}}]"
    )

    @pytest.mark.parametrize(
        ("grain", "lag", "period"),
        [
            ("week", "4 weeks", (Grain.week, 4)),
            ("week", "28 days", (Grain.week, 4)),
            ("week", "0", (Grain.week, 0)),
            ("month", "1 quarter", (Grain.month, 3)),
            ("month", "4 weeks", (Grain.week, 4)),
            ("month", "0", (Grain.month, 0)),
            ("day", "2 weeks", (Grain.week, 2)),
            ("quarter", "3 months", (Grain.month, 3)),
        ],
    )
    def test_the_period_it_is_tested_at(self, project, grain, lag, period):
        loaded = project(self.LINK.format(grain, lag))

        assert loaded.tested_at(loaded.links[1]) == period

    def test_a_lag_of_no_whole_number(self, problems):
        (problem,) = problems(self.LINK.format("month", "10 days"))

        assert problem.message == (
            "Link 'weekly_orders' -> 'k' has the lag 10 days, which is not a whole number of periods at any grain "
            "that both "
            "KPIs are published at (week, month)."
        )
        assert problem.place.line == 2
        assert problem.hint == "write the lag in weeks, such as '4 weeks'"

    def test_no_grain_for_both(self, problems, base):
        only_month = base.replace("currency: GBP}", "currency: GBP, publish: {grains: []}}")
        (problem,) = problems(files={"base.yaml": only_month, "it.yaml": self.LINK.format("month", "0")})

        assert "joins a KPI by week with one by month, and no grain is published for both." in problem.message


@pytest.mark.parametrize(
    ("window", "grain", "periods"),
    [
        ("1 week", "day", 7),
        ("10 days", "week", None),
        ("2 quarters", "month", 6),
        ("1 month", "day", None),
        ("1 month", "quarter", None),
    ],
)
def test_whole_periods(window, grain, periods):
    assert whole_periods(Window.parse(window), Grain(grain)) == periods


class TestChecksOfKpis:
    KPI = (
        "kpis: [{{name: k, metric: {}, direction: up, grain: week, breakdowns: {}, checks: [{}]}}]\n"
        "metrics: [{{name: rate, type: ratio, numerator: net_sales, denominator: orders}}]"
    )

    @pytest.mark.parametrize(
        ("metric", "breakdowns", "check"),
        [
            ("net_sales", "[[], [country]]", "{type: segments_add_up}"),
            ("net_sales", "[[], [country]]", "{type: segments_add_up, breakdown: [country], severity: warn}"),
            ("net_sales", "[[]]", "{type: change_within, min: -90%, max: 900%}"),
            ("rate", "[[]]", "{type: rate_between, min: 0, max: 100%}"),
        ],
    )
    def test_that_make_sense(self, project, metric, breakdowns, check):
        assert project(self.KPI.format(metric, breakdowns, check)).kpis["k"].checks

    @pytest.mark.parametrize(
        ("metric", "breakdowns", "check", "message", "hint"),
        [
            ("net_sales", "[[]]", "{type: segments_add_up}", "KPI 'k' has no segments to add up.", "breakdowns: [[],"),
            (
                "net_sales", "[[], [country]]", "{type: segments_add_up, breakdown: [is_cancelled]}",
                "KPI 'k' is not broken down by [is_cancelled], whose segments are to add up.", "breakdowns are '[country]'",
            ),
            (
                "rate", "[[], [country]]", "{type: segments_add_up}",
                "KPI 'k' has a check that its segments add up, which they do not: 'rate' is a ratio, no sum.", "take the",
            ),
            (
                "orders", "[[], [country]]", "{type: segments_add_up}",
                "which they do not: 'orders' counts distinct things, and one may be in two segments.", "take the check",
            ),
            (
                "net_sales", "[[]]", "{type: rate_between, max: 5}",
                "KPI 'k' has a check of type rate_between, but 'net_sales' is a total, not a rate.", "change_within",
            ),
            (
                "net_sales", "[[]]", "{type: change_within, max: 5, name: Has rows}",
                "KPI 'k' has a check named 'has_rows', as one that every KPI has.", "another name",
            ),
        ],
    )  # fmt: skip
    def test_that_make_none(self, problems, metric, breakdowns, check, message, hint):
        (problem,) = problems(self.KPI.format(metric, breakdowns, check))

        assert message in problem.message
        assert hint in problem.hint
        assert problem.place
        assert problem.place.line == 1

    def test_of_rows_are_none_of_values(self, problems):
        (problem,) = problems(self.KPI.format("net_sales", "[[]]", "{type: not_null, columns: [a]}"))

        assert "not_null" in problem.message
