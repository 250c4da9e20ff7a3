"""The SQL in definitions parses, reads one row, and answers the same in every run."""

from __future__ import annotations

import pytest

SIMPLE = "metrics:\n  - name: m\n    type: simple\n    model: order_lines\n    agg: sum\n    expr: {}"

EXPRESSIONS = [
    ("quantity *", "6:20", "'expr' ends too early or lacks a part: after '*' something is missing", None),
    ("(quantity", "6:12", "'expr' is not SQL: expecting ) after 'quantity'", None),
    ("quantity)", "6:19", "'expr' is not SQL: ')' is not expected after 'quantity'", None),
    ('"Customer ID"', "6:21", "'ID' is not expected after 'Customer'", "'\"Customer ID\"'"),
    ("Customer ID", "6:20", "'ID' is not expected after 'Customer'", "keeps its double quotes"),
    (
        "Customer ID * 2",
        "6:20",
        "'ID' is not expected",
        "a column with a blank in its name is written in double quotes",
    ),
    ("select price from raw.targets", "6:11", "'select' is not expected", "an expression is not a query"),
    ("price = 'a", "6:19", "'expr' has a quote that is never closed", "close it"),
    ("sum(price)", "6:11", "'expr' aggregates with sum()", "say how to aggregate in 'agg'"),
    ("1 + count(*)", "6:15", "'expr' aggregates with count()", "one row"),
    ("mad(price)", "6:11", "'expr' aggregates with mad()", "one row"),
    ("sum(price) over ()", "6:11", "'expr' uses a window function (OVER)", "compute it in the model's sql"),
    ("(select max(x) from raw.targets)", "6:12", "'expr' holds a query", "join it in the model's sql"),
    ("price in (select 1)", "6:21", "'expr' holds a query", "join it"),
    ("exists (select 1)", "6:11", "'expr' holds a query", "join it"),
    ("price * random()", "6:19", "uses random(), whose answer changes from run to run", "'as_of'"),
    ("now()", "6:11", "uses now(), whose answer", None),
    ("today() - sold_at", "6:11", "uses current_date, whose answer", None),
    ("uuid()", "6:11", "uses uuid(), whose answer", None),
    ("current_timestamp", "6:11", "uses current_timestamp, whose answer", None),
    ("age(sold_at)", "6:11", "uses age() of one date, which counts from today", "both dates"),
    ("'*'", "6:12", "uses *, which is not a value", "'agg: count' needs no expr"),
    ("price * $1", "6:11", "has a parameter in it", "write the value"),
    ("unnest(price)", "6:11", "makes several rows of one", "in the model's sql"),
]


@pytest.mark.parametrize(("sql", "place", "message", "hint"), EXPRESSIONS)
def test_an_expression_that_a_row_cannot_answer(problems, sql, place, message, hint):
    found = problems(SIMPLE.format(sql))

    said = [f"{one.place.line}:{one.place.column}  {one.message}" for one in found]
    assert any(line.startswith(f"{place}  Metric 'm': ") and message in line for line in said), said
    assert hint is None or any(hint in (one.hint or "") for one in found)


@pytest.mark.parametrize(
    "sql",
    [
        "quantity * price",
        "1",
        "'\"Customer ID\"'",
        "price::decimal(12, 2)",
        "case when price > 0 then price end",
        "list_sum(list_transform([1, 2], x -> x * price))",
        "greatest(price, quantity)",
        "date_diff('day', sold_at, sold_at)",
        "country ~ '^A'",
        "age(sold_at, sold_at)",
        "struct_col.price",
    ],
)
def test_expressions_that_are_fine(project, sql):
    assert project(SIMPLE.format(sql)).metrics["m"]


@pytest.mark.parametrize(
    ("text", "place", "subject"),
    [
        ("metrics: [{name: m, type: simple, model: order_lines, agg: count, filter: max(a)}]", "1:75",
         "Metric 'm': 'filter'"),
        ("metrics: [{name: m, type: ratio, numerator: {name: orders, filter: max(a)}, denominator: orders}]",
         "1:68", "Metric 'm': 'numerator.filter'"),
        ("models: [{name: m, table: raw.targets, agg_time_dimension: d, dimensions: [{name: a, expr: max(a)}]}]",
         "1:92", "Model 'm': 'dimensions[0].expr'"),
        (("models: [{name: m, table: raw.targets, agg_time_dimension: d, "
         "entities: [{name: a, type: primary, expr: max(a)}]}]"), "1:105", "Model 'm': 'entities[0].expr'"),
        (("models: [{name: m, table: raw.targets, agg_time_dimension: d, "
         "checks: [{type: not_null, columns: [a], filter: max(a)}]}]"), "1:111", "Model 'm': 'checks[0].filter'"),
        (("sources: [{name: m, connector: {type: file, path: a}, "
         "checks: [{type: not_null, columns: [a], filter: max(a)}]}]"), "1:103", "Source 'm': 'checks[0].filter'"),
    ],
)  # fmt: skip
def test_every_place_of_an_expression_is_looked_at(problems, text, place, subject):
    (problem,) = problems(text)

    assert str(problem).startswith(f"definitions/it.yaml:{place}  {subject} aggregates with max().")


def test_the_place_in_sql_below_a_bar_is_exact(problems):
    (problem,) = problems(
        """
        models:
          - name: m
            sql: |

              SELECT price,
                     now() AS at
              FROM raw.invoice_lines
            agg_time_dimension: at
        """
    )

    assert (problem.place.line, problem.place.column) == (6, 14)


