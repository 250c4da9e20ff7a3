"""What a run learns of a source in a lakehouse: which files came and went, and which days that touches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlglot import expressions as exp

from kpi_pipeline.errors import DataError
from kpi_pipeline.ingest import FileThere, Looked, Reached, SourceState, Staged, accept, source_states, stage
from kpi_pipeline.ingest.staged import DayChange
from kpi_pipeline.names import TableRef
from kpi_pipeline.project import Project, Settings
from kpi_pipeline.sources import Source
from kpi_pipeline.store import Warehouse
from kpi_pipeline.store.state import prepare_state

NOW = datetime(2024, 3, 1, 6, tzinfo=UTC)
SALES = {"name": "sales", "connector": {"type": "lakehouse", "path": "/lake/sales"}, "load": {"cursor": "day"}}
Days = tuple[int, str | None, str | None]
"""How many rows a file has, and their first and last day."""


class Lake:
    """Files as a cluster tells of them, or as one that does not tell them apart."""

    def __init__(self, *, tells_files: bool = True) -> None:
        self.files: dict[str, tuple[str, Days]] = {}
        self.tells_files = tells_files
        self.text: str | None = None
        self.asked: list[tuple[str, ...] | None] = []
        self.kinds = {"id": "BIGINT", "day": "DATE"}

    def put(self, name: str, rows: int, first: str | None, last: str | None = None, *, mark: str = "1") -> None:
        """Writes a file."""
        self.files[name] = mark, (rows, first, last or first)

    def look(self) -> Looked:
        """Its files, or a text that changes with its rows."""
        if self.text is not None:
            return Looked(None, self.text)
        return Looked({name: FileThere(f"/lake/sales/{name}", mark) for name, (mark, _) in self.files.items()})

    def columns(self) -> dict[str, str]:
        """Names and types."""
        return self.kinds

    def reach(self, day: exp.Expr | None, files: Mapping[str, FileThere] | None) -> list[Reached]:
        """The rows and days of some files."""
        self.asked.append(None if files is None else tuple(sorted(files)))
        found = [_reached(name, days) for name, (_, days) in self.files.items() if files is None or name in files]
        if self.tells_files:
            return found
        first = min((one.first for one in found if one.first), default=None)
        last = max((one.last for one in found if one.last), default=None)
        return [Reached(None, sum(one.rows for one in found), sum(one.dated for one in found), first, last)]

    def newest(self, day: exp.Expr, today: date) -> date | None:
        """Of files that hold one day each, the newest day that is past."""
        days = [date.fromisoformat(last) for _, (_, _, last) in self.files.values() if last]
        return max(one for one in days if one <= today)


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    with Warehouse.in_memory() as opened:
        prepare_state(opened)
        yield opened


@pytest.fixture
def lake() -> Lake:
    made = Lake()
    made.put("a", 10, "2024-01-01", "2024-01-31")
    made.put("b", 5, "2024-02-01", "2024-02-29")
    return made


def test_the_first_look_asks_about_everything(lake: Lake, warehouse: Warehouse) -> None:
    found = _looked(lake, warehouse)
    assert lake.asked == [None]
    assert found.touched is None
    state = source_states(warehouse)["sales"]
    assert (state.rows, state.newest_day, state.complete_before) == (15, date(2024, 2, 29), date(2024, 2, 29))
    assert warehouse.table_columns(TableRef("raw", "sales")) == {"id": "BIGINT", "day": "DATE"}


def test_nothing_new_asks_nothing(lake: Lake, warehouse: Warehouse) -> None:
    _looked(lake, warehouse)
    assert not _looked(lake, warehouse).changed
    assert len(lake.asked) == 1


def test_a_new_file_is_asked_about_alone(lake: Lake, warehouse: Warehouse) -> None:
    _looked(lake, warehouse)
    lake.put("c", 3, "2024-03-01")
    found = _looked(lake, warehouse)
    assert lake.asked == [None, ("c",)]
    assert found.touched == (date(2024, 3, 1), date(2024, 3, 1))
    assert found.changes == (DayChange(date(2024, 3, 1), 3, 0),)
    assert _state(warehouse).rows == 18


def test_a_file_written_anew_touches_the_days_it_had_and_has(lake: Lake, warehouse: Warehouse) -> None:
    _looked(lake, warehouse)
    lake.put("b", 6, "2024-02-10", "2024-03-01", mark="2")
    found = _looked(lake, warehouse)
    assert found.touched == (date(2024, 2, 1), date(2024, 3, 1))
    assert found.changes == (DayChange(None, 6, 5),)
    assert _state(warehouse).rows == 16


def test_a_file_that_went_touches_its_days(lake: Lake, warehouse: Warehouse) -> None:
    _looked(lake, warehouse)
    del lake.files["b"]
    found = _looked(lake, warehouse)
    assert lake.asked == [None]
    assert found.touched == (date(2024, 2, 1), date(2024, 2, 29))
    assert _state(warehouse).newest_day == date(2024, 1, 31)


def test_rows_without_a_day_may_be_of_any(lake: Lake, warehouse: Warehouse) -> None:
    _looked(lake, warehouse)
    lake.put("c", 3, None)
    assert _looked(lake, warehouse).touched is None


def test_other_columns_touch_every_day(lake: Lake, warehouse: Warehouse) -> None:
    _looked(lake, warehouse)
    lake.kinds = {**lake.kinds, "note": "VARCHAR"}
    lake.put("c", 3, "2024-03-01")
    assert _looked(lake, warehouse).touched is None
    assert "note" in warehouse.table_columns(TableRef("raw", "sales"))


def test_a_mistyped_future_is_not_the_newest_day(lake: Lake, warehouse: Warehouse) -> None:
    lake.put("c", 1, "2099-01-01")
    _looked(lake, warehouse)
    assert _state(warehouse).newest_day == date(2024, 2, 29)


def test_a_cluster_that_does_not_tell_files_gets_one_answer_for_all_that_came(warehouse: Warehouse) -> None:
    lake = Lake(tells_files=False)
    lake.put("a", 10, "2024-01-01", "2024-01-31")
    lake.put("b", 5, "2024-02-01", "2024-02-29")
    _looked(lake, warehouse)
    lake.put("c", 3, "2024-03-01")
    assert _looked(lake, warehouse).touched == (date(2024, 3, 1), date(2024, 3, 1))
    assert _state(warehouse).rows == 18
    lake.put("b", 6, "2024-02-02", mark="2")
    # NOTE: how many of the rows were those of b is not known, so all files are asked about again.
    assert _looked(lake, warehouse).touched == (date(2024, 1, 1), date(2024, 3, 1))
    assert _state(warehouse).rows == 19
    assert lake.asked[-1] is None


def test_a_table_is_known_by_what_its_format_wrote_down(lake: Lake, warehouse: Warehouse) -> None:
    lake.text = "0.json 12"
    first = _looked(lake, warehouse)
    assert any(one.startswith("it is known by its log") for one in first.notes)
    assert not _looked(lake, warehouse).changed
    lake.text = "0.json 12\n1.json 9"
    found = _looked(lake, warehouse)
    assert (found.changed, found.touched) == (True, None)


def test_a_table_that_says_nothing_of_itself_changes_every_time(lake: Lake, warehouse: Warehouse) -> None:
    lake.text = ""
    assert (
        "nothing tells whether its rows changed, so every run reduces all of them" in _looked(lake, warehouse).notes[0]
    )
    assert _looked(lake, warehouse, run="second").changed


def test_a_file_that_went_and_cannot_be_told_from_others_takes_its_days_along(warehouse: Warehouse) -> None:
    lake = Lake(tells_files=False)
    lake.put("a", 10, "2024-01-01", "2024-01-31")
    lake.put("b", 5, "2024-02-01", "2024-02-29")
    _looked(lake, warehouse)
    del lake.files["b"]
    found = _looked(lake, warehouse)
    assert found.touched == (date(2024, 1, 1), date(2024, 2, 29))
    assert found.changes == (DayChange(None, 10, 15),)
    assert (_state(warehouse).rows, _state(warehouse).newest_day) == (10, date(2024, 1, 31))


def test_a_place_with_nothing_is_refused(lake: Lake, warehouse: Warehouse) -> None:
    lake.kinds = {}
    with pytest.raises(DataError, match=r"Source 'sales': there is nothing at /lake/sales\."):
        _looked(lake, warehouse)


def test_an_emptied_source_is_refused(lake: Lake, warehouse: Warehouse) -> None:
    _looked(lake, warehouse)
    lake.files.clear()
    with pytest.raises(DataError, match=r"has no rows any more at /lake/sales; it had 15 rows"):
        _looked(lake, warehouse)
    assert _state(warehouse).rows == 15
    allowed = {**SALES, "load": {"cursor": "day", "allow_empty": True}}
    assert _looked(lake, warehouse, source=allowed).state.rows == 0


def _looked(lake: Lake, warehouse: Warehouse, *, run: str = "first", source: Mapping[str, object] = SALES) -> Staged:
    """A look at the source that is let in."""
    noun = Source.model_validate(source)
    project = Project(Path("/nowhere"), Settings(name="shop"), sources={"sales": noun})
    found = stage(project, noun, warehouse, run_id=run, now=NOW, there=lake)
    accept(found, warehouse)
    return found


def _state(warehouse: Warehouse) -> SourceState:
    return source_states(warehouse)["sales"]


def _reached(name: str, days: Days) -> Reached:
    rows, first, last = days
    dated = rows if first else 0
    return Reached(
        name, rows, dated, date.fromisoformat(first) if first else None, date.fromisoformat(last) if last else None
    )
