"""The second pass: columns that definitions name and tables do not have."""

from __future__ import annotations

import pytest

from kpi_pipeline.load import check_columns
from kpi_pipeline.load.model_columns import model_columns
from kpi_pipeline.names import TableRef

LINES = TableRef("raw", "invoice_lines")
TARGETS = TableRef("raw", "targets")
ORDER_LINES = TableRef("model", "order_lines")
COLUMNS = {
    LINES: {
        "Invoice": "VARCHAR",
        "sold_at": "TIMESTAMP",
        "Quantity": "INTEGER",
        "Price": "DOUBLE",
        "Country": "VARCHAR",
        "Customer ID": "VARCHAR",
    },
    TARGETS: {"kpi": "VARCHAR", "period_start": "DATE", "value": "DOUBLE"},
}

SIMPLE = "metrics: [{{name: m, type: simple, model: order_lines, agg: sum, expr: {}}}]"
MODEL = "models: [{{name: m, table: raw.invoice_lines, agg_time_dimension: sold_at{}}}]"
SOURCE = "sources: [{{name: invoices, connector: {{type: file, path: a}}{}}}]"


def test_the_base_has_all_its_columns(project):
    assert check_columns(project(), COLUMNS) == ()


def test_names_are_compared_without_regard_to_case(project):
    assert check_columns(project(SIMPLE.format("QUANTITY * Price")), COLUMNS) == ()


def test_tables_that_are_not_known_are_passed_over(project):
    loaded = project(MODEL.format(", dimensions: [anything]"))

    assert check_columns(loaded, {TARGETS: COLUMNS[TARGETS]}) == ()


def test_a_model_that_lists_its_columns_is_known_before_its_source(project):
    (problem,) = check_columns(project(SIMPLE.format("prize")), {})

    assert "uses the column 'prize'" in problem.message


