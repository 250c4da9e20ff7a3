"""What breakdowns and segments are called in the published tables."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from kpi_pipeline.names import COHORT_AGE

TOTAL = "all"
NONE = "(none)"
OTHER = "(other)"


def breakdown_name(dimensions: Sequence[str]) -> str:
    """The name of a breakdown: its dimensions in alphabetical order.

    >>> breakdown_name(["country", "channel"]), breakdown_name([])
    ('channel|country', 'all')
    """
    return "|".join(sorted(dimensions)) or TOTAL


def segment_name(dimensions: Sequence[str], *, is_other: str = "is_other") -> pl.Expr:
    """The name of a row's segment, self-contained and stable: `channel=web|country=France`.

    A missing value is `(none)`, the rest beyond the largest segments `(other)`; what could be mistaken for either, or
    for the separators, is percent-escaped.
    """
    if not dimensions:
        return pl.lit(TOTAL)
    return pl.concat_str(
        [
            pl.format("{}={}", pl.lit(name), shown_value(name, is_other=is_other, escaped=True))
            for name in sorted(dimensions)
        ],
        separator="|",
    )


def shown_value(dimension: str, *, is_other: str = "is_other", escaped: bool = False) -> pl.Expr:
    """A dimension's value as a word: `(none)` where it is missing, `(other)` for the rest.

    The rest of a dimension's values still has each age of its cohorts.
    """
    text = pl.col(dimension).cast(pl.String)
    if dimension == COHORT_AGE:
        return text
    if escaped:
        for sign, code in (("%", "%25"), ("=", "%3D"), ("|", "%7C")):
            text = text.str.replace_all(sign, code, literal=True)
        text = text.str.replace(r"^\(", "%28")
    return pl.when(is_other).then(pl.lit(OTHER)).otherwise(text.fill_null(NONE))
