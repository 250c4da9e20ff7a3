"""Money and units: what cannot be converted or does not go together is refused where it is written."""

from __future__ import annotations

import pytest

RATES = """
models:
  - {{name: rates, table: raw.targets, agg_time_dimension: day}}
  - {{name: timeless, table: raw.targets}}
  - name: sales
    sql: SELECT sold_at, price, code FROM raw.invoice_lines
    agg_time_dimension: sold_at
    dimensions: [code]
    currency: {}
metrics:
  - {{name: m, type: simple, model: sales, agg: sum, expr: price, unit: currency}}
"""


@pytest.mark.parametrize(
    "currency",
    [
        "{from: GBP}",
        "{from: USD, rates: rates}",
        "{column: code, rates: rates, rate: bid, per: project, within: 7 days}",
    ],
)
def test_what_can_be_converted(project, currency):
    assert project(RATES.format(currency))


@pytest.mark.parametrize(
    ("currency", "message", "hint"),
    [
        (
            "{from: USD}",
            "its amounts are in USD, the project's in GBP",
            "{from: USD, rates: ..., rate: ..., code: ...}",
        ),
        ("{from: dollars}", "is 'dollars', which does not look as it must", ""),
        ("{column: code}", "'column' needs 'rates'", ""),
        ("{from: USD, column: code, rates: rates}", "one of the two", ""),
        ("{column: code, rates: rats}", "takes its rates from 'rats', which is not defined as a model", "'rates'"),
        ("{column: code, rates: rates, per: ours}", "not one of 'foreign', 'project'", ""),
        ("{column: code, rates: rates, within: a week}", "not a length of time", "'28 days'"),
        ("{column: code, rates: rates, within: 12 hours}", "is no number of days", ""),
        ("{column: code, rates: timeless}", "which does not say on which day a rate holds", "agg_time_dimension"),
    ],
)
def test_what_cannot(problems, currency, message, hint):
    (problem,) = problems(RATES.format(currency))

    assert message in problem.message
    assert hint in (problem.hint or "")


def test_money_beside_a_column_that_says_its_currency(problems):
    (problem,) = problems(
        """
        models:
          - {name: sales, table: raw.invoice_lines, agg_time_dimension: sold_at, dimensions: [currency_code]}
        metrics:
          - {name: m, type: simple, model: sales, agg: sum, expr: price, unit: currency}
          - {name: n, type: simple, model: sales, agg: count, unit: count}
        """
    )

    assert problem.message == (
        "Metric 'm' adds up money of model 'sales', whose dimension 'currency_code' says that it is in several "
        "currencies."
    )
    assert "currency: {column: currency_code, rates: ..., rate: ...}" in problem.hint
    assert "currency: {from: GBP}" in problem.hint


UNITS = """
metrics:
  - {{name: money, type: simple, model: order_lines, agg: sum, expr: price, unit: currency}}
  - {{name: refunds, type: simple, model: order_lines, agg: sum, expr: -price, unit: currency}}
  - {{name: pieces, type: simple, model: order_lines, agg: sum, expr: quantity, unit: count}}
  - {{name: minutes, type: simple, model: order_lines, agg: sum, expr: quantity, unit: minutes}}
  - {{name: hours, type: simple, model: order_lines, agg: sum, expr: quantity, unit: hours}}
  - {{name: plain, type: simple, model: order_lines, agg: sum, expr: quantity}}
  - {{name: m, type: derived, expr: "{}", input_metrics: [money, refunds, pieces, minutes, hours, plain]}}
"""


@pytest.mark.parametrize(
    "expr",
    [
        "money - refunds",
        "money + plain",
        "money / pieces + refunds / pieces",
        "(money - refunds) / pieces",
        "minutes / 60 + hours",
        "round(money) + 1",
        "CASE WHEN money > refunds THEN money ELSE 0 END",
    ],
)
def test_units_that_go_together(project, expr):
    assert project(UNITS.format(expr))


@pytest.mark.parametrize(
    ("expr", "message"),
    [
        ("money + pieces", "adds 'money' (currency) and 'pieces' (count)"),
        ("money - pieces", "subtracts 'pieces' (count) from 'money' (currency)"),
        ("minutes + hours", "adds 'minutes' (minutes) and 'hours' (hours)"),
        ("money / (hours - minutes)", "subtracts 'minutes' (minutes) from 'hours' (hours)"),
        ("(money + refunds) - pieces", "subtracts 'pieces' (count) from '(money + refunds)' (currency)"),
        ("coalesce(money, 0) + pieces", "adds 'COALESCE(money, 0)' (currency) and 'pieces' (count)"),
        ("CASE WHEN money > pieces THEN 1 END", "compares 'money' (currency) with 'pieces' (count)"),
    ],
)
def test_units_that_do_not(problems, expr, message):
    (problem,) = problems(UNITS.format(expr))

    assert problem.message == f"Metric 'm': 'expr' {message}."
    assert problem.hint == "bring them to one unit first; where one is a plain number, its metric has `unit: number`"
    assert problem.place.line == 8
