"""What was said of values is kept: at any moment that has passed, the history says what the values said."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_pipeline.publish import table_named
from kpi_pipeline.publish.stable_views import AS_OF_QUERY
from kpi_pipeline.store import Warehouse
from kpi_pipeline.store.differences import SAID, Causes
from kpi_pipeline.store.history import VALUES, Kept, Recorded, record
from kpi_pipeline.store.source_changes import note_changes
from kpi_pipeline.store.state import prepare_state
from kpi_pipeline.store.values import change_of, write_change

SCHEMA = table_named("kpi_value").schema
START = datetime(2024, 6, 1, 6, tzinfo=UTC)
FOREVER = Kept(datetime(1970, 1, 1, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC))
JANUARY, FEBRUARY, MARCH = (date(2024, month, 1) for month in (1, 2, 3))
KPIS = ("a", "b")
NOTHING = {"definition_changed": False, "target_changed": False, "rule_changed": False}

Key = tuple[str, date, str]
Said = tuple[float | None, float | None, str, bool]
"""Value, target, status, whether the period is complete."""


class Book:
    """A warehouse whose values are published again and again, an hour apart."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        self.moment = START
        prepare_state(warehouse)

    def publish(
        self,
        said: dict[Key, Said],
        *,
        causes: dict[str, bool] | None = None,
        by_day: bool = True,
        whole: bool = False,
        names: dict[str, str] | None = None,
        defined: tuple[str, ...] = KPIS,
        kept: Kept = FOREVER,
    ) -> Recorded:
        """Publishes exactly these values; `causes` are those of every KPI."""
        rows = values(said)
        self.moment += timedelta(hours=1)
        change = change_of(self.warehouse, VALUES, rows, key="kpi", computed=defined, defined=defined, whole=whole)
        flags = pl.DataFrame([{"kpi": name, **NOTHING, **(causes or {})} for name in defined])
        sources = [(name, "orders", 0, by_day) for name in defined]
        with self.warehouse.transaction():
            write_change(self.warehouse, change)
            return record(
                self.warehouse,
                change,
                moment=self.moment,
                names=names or {},
                causes=Causes(flags, pl.DataFrame(sources, schema=["kpi", "source", "since", "by_day"], orient="row")),
                kept=kept,
            )

    def loaded(self, *changes: tuple[date | None, int, int]) -> None:
        """Rows of the source came and went on some days."""
        note_changes(self.warehouse, "orders", changes, self.moment)

    def as_of(self, moment: datetime) -> list[tuple[object, ...]]:
        """What `kpi_as_of` gives."""
        query = AS_OF_QUERY.replace("kpi_value_history", "kpi.kpi_value_history").replace("moment", "?")
        return self.warehouse.rows(f"SELECT {', '.join(SAID)} FROM ({query}) ORDER BY ALL", [moment, moment])

    def now(self) -> list[tuple[object, ...]]:
        """What the values say."""
        return self.warehouse.rows(f"SELECT {', '.join(SAID)} FROM kpi.kpi_value ORDER BY ALL")

    def reasons(self, kpi: str = "a") -> list[tuple[object, ...]]:
        """Month, value and reason of what was said since the last publication."""
        return self.warehouse.rows(
            "SELECT period_label, value, reason FROM kpi.kpi_value_history WHERE kpi = ? AND recorded_at = ? ORDER BY ALL",
            [kpi, self.moment],
        )


def values(said: dict[Key, Said]) -> pl.DataFrame:
    rows = [
        {
            "kpi": kpi, "grain": "month", "period_start": month, "period_end": month + timedelta(days=31),
            "last_day": month + timedelta(days=30), "period_label": f"{month:%Y-%m}",
            "period_start_utc": datetime(month.year, month.month, 1, tzinfo=UTC), "breakdown": "all",
            "segment": segment, "value": value, "target": target, "status": status, "is_complete": complete,
        }
        for (kpi, month, segment), (value, target, status, complete) in said.items()
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=SCHEMA).cast({pl.String: pl.Categorical})


def months(january: float | None, february: float | None = 5.0, *, kpi: str = "a", target: float = 1.0,
           status: str = "on_track") -> dict[Key, Said]:  # fmt: skip
    """January and February, which are complete, and March, which is not and grows."""
    return {
        (kpi, JANUARY, "all"): (january, target, status, True),
        (kpi, FEBRUARY, "all"): (february, target, status, True),
        (kpi, MARCH, "all"): (1.0, target, "in_progress", False),
    }


