"""Contributions add up to the change whatever the numbers are, in either direction and in any order of rows."""

from __future__ import annotations

from datetime import date
from math import fsum

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpi_pipeline.calendar import CalendarRules, build_calendar
from kpi_pipeline.judge.why import Between, concentration, drivers, shapley
from kpi_pipeline.periods import Grain
from kpi_pipeline.plan import Arithmetic, Fold, Leaf, Measure, Quotient, Series, by_key
from kpi_pipeline.plan.parts import as_quotient, makeup, part_name

JANUARY, FEBRUARY = date(2024, 1, 1), date(2024, 2, 1)
CALENDAR = build_calendar(JANUARY, date(2024, 3, 31), CalendarRules())
AMOUNT, UNITS = (Leaf(Measure("sale", "day", Fold.sum, name), 0) for name in ("amount", "units"))
BETWEEN = Between("m", Grain.month, JANUARY, FEBRUARY, None)

amounts = st.one_of(st.none(), st.integers(-1000, 1000).map(float), st.floats(-1e6, 1e6, allow_subnormal=False))
counts = st.one_of(st.none(), st.just(0.0), st.floats(0.01, 1e6))
Sides = dict[str, tuple[float | None, float | None]]
ONE_TO_NINE = st.floats(1, 9)
segments = st.sampled_from(["France", "Spain", "Chile", "Peru", "Kenya"])


def frame(values: Sides, *, country: bool = True) -> pl.DataFrame:
    """Values of January and February, a country a line."""
    rows = [
        {"period_start": start, "country": name, "is_other": False, "value": both[place]}
        for name, both in values.items()
        for place, start in enumerate((JANUARY, FEBRUARY))
    ]
    schema = {"period_start": pl.Date, "country": pl.String, "is_other": pl.Boolean, "value": pl.Float64}
    made = pl.DataFrame(rows, schema=schema)
    return made if country else made.drop("country")


def total_of(values: Sides) -> tuple[float | None, float | None]:
    """The sums; none of nothing."""
    sums = []
    for place in (0, 1):
        known = [both[place] for both in values.values() if both[place] is not None]
        sums.append(fsum(known) if known else None)
    return sums[0], sums[1]


def divided(above: float | None, below: float | None) -> float | None:
    return above / below if above is not None and below else None


def results_of(
    values: Sides, numerators: Sides | None = None, denominators: Sides | None = None
) -> dict[Series, pl.DataFrame]:
    """The series of a metric, and of its parts where it is a ratio."""
    found = {}
    for part, some in (("", values), ("numerator", numerators), ("denominator", denominators)):
        if some is not None:
            name = part_name("m", part) if part else "m"
            whole = {"all": total_of(some)}
            if not part and numerators is not None and denominators is not None:
                sums = zip(total_of(numerators), total_of(denominators), strict=True)
                whole = {"all": tuple(divided(*one) for one in sums)}
            found[Series(name, Grain.month)] = frame(whole, country=False)
            found[Series(name, Grain.month, ("country",))] = frame(some)
    return found


def ratio_of(numerators: Sides, denominators: Sides) -> dict[Series, pl.DataFrame]:
    values = {
        name: (divided(above[0], denominators[name][0]), divided(above[1], denominators[name][1]))
        for name, above in numerators.items()
    }
    return results_of(values, numerators, denominators)


def whys(results: dict[Series, pl.DataFrame], *, ratio: bool, between: Between = BETWEEN) -> pl.DataFrame:
    made = makeup(Quotient(AMOUNT, UNITS) if ratio else AMOUNT)
    return drivers(between, made, [("country",)], by_key(results), CALENDAR)


def change(results: dict[Series, pl.DataFrame]) -> float | None:
    before, now = results[Series("m", Grain.month)].get_column("value")
    return None if before is None or now is None else now - before


def adds_up(rows: pl.DataFrame, whole: float) -> None:
    for _, one in rows.group_by("breakdown"):
        parts = one.get_column("contribution").drop_nulls().to_list()
        sides = [abs(value) for value in (*one["from_value"], *one["to_value"]) if value is not None]
        scale = max([abs(whole), fsum(map(abs, parts)), *sides])
        assert fsum(parts) == pytest.approx(whole, rel=1e-9, abs=1e-9 * scale)


