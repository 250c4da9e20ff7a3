"""A segment's name is self-contained, stable, and never two segments' name."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from kpi_pipeline.segments import breakdown_name, segment_name


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"country": "France"}, "country=France"),
        ({"country": "France", "channel": "web"}, "channel=web|country=France"),
        ({"country": None}, "country=(none)"),
        ({"country": ""}, "country="),
        ({"country": "(none)"}, "country=%28none)"),
        ({"country": "(other)"}, "country=%28other)"),
        ({"country": "a|b=c%"}, "country=a%7Cb%3Dc%25"),
        ({"vip": True}, "vip=true"),
        ({"size": 3}, "size=3"),
        ({"day": date(2024, 2, 29)}, "day=2024-02-29"),
    ],
)
def test_segment_names(values: dict[str, object], name: str) -> None:
    frame = pl.DataFrame({key: [value] for key, value in values.items()}).with_columns(is_other=pl.lit(False))
    assert frame.select(segment_name(list(values))).item() == name


def test_the_rest_and_the_total() -> None:
    rest = pl.DataFrame(
        {"b": [None], "a": [None], "is_other": [True]}, schema_overrides={"a": pl.String, "b": pl.String}
    )
    assert rest.select(segment_name(["b", "a"])).item() == "a=(other)|b=(other)"
    assert rest.select(segment_name([])).item() == "all"
    assert (breakdown_name([]), breakdown_name(["b", "a"])) == ("all", "a|b")
