"""Partial results of many days folded into one value a group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from kpi_pipeline.plan import Fold, Measure


def folded(rows: pl.LazyFrame, *, by: Sequence[str], measures: Mapping[str, Measure]) -> pl.LazyFrame:
    """The rows grouped by `by`, with a column a measure; all measures are of one shape.

    A sum of nothing but NULLs is NULL. A distinct count counts each key once a group; a quantile looks at all values.
    """
    shapes = {measure.fold for measure in measures.values()}
    if Fold.distinct in shapes:
        return _distinct(rows, by, measures)
    if Fold.quantile in shapes:
        return _quantiles(rows, by, measures)
    return rows.group_by(by).agg(_additive(measure).alias(name) for name, measure in measures.items())


def _additive(measure: Measure) -> pl.Expr:
    column = pl.col(measure.column)
    match measure.fold:
        case Fold.min:
            return column.min()
        case Fold.max:
            return column.max()
        case _:
            return pl.when(column.count() > 0).then(column.sum())


def _distinct(rows: pl.LazyFrame, by: Sequence[str], measures: Mapping[str, Measure]) -> pl.LazyFrame:
    """Each key once a group, then the keys counted whose filter let any of their rows through."""
    flags = {measure.column for measure in measures.values()}
    once = rows.group_by([*by, "_key"]).agg(pl.col(flag).any() for flag in sorted(flags))
    counts = {name: pl.col(measure.column).sum().cast(pl.Int64) for name, measure in measures.items()}
    return once.group_by(by).agg(**counts)


def _quantiles(rows: pl.LazyFrame, by: Sequence[str], measures: Mapping[str, Measure]) -> pl.LazyFrame:
    """Values are sorted once; each has as many places as rows had it.

    Continuous: linear between the two nearest places, as SQL's percentile_cont. Discrete: the first value at or beyond
    the share, as percentile_disc.
    """
    ordered = rows.sort("_value")
    return ordered.group_by(by, maintain_order=True).agg(_quantile(one).alias(name) for name, one in measures.items())


def _quantile(measure: Measure) -> pl.Expr:
    counts = pl.col(measure.column)
    values = pl.col("_value").filter(counts > 0).repeat_by(counts.filter(counts > 0)).explode(empty_as_null=False)
    share = 0.5 if measure.quantile is None else measure.quantile
    if not measure.discrete:
        return values.quantile(share, interpolation="linear")
    place = (values.len() * pl.lit(share)).ceil().clip(lower_bound=1).cast(pl.Int64) - 1
    return values.get(place, null_on_oob=True)
