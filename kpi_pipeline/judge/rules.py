"""A KPI's own rules: conditions over a period's row, in order; the first that holds gives the status."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl
import sqlglot

from kpi_pipeline.computing import computed
from kpi_pipeline.kpis import Kpi
from kpi_pipeline.status import RULE_COLUMNS, StatusRule


def with_rules(values: pl.DataFrame, kpis: Mapping[str, Kpi]) -> pl.DataFrame:
    """The values with `rule_status` and `rule_words`: what the first rule that holds says; NULL where none does."""
    ruled = {name: kpi.status.rules for name, kpi in kpis.items() if kpi.status.rules}
    none = values.filter(~pl.col("kpi").is_in(list(ruled))).with_columns(
        rule_status=pl.lit(None, pl.String), rule_words=pl.lit(None, pl.String)
    )
    by_kpi = [_ruled(values.filter(pl.col("kpi") == name), rules) for name, rules in ruled.items()]
    return pl.concat([none, *by_kpi])


def _ruled(rows: pl.DataFrame, rules: tuple[StatusRule, ...]) -> pl.DataFrame:
    named = {name: pl.col(name) for name in RULE_COLUMNS}
    holds = [computed(sqlglot.parse_one(rule.when, read="duckdb"), named) for rule in rules]
    return rows.with_columns(
        rule_status=_first(holds, [rule.is_ for rule in rules]),
        rule_words=_first(holds, [f"the rule: {rule.when}" for rule in rules]),
    )


def _first(holds: list[pl.Expr], answers: list[str]) -> pl.Expr:
    return pl.coalesce(pl.when(one).then(pl.lit(answer)) for one, answer in zip(holds, answers, strict=True))