@pytest.fixture
def book() -> Iterator[Book]:
    with Warehouse.in_memory() as warehouse:
        book = Book(warehouse)
        book.publish(months(10.0))
        yield book


def test_what_is_said_first_is_new_and_nothing_is_restated(book: Book) -> None:
    assert book.reasons() == [("2024-01", 10, "new"), ("2024-02", 5, "new"), ("2024-03", 1, "new")]
    assert book.publish(months(10.0)).restated == 0
    assert book.publish(months(10.0), whole=True).restated == 0
    assert book.reasons() == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ([(date(2024, 1, 20), 2, 0)], "late_data"),
        ([(date(2024, 1, 20), 2, 1)], "correction"),
        ([(date(2024, 1, 20), 2, 0), (date(2024, 2, 3), 0, 5)], "late_data"),
        ([(date(2023, 12, 31), 2, 0), (date(2024, 2, 1), 0, 1)], "correction"),
        ([(date(2023, 12, 31), 2, 0)], "late_data"),
        ([(None, 0, 1)], "correction"),
        ([], "rule_changed"),
    ],
    ids=["came late", "changed", "others changed", "only others", "only others came", "no day", "nothing known"],
)
def test_rows_that_came_late_are_told_from_corrections(
    book: Book, changes: list[tuple[date | None, int, int]], reason: str
) -> None:
    book.loaded(*changes)
    assert book.publish(months(12.0)).restated == 1
    assert book.reasons() == [("2024-01", 12, reason)]


def test_where_days_of_a_source_are_not_those_of_the_kpi_any_correction_counts(book: Book) -> None:
    book.loaded((date(2024, 1, 20), 2, 0), (date(2024, 2, 3), 0, 5))
    book.publish(months(12.0), by_day=False)
    assert book.reasons() == [("2024-01", 12, "correction")]


DEFINITION, TARGET, RULE = ({name: True} for name in NOTHING)


@pytest.mark.parametrize(
    ("said", "causes", "reason"),
    [
        (months(12.0), DEFINITION, "definition_changed"),
        (months(12.0), DEFINITION | TARGET | RULE, "definition_changed"),
        (months(12.0, target=2.0), TARGET, "correction"),
        (months(12.0), RULE, "correction"),
        (months(10.0, target=2.0), DEFINITION | TARGET | RULE, "target_changed"),
        (months(10.0, target=2.0, status="at_risk"), TARGET, "target_changed"),
        (months(10.0, target=2.0), RULE, "correction"),
        (months(10.0, status="at_risk"), DEFINITION | TARGET | RULE, "rule_changed"),
        (months(10.0, status="at_risk"), TARGET, "target_changed"),
        (months(10.0, status="at_risk"), {}, "correction"),
    ],
)
def test_of_several_causes_the_likeliest_for_what_differs_is_told(
    book: Book, said: dict[Key, Said], causes: dict[str, bool], reason: str
) -> None:
    """A row was corrected in every case: the number tells it, and what only follows from the number does."""
    book.loaded((date(2024, 1, 5), 1, 1))
    book.publish(said, causes=causes)
    assert book.reasons()[0][2] == reason


def test_a_period_in_progress_goes_on_without_a_reason(book: Book) -> None:
    book.loaded((date(2024, 3, 5), 1, 0))
    said = months(10.0) | {("a", MARCH, "all"): (3.0, 1.0, "on_track", True)}
    assert book.publish(said, causes=DEFINITION).restated == 0
    assert book.reasons() == [("2024-03", 3, None)]
    assert book.publish(said | {("a", MARCH, "all"): (4.0, 1.0, "on_track", True)}).restated == 1


def test_what_is_no_longer_published_is_said_to_be_gone_and_may_come_back(book: Book) -> None:
    only_march = {key: said for key, said in months(10.0).items() if key[1] == MARCH}
    assert book.publish(only_march).restated == 0
    assert book.reasons() == [("2024-01", None, "removed"), ("2024-02", None, "removed")]
    assert book.publish(only_march, whole=True).restated == 0
    assert book.reasons() == []
    book.publish(months(11.0))
    assert book.reasons() == [("2024-01", 11, "new"), ("2024-02", 5, "new")]