@given(st.dictionaries(segments, st.tuples(amounts, amounts), min_size=1))
def test_segments_add_up_to_the_change(values: Sides) -> None:
    results = results_of(values)
    whole = change(results)
    rows = whys(results, ratio=False)
    if whole is None:
        assert rows.is_empty()
    else:
        adds_up(rows, whole)


@given(st.dictionaries(segments, st.tuples(st.tuples(amounts, amounts), st.tuples(counts, counts)), min_size=1))
def test_mix_and_rate_add_up_to_the_change(parts: dict[str, tuple[tuple[float, float], tuple[float, float]]]) -> None:
    results = ratio_of({name: one[0] for name, one in parts.items()}, {name: one[1] for name, one in parts.items()})
    whole = change(results)
    rows = whys(results, ratio=True)
    if whole is None:
        assert rows.is_empty()
        return
    adds_up(rows, whole)
    assert set(rows["effect"]) <= {"mix", "rate", "numerator", "denominator", "remainder"}
    assert {"numerator", "denominator"} <= set(rows["effect"])


@given(st.dictionaries(segments, st.tuples(amounts, amounts), min_size=1))
def test_exchanged_periods_change_signs(values: Sides) -> None:
    results = results_of(values)
    back = Between("m", Grain.month, FEBRUARY, JANUARY, None)
    key = ["breakdown", "segment", "effect"]
    there = whys(results, ratio=False).select(*key, "contribution").sort(key)
    again = whys(results, ratio=False, between=back).select(*key, -pl.col("contribution")).sort(key)
    assert there.select(key).equals(again.select(key))
    for one, other in zip(there["contribution"], again["contribution"], strict=True):
        assert one == pytest.approx(other)


@given(
    st.dictionaries(
        segments, st.tuples(st.tuples(ONE_TO_NINE, ONE_TO_NINE), st.tuples(ONE_TO_NINE, ONE_TO_NINE)), min_size=1
    )
)
def test_neither_order_of_rows_nor_of_periods_matters_to_mix_and_rate(
    parts: dict[str, tuple[tuple[float, float], tuple[float, float]]],
) -> None:
    results = ratio_of({name: one[0] for name, one in parts.items()}, {name: one[1] for name, one in parts.items()})
    shuffled = {one: table.sample(fraction=1, shuffle=True, seed=7) for one, table in results.items()}
    back = Between("m", Grain.month, FEBRUARY, JANUARY, None)
    key = ["breakdown", "segment", "effect"]
    rows, other, reverse = (
        whys(some, ratio=True, between=way).sort(key)["contribution"].to_list()
        for some, way in ((results, BETWEEN), (shuffled, BETWEEN), (results, back))
    )
    assert rows == pytest.approx(other)
    assert rows == pytest.approx([-one for one in reverse], abs=1e-12)


def test_a_segment_that_is_larger_and_better_adds_by_mix_and_by_rate() -> None:
    results = ratio_of(
        {"A": (10, 20), "B": (30, 90)},
        {"A": (100, 100), "B": (100, 300)},
    )
    rows = whys(results, ratio=True)
    found = {(row["segment"], row["effect"]): row["contribution"] for row in rows.to_dicts()}
    assert found == {
        ("all", "numerator"): pytest.approx(0.2625),
        ("all", "denominator"): pytest.approx(-0.1875),
        ("country=A", "mix"): pytest.approx(0.021875),
        ("country=A", "rate"): pytest.approx(0.0375),
        ("country=B", "mix"): pytest.approx(0.015625),
        ("country=B", "rate"): pytest.approx(0),
    }


def test_a_segment_that_appears_has_no_rate_to_compare() -> None:
    results = ratio_of({"A": (20, 20), "B": (None, 30)}, {"A": (100, 100), "B": (None, 100)})
    rows = whys(results, ratio=True).filter(pl.col("segment") == "country=B")
    assert dict(rows.select("effect", "contribution").iter_rows()) == {
        "mix": pytest.approx(0.5 * (0.3 - (0.2 + 0.25) / 2)),
        "rate": 0,
    }