def test_the_place_in_folded_sql_is_that_of_the_value(problems):
    (problem,) = problems(
        """
        models:
          - name: m
            sql: >
              SELECT price,
                     now() AS at
              FROM raw.invoice_lines
            agg_time_dimension: at
        """
    )

    assert (problem.place.line, problem.place.column) == (3, 10)


class TestDerived:
    DERIVED = (
        "metrics: [{{name: m, type: derived, expr: '{}', input_metrics: [{{name: orders, alias: now_}}, net_sales]}}]"
    )

    @pytest.mark.parametrize(
        ("sql", "message", "hint"),
        [
            (
                "now_ / orders",
                "1:50  Metric 'm': 'expr' uses 'orders', which is none of its inputs.",
                "'now_', 'net_sales'",
            ),
            ("now_ / net_sale", "uses 'net_sale', which is none of its inputs.", "did you mean 'net_sales'?"),
            ("sum(now_)", "aggregates with sum()", "its inputs are aggregated already"),
            ("a.now_", "uses 'a.now_'", "without a dot"),
            ("now_ +", "ends too early", None),
            ("now_ * random()", "uses random()", None),
        ],
    )
    def test_uses_its_inputs_only(self, problems, sql, message, hint):
        (problem,) = problems(self.DERIVED.format(sql))

        assert message in f"{problem.place.line}:{problem.place.column}  {problem.message}"
        assert hint is None or hint in problem.hint

    def test_words_of_sql_that_are_no_keywords_may_be_aliases(self, project):
        loaded = project(
            "metrics: [{name: m, type: derived, expr: current / year_ago - 1, input_metrics: "
            "[{name: orders, alias: current}, {name: orders, alias: year_ago, offset_window: 1 year}]}]"
        )

        assert [one.called for one in loaded.metrics["m"].inputs] == ["current", "year_ago"]

    def test_inputs_are_told_apart(self, problems):
        (problem,) = problems("metrics: [{name: m, type: derived, expr: orders, input_metrics: [orders, orders]}]")

        assert problem.message == "Metric 'm' has 2 inputs called 'orders'."
        assert "'alias'" in problem.hint


class TestModels:
    @pytest.mark.parametrize(
        ("sql", "place", "message", "hint"),
        [
            ("SELECT 1; SELECT 2", "1:27", "'sql' holds 2 statements instead of one", "ONE select statement"),
            ("DELETE FROM raw.targets", "1:27", "'sql' is a DELETE statement instead of a SELECT",
             "a model only reads"),
            ("-- nothing", "1:27", "holds 0 statements", None),
            ("SELECT price FROM raw.invoice_line", "1:49", "reads 'raw.invoice_line', which is neither a source",
             "did you mean 'raw.invoice_lines'?"),
            ("SELECT price FROM invoice_lines", "1:45", "reads 'invoice_lines'", "did you mean 'raw.invoice_lines'?"),
            ("SELECT price FROM model.order_line", "1:51", "reads 'model.order_line'", "'model.order_lines'?"),
            ("SELECT price FROM kpi.zzz", "1:49", "reads 'kpi.zzz'", "known are 'raw.invoice_lines', 'raw.targets'"),
            ("SELECT * FROM read_csv('x.csv')", "1:41", "reads READ_CSV('x.csv')", "declare files as a source"),
            ("SELECT * FROM 'x.csv'", "1:41", "reads 'x.csv'", "known are"),
            ("SELECT * FROM other.raw.targets", "1:51", "reads other.raw.targets", "a model reads raw.<source>"),
            ("SELECT * FROM raw.targets USING SAMPLE 10", "1:27", "takes a random sample", "filter on a column"),
            ("SELECT * FORM raw.targets", "1:41", "'sql' is not SQL: 'raw' is not expected after 'FORM'", None),
        ],
    )  # fmt: skip
    def test_sql_that_is_no_model(self, problems, sql, place, message, hint):
        found = problems(f'models: [{{name: m, sql:  "{sql}", agg_time_dimension: d}}]')

        said = [f"{one.place.line}:{one.place.column}  {one.message}" for one in found]
        assert any(line.startswith(f"{place}  Model 'm': ") and message in line for line in said), said
        assert hint is None or any(hint in (one.hint or "") for one in found)

    def test_table(self, problems):
        (problem,) = problems("models: [{name: m, table: raw.target, agg_time_dimension: d}]")

        assert str(problem) == (
            "definitions/it.yaml:1:27  Model 'm': 'table' reads 'raw.target', which is neither a source "
            "(raw.<source>) nor "
            "a model (model.<model>).\nHint: did you mean 'raw.targets'?"
        )

    @pytest.mark.parametrize(
        "sql",
        [
            (
                "WITH a AS (SELECT * FROM raw.targets), b AS (SELECT * FROM a) SELECT * FROM b JOIN Raw.Invoice_Lines "
                "USING (x)"
            ),
            "FROM raw.targets SELECT value",
            "SELECT a FROM raw.targets UNION ALL BY NAME SELECT b AS a FROM model.order_lines",
            "SELECT i FROM range(3) AS t(i), unnest([1]) AS u(v), generate_series(1, 2)",
            "SELECT * EXCLUDE (price) FROM raw.invoice_lines QUALIFY row_number() OVER (PARTITION BY a ORDER BY b) = 1",
            "SELECT sum(price) AS price FROM raw.invoice_lines GROUP BY ALL;",
        ],
    )
    def test_sql_that_is_fine(self, project, sql):
        assert project(f'models: [{{name: m, sql: "{sql}", agg_time_dimension: d}}]').models["m"]