UNKNOWN = [
    (SIMPLE.format("quantity * prize"),
     "1:82  Metric 'm': 'expr' uses the column 'prize', which model.order_lines does not have.", "did you mean price?"),
    ("metrics: [{name: m, type: simple, model: order_lines, agg: count, filter: zzz > 1}]",
     "1:75  Metric 'm': 'filter' uses the column 'zzz'", "the columns are 'invoice', 'sold_at', 'quantity'"),
    ("metrics: [{name: m, type: simple, model: order_lines, agg: count, filter: 'country = \"Mars\"'}]",
     "'filter' uses the column 'Mars'", "double quotes name a column; text stands in single ones: 'Mars'"),
    ("metrics: [{name: m, type: simple, model: order_lines, agg: count, agg_time_dimension: sold_on}]",
     "1:87  Metric 'm': 'agg_time_dimension' names the column 'sold_on', which model.order_lines does not have.",
     "sold_at"),
    ("metrics: [{name: m, type: ratio, numerator: {name: orders, filter: contry = 1}, denominator: orders}]",
     "1:68  Metric 'm': 'numerator.filter' uses the column 'contry'", "did you mean country?"),
    ("metrics: [{name: m, type: simple, model: order_lines, agg: count, filter: country = France}]",
     "'filter' uses the column 'France'", "text stands in single quotes: country = 'France'"),
    (MODEL.format("").replace("sold_at", "sold_on"), "'agg_time_dimension' names the column 'sold_on'", "sold_at"),
    (MODEL.format(", dimensions: [contry]"), "1:88  Model 'm': 'dimensions[0]' names the column 'contry'", "Country"),
    (MODEL.format(", dimensions: [{name: a, expr: upper(contry)}]"), "'dimensions[0].expr' uses the column 'contry'",
     ""),
    (MODEL.format(", entities: [{name: invoic, type: foreign}]"), "'entities[0]' names the column 'invoic'", "Invoice"),
    (MODEL.format(", entities: [{name: customer, type: foreign, expr: customer_id}]"),
     "'entities[0].expr' uses the column 'customer_id'", 'did you mean "Customer ID"?'),
    (MODEL.format(", checks: [{type: not_null, columns: [invoice, prize]}]"),
     "'checks[0].columns[1]' names the column 'prize', which model.m does not have.", "Price"),
    (MODEL.format(", checks: [{type: accepted_range, column: prize, min: 0}]"), "'checks[0].column' names", "Price"),
    (MODEL.format(", checks: [{type: not_null, columns: [price], filter: prize > 1}]"), "'checks[0].filter' uses",
     "Price"),
    (MODEL.format(", checks: [{type: column_types, columns: {prize: DOUBLE}}]"), "'checks[0].columns.prize' names",
     "Price"),
    (MODEL.format(", checks: [{type: expectation, expectation: expect_x, arguments: {column: prize}}]"),
     "'checks[0].arguments.column' names the column 'prize'", "Price"),
    (MODEL.format(", checks: [{type: sum_equals, column: prise, field: quantity}]"),
     "'checks[0].column' names the column 'prise'", "did you mean Price?"),
    (MODEL.format(", checks: [{type: sum_equals, column: price, to: targets}]"),
     "'checks[0].to' names the column 'price', which raw.targets does not have", "'kpi', 'period_start', 'value'"),
    (MODEL.format(", checks: [{type: sum_equals, column: price, to: targets, field: value, field_filter: kpy = 'a'}]"),
     "'checks[0].field_filter' uses the column 'kpy', which raw.targets does not have", "did you mean kpi?"),
    (MODEL.format(", checks: [{type: no_gaps, column: sold_on}]"), "names the column 'sold_on'", "sold_at"),
    (MODEL.format(", checks: [{type: relationships, column: price, to: targets, field: kpis}]"),
     "'checks[0].field' names the column 'kpis', which raw.targets does not have.", "kpi"),
    (SOURCE.format(", load: {mode: append, cursor: InvoiceDat}"), "'load.cursor' names the column 'InvoiceDat'",
     "InvoiceDate"),
    (SOURCE.format(", load: {mode: merge, key: [Invoce]}"), "'load.key[0]' names the column 'Invoce'", "Invoice"),
    (SOURCE.format(", personal: [Custmer]"), "'personal[0]' names the column 'Custmer'", ""),
    (SOURCE.format(", columns: {Prise: {type: decimal}}"), "1:79  Source 'invoices': 'columns.Prise' names", ""),
    (SOURCE.format(", checks: [{type: recency, column: x, within: 3 days}]"),
     "'checks[0].column' names the column 'x'", ""),
    (SOURCE.format(", checks: [{type: recency, column: invoice, within: 3 days, filter: x = 1}]"),
     "'checks[0].filter' uses the column 'x', which raw.invoices does not have.", ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message", "hint"), UNKNOWN)
def test_an_unknown_column(project, text, message, hint):
    known = {**COLUMNS, TableRef("raw", "invoices"): {"Invoice": "VARCHAR", "InvoiceDate": "DATE"}}

    (problem,) = check_columns(project(text), known)

    assert message in f"{problem.place.line}:{problem.place.column}  {problem.message}"
    assert hint in problem.hint


def test_a_filter_on_a_metric_is_looked_up_in_every_model_behind_it(project):
    loaded = project(
        """
        models: [{name: budget, table: raw.targets, agg_time_dimension: period_start}]
        metrics:
          - {name: planned, type: simple, model: budget, agg: sum, expr: value}
          - {name: share, type: ratio, numerator: net_sales, denominator: planned}
          - name: british
            type: derived
            expr: share
            input_metrics: [{name: share, filter: country = 'UK'}]
        """
    )

    (problem,) = check_columns(loaded, COLUMNS)

    assert "'input_metrics[0].filter' uses the column 'country', which model.budget does not have." in problem.message


def test_a_filter_that_leads_to_many_rows_says_so(project):
    loaded = project(
        """
        models:
          - name: invoices
            sql: SELECT invoice, sold_at FROM raw.invoice_lines
            agg_time_dimension: sold_at
            entities: [{name: invoice, type: primary}]
          - name: parts
            sql: SELECT invoice, sold_at, country, quantity AS part FROM raw.invoice_lines
            agg_time_dimension: sold_at
            entities: [{name: invoice, type: foreign}, {name: part, type: primary}]
            dimensions: [country]
        metrics:
          - {name: m, type: simple, model: invoices, agg: count, filter: part__country = 'UK'}
        """
    )

    problems = check_columns(loaded, {TableRef("model", "invoices"): {"invoice": "VARCHAR", "sold_at": "TIMESTAMP"}})

    assert "'filter' uses 'part__country': 'part__country' leads from one row to many" in problems[0].message
    assert problems[0].hint.startswith("compute the metric on model 'parts'")


def test_a_time_column_is_a_time(project):
    columns = {ORDER_LINES: {"invoice": "VARCHAR", "sold_at": "VARCHAR", "quantity": "INTEGER", "price": "DOUBLE",
                             "country": "VARCHAR"}}  # fmt: skip

    (problem,) = check_columns(project(), columns)

    assert problem.message == "Model 'order_lines': 'agg_time_dimension' is 'sold_at', of the type VARCHAR."
    assert problem.hint == "cast it in the model's sql: CAST(sold_at AS TIMESTAMP) AS sold_at"


TYPED = """
models:
  - {name: rates, table: raw.fx, agg_time_dimension: day}
  - name: tickets
    sql: SELECT opened, closed, paid, code, tags, amount FROM raw.invoice_lines
    agg_time_dimension: opened
    dimensions: [code, tags, {name: paid, type: time}]
    currency: {column: code, rates: rates}
metrics:
  - {name: open, type: simple, model: tickets, agg: count, active: {from: opened, to: closed}}
  - {name: paid, type: simple, model: tickets, agg: sum, expr: amount, agg_time_dimension: paid, unit: currency}
sources: [{name: fx, connector: {type: file, path: fx.csv}}]
"""
FINE = {
    "opened": "TIMESTAMP",
    "closed": "DATE",
    "paid": "TIMESTAMP WITH TIME ZONE",
    "code": "VARCHAR",
    "tags": "VARCHAR",
}


@pytest.mark.parametrize(
    ("types", "rates", "message"),
    [
        ({}, {}, ""),
        ({"closed": "VARCHAR"}, {}, "Metric 'open': 'active.to' is 'closed', of the type VARCHAR."),
        ({"paid": "BIGINT"}, {}, "Model 'tickets': 'dimensions[2]' is 'paid', of the type BIGINT."),
        ({"tags": "VARCHAR[]"}, {}, "Model 'tickets': the dimension 'tags' is VARCHAR[], which is no plain value."),
        ({"tags": "STRUCT(a INTEGER)"}, {}, "Model 'tickets': the dimension 'tags' is STRUCT(A INTEGER)"),
        ({"code": "INTEGER"}, {}, "Model 'tickets': 'currency.column' is 'code', of the type INTEGER."),
        ({}, {"currency": "DATE"}, "Model 'tickets': 'currency.code' is 'currency', of the type DATE."),
        ({}, {"rate": "VARCHAR"}, "Model 'tickets': 'currency.rate' is 'rate', of the type VARCHAR."),
    ],
)
def test_a_column_is_of_the_type_that_its_use_needs(project, types, rates, message):
    columns = {
        TableRef("model", "tickets"): FINE | {"amount": "DOUBLE"} | types,
        TableRef("model", "rates"): {"day": "DATE", "currency": "VARCHAR", "rate": "DECIMAL(18,9)"} | rates,
    }

    found = [one.message for one in check_columns(project(TYPED), columns)]

    assert [one[: len(message)] for one in found][:1] == ([message] if message else [])


CHECKED = """
models:
  - {name: rates, table: raw.fx, agg_time_dimension: day}
  - name: tickets
    sql: SELECT opened, closed, amount FROM raw.invoice_lines
    agg_time_dimension: opened
    checks:
      - {type: accepted_range, column: amount, min: 0}
      - {type: sum_equals, column: amount, to: rates, field: rate}
      - {type: no_gaps, column: closed}
sources: [{name: fx, connector: {type: file, path: fx.csv}}]
"""


def test_a_check_is_made_on_columns_that_it_can_be_made_on(project):
    tickets = FINE | {"amount": "VARCHAR", "closed": "VARCHAR"}
    columns = {TableRef("model", "tickets"): tickets, TableRef("model", "rates"): {"day": "DATE", "rate": "BOOLEAN"}}

    found = check_columns(project(CHECKED), columns)

    assert [one.message for one in found] == [
        "Model 'tickets': 'checks[0].column' is 'amount', of the type VARCHAR, not a number.",
        "Model 'tickets': 'checks[1].column' is 'amount', of the type VARCHAR, not a number.",
        "Model 'tickets': 'checks[1].field' is 'rate', of the type BOOLEAN, not a number.",
        "Model 'tickets': 'checks[2].column' is 'closed', of the type VARCHAR, not a day or moment.",
    ]
    assert found[0].hint == "cast it in the model's sql: CAST(amount AS DECIMAL(18, 2)) AS amount"


def test_a_table_of_targets_has_their_columns(project):
    (problem,) = check_columns(project(), {TARGETS: {"kpi": "VARCHAR", "start": "DATE", "value": "DOUBLE"}})

    assert problem.message == "KPI 'weekly_orders' takes its target from a table without the column 'period_start'."


class TestModelSql:
    """Columns are followed through WITH, subqueries, joins, unions and stars."""

    def sql(self, project, text):
        indented = "\n".join("      " + line for line in text.strip().splitlines())
        return project(f"models:\n  - name: m\n    sql: |\n{indented}\n    agg_time_dimension: sold_at\n")

    @pytest.mark.parametrize(
        ("text", "columns"),
        [
            ("SELECT Price * 2 AS amount, sold_at FROM raw.invoice_lines", ("amount", "sold_at")),
            ("SELECT * FROM raw.targets", ("kpi", "period_start", "value")),
            ("SELECT * EXCLUDE (kpi) RENAME (value AS v) FROM raw.targets", ("period_start", "v")),
            ("SELECT t.*, 1 AS one FROM raw.targets t JOIN raw.invoice_lines USING (kpi)",
             ("kpi", "period_start", "value", "one")),
            ("WITH a(x, y) AS (SELECT kpi, value FROM raw.targets) SELECT *, x AS z FROM a", ("x", "y", "z")),
            ("SELECT q.* FROM (SELECT kpi FROM raw.targets) q(name)", ("name",)),
            ("SELECT kpi FROM raw.targets UNION ALL SELECT invoice FROM raw.invoice_lines", ("kpi",)),
            ("SELECT country FROM model.order_lines", ("country",)),
            ("SELECT COLUMNS('k.*') FROM raw.targets", None),
            ("SELECT * FROM range(3)", None),
        ],
    )  # fmt: skip
    def test_what_it_gives(self, project, text, columns):
        known = model_columns(self.sql(project, text), {table: tuple(names) for table, names in COLUMNS.items()})

        assert known.get(TableRef("model", "m")) == columns

    @pytest.mark.parametrize(
        ("text", "place", "message"),
        [
            ("SELECT sold_at,\n       prize FROM raw.invoice_lines", "5:14",
             "uses the column prize, which none of its tables"),
            ("SELECT sold_at, prize AS prize FROM raw.invoice_lines", "4:23", "the column prize"),
            ("SELECT sold_at FROM raw.invoice_lines WHERE l.price > 1", "4:53", "uses the column l.price"),
            ("SELECT sold_at FROM raw.invoice_lines AS l WHERE l.prize > 1", "4:58", "'l' has no column 'prize'"),
            ("WITH a AS (SELECT price FROM raw.invoice_lines) SELECT now_at AS sold_at FROM a", "4:62",
             "the column now_at"),
            ("SELECT sold_at FROM raw.invoice_lines WHERE EXISTS (SELECT 1 FROM raw.targets WHERE kpi = prod)", "4:97",
             "the column prod"),
        ],
    )  # fmt: skip
    def test_what_it_uses_and_nobody_has(self, project, text, place, message):
        (problem,) = check_columns(self.sql(project, text), COLUMNS)

        assert f"{problem.place.line}:{problem.place.column}" == place
        assert message in problem.message

    @pytest.mark.parametrize(
        "text",
        [
            "SELECT sold_at, price * 2 AS twice, twice + 1 AS more FROM raw.invoice_lines WHERE twice > 1",
            'SELECT sold_at, "Customer ID", rowid FROM raw.invoice_lines ORDER BY ALL',
            "SELECT sold_at FROM raw.invoice_lines WHERE EXISTS (SELECT 1 FROM raw.targets WHERE kpi = country)",
            "SELECT sold_at, country.name FROM raw.invoice_lines",
            "SELECT anything, DATE '2010-01-01' AS sold_at FROM range(3)",
            "SELECT list_transform([1], x -> x + quantity) AS l, sold_at FROM raw.invoice_lines",
            "SELECT sold_at FROM raw.invoice_lines QUALIFY row_number() OVER (PARTITION BY invoice ORDER BY price) = 1",
            "SELECT sold_at, u.v FROM raw.invoice_lines, unnest([1]) AS u(v)",
            (
                "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 3) "
                "SELECT i, sold_at FROM n, raw.invoice_lines"
            ),
        ],
    )
    def test_what_is_fine(self, project, text):
        assert check_columns(self.sql(project, text), COLUMNS) == ()