def test_what_is_refunded_without_orders_counts_in_the_mix() -> None:
    results = ratio_of({"A": (20, 20), "B": (0, -5)}, {"A": (10, 10), "B": (0, 0)})
    rows = whys(results, ratio=True).filter(pl.col("segment") == "country=B")
    assert dict(rows.select("effect", "contribution").iter_rows()) == {"mix": pytest.approx(-0.5), "rate": 0}


sides = st.tuples(st.floats(-100, 100), st.floats(-100, 100))


@given(sides, sides, sides)
def test_inputs_add_up_to_the_change_of_a_formula(
    one: tuple[float, float], two: tuple[float, float], three: tuple[float, float]
) -> None:
    formula = Arithmetic("a * b - abs(c)", tuple((name, AMOUNT) for name in "abc"))
    found = shapley(formula, {"a": one, "b": two, "c": three})
    assert found is not None
    (a0, a1), (b0, b1), (c0, c1) = one, two, three
    assert fsum(found.values()) == pytest.approx((a1 * b1 - abs(c1)) - (a0 * b0 - abs(c0)), rel=1e-9, abs=1e-6)


@given(st.lists(sides, min_size=9, max_size=12))
def test_many_inputs_are_changed_in_one_order_and_its_reverse(many: list[tuple[float, float]]) -> None:
    names = [f"i{place}" for place in range(len(many))]
    formula = Arithmetic(" + ".join(names) + f" + {names[0]} * {names[1]}", tuple((name, AMOUNT) for name in names))
    found = shapley(formula, dict(zip(names, many, strict=True)))
    assert found is not None
    whole = [fsum(one[place] for one in many) + many[0][place] * many[1][place] for place in (0, 1)]
    assert fsum(found.values()) == pytest.approx(whole[1] - whole[0], rel=1e-9, abs=1e-6)


def test_price_and_volume_share_what_they_do_together() -> None:
    formula = Arithmetic("price * units", (("price", AMOUNT), ("units", UNITS)))
    assert shapley(formula, {"price": (2, 3), "units": (10, 12)}) == {"price": 11, "units": 5}


def test_inputs_cannot_be_told_apart_where_half_a_change_has_no_value() -> None:
    formula = Arithmetic("a / (b - c)", (("a", AMOUNT), ("b", UNITS), ("c", UNITS)))
    assert shapley(formula, {"a": (1, 1), "b": (2, 5), "c": (1, 2)}) is None


@pytest.mark.parametrize(
    ("expr", "above", "below"),
    [
        ("a / b", "a", "b"),
        ("a / b - 1", "a", "b"),
        ("1 - a / b", "part * (-1)", "b"),
        ("100 * a / b", "100 * a", "b"),
        ("100 * (a / b)", "part * (100)", "b"),
        ("(a - c) / b", "(a - c)", "b"),
        ("-(a / b) + 2", "part * (-1)", "b"),
    ],
)
def test_a_formula_that_divides_is_a_ratio(expr: str, above: str, below: str) -> None:
    found = as_quotient(Arithmetic(expr, tuple((name, AMOUNT) for name in "abc")))
    assert isinstance(found, Quotient)
    assert isinstance(found.numerator, Arithmetic)
    assert isinstance(found.denominator, Arithmetic)
    assert (found.numerator.expr, found.denominator.expr) == (above, below)


@pytest.mark.parametrize("expr", ["a - b", "a / 100", "100 / b", "a / b - c / b", "round(a / b, 2)", "a * b"])
def test_other_formulas_are_none(expr: str) -> None:
    assert as_quotient(Arithmetic(expr, tuple((name, AMOUNT) for name in "abc"))) is None


def test_concentration_is_that_of_few_segments() -> None:
    even = whys(results_of(dict.fromkeys("ABCD", (0, 5))), ratio=False)
    alone = whys(results_of({"A": (0, 5), "B": (3, 3), "C": (2, 2)}), ratio=False)
    halves = whys(results_of({"A": (0, 5), "B": (0, -5), "C": (2, 2), "D": (1, 1)}), ratio=False)
    assert dict(concentration(even)) == {"country": pytest.approx(0)}
    assert dict(concentration(alone)) == {"country": pytest.approx(1)}
    assert dict(concentration(halves)) == {"country": pytest.approx((0.5 - 0.25) / 0.75)}