def test_a_renamed_kpi_goes_on_under_its_new_name(book: Book) -> None:
    before = book.moment
    named = {"defined": ("z",), "names": {"a": "z"}}
    assert book.publish(months(10.0, kpi="z"), **named).restated == 0
    assert book.reasons("z") == []
    book.publish(months(11.0, kpi="z"), causes=DEFINITION, **named)
    assert book.reasons("z") == [("2024-01", 11, "definition_changed")]
    assert {row[0] for row in book.as_of(before)} == {"z"}
    told = (
        "SELECT value, published_as FROM kpi.kpi_value_history WHERE kpi = 'z' AND period_label = '2024-01' ORDER BY 1"
    )
    assert book.warehouse.rows(told) == [(10, "a"), (11, "z")]


def test_of_two_kpis_that_become_one_the_latest_word_goes_on(book: Book) -> None:
    book.publish(months(10.0) | months(20.0, kpi="b"))
    book.publish(months(20.0, kpi="b"), defined=("b",), names={"a": "b"})
    assert book.as_of(book.moment) == book.now()


def test_what_was_said_is_forgotten_after_a_while_and_what_is_said_never(book: Book) -> None:
    book.publish(months(11.0) | {("a", MARCH, "all"): (2.0, 1.0, "in_progress", False)})
    book.moment += timedelta(days=60)
    later = {("a", MARCH, "all"): (3.0, 1.0, "in_progress", False)}
    soon = Kept(START - timedelta(days=900), book.moment - timedelta(days=35))
    recorded = book.publish(months(11.0) | later, kept=soon)
    kept = "SELECT period_label, value FROM kpi.kpi_value_history WHERE superseded_at IS NOT NULL ORDER BY ALL"
    assert book.warehouse.rows(kept) == [("2024-01", 10), ("2024-03", 2)]
    assert recorded.change.height == 5
    everything = Kept(book.moment + timedelta(days=1), book.moment)
    book.publish({}, kept=everything)
    assert book.warehouse.rows(kept) == []
    book.publish({}, kept=Kept(book.moment + timedelta(days=1), book.moment))
    assert book.warehouse.rows("SELECT count(*) FROM kpi.kpi_value_history") == [(0,)]


KEYS = [(kpi, month, segment) for kpi in KPIS for month in (JANUARY, FEBRUARY, MARCH) for segment in ("all", "x=1")]
ALL_SAID: dict[Key, Said] = dict.fromkeys(KEYS, (1.5, 1.0, "on_track", True))
CHANGED = st.dictionaries(
    st.sampled_from(KEYS),
    st.none()
    | st.tuples(
        st.sampled_from((None, 0.0, -2.0)), st.just(1.0), st.sampled_from(("on_track", "no_data")), st.booleans()
    ),
    max_size=4,
)
"""What is said differently by a run; None is said no longer."""


@settings(deadline=None, max_examples=15)
@given(st.lists(st.tuples(CHANGED, st.sampled_from((False, False, True))), min_size=2, max_size=5))
def test_the_history_says_what_was_said_at_every_moment(runs: list[tuple[dict[Key, Said | None], bool]]) -> None:
    """And readers who are handed only the changed parts of it have the same as those who read all of it."""
    with Warehouse.in_memory() as warehouse:
        book = Book(warehouse)
        copies: dict[datetime, list[tuple[object, ...]]] = {}
        said: dict[Key, Said | None] = dict(ALL_SAID)
        handed = pl.DataFrame()
        for changed, whole in [({}, True), *runs]:
            said |= changed
            change = book.publish({key: one for key, one in said.items() if one}, whole=whole).change
            copies[book.moment] = book.now()
            if change.whole:
                handed = warehouse.fetch("SELECT * FROM kpi.kpi_value_history")
            else:
                month = pl.col("period_start").dt.truncate("1mo").alias("month")
                gone = change.gone.rename({"name": "kpi"})
                handed = handed.with_columns(month).join(gone, on=["kpi", "month"], how="anti").drop("month")
                handed = pl.concat([handed, change.rows.select(handed.columns)])
            assert sorted(handed.rows(), key=repr) == sorted(
                warehouse.fetch("SELECT * FROM kpi.kpi_value_history").rows(), key=repr
            )
        for moment, copy in copies.items():
            assert book.as_of(moment) == copy
            assert book.as_of(moment + timedelta(minutes=59)) == copy
