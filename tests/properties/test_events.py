"""On any few events the engine attributes conversions and follows cohorts as a slow and obvious reading of the rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine import Engine, Table, engine

FIRST = datetime(2024, 1, 29)
WINDOW = timedelta(days=2)
SLOWLY = settings(max_examples=15, derandomize=True)
MODELS = [
    {
        "name": name,
        "table": f"raw.{name}",
        "agg_time_dimension": "moment",
        "entities": [{"name": "person", "type": "foreign"}],
        "dimensions": ["place", "thing"],
    }
    for name in ("visits", "buys")
]
CONVERSION = {"type": "conversion", "entity": "person", "base_metric": "visited", "calculation": "conversions"}
METRICS = [
    {"name": "visited", "type": "simple", "model": "visits", "agg": "count"},
    {"name": "bought", "type": "simple", "model": "buys", "agg": "count"},
    {"name": "buyers", "type": "simple", "model": "buys", "agg": "count_distinct", "expr": "person"},
    {"name": "soon", **CONVERSION, "conversion_metric": "bought", "window": "2 days"},
    {"name": "ever", **CONVERSION, "conversion_metric": "bought"},
    {"name": "buyers_soon", **CONVERSION, "conversion_metric": "buyers", "window": "2 days"},
    {
        "name": "same_thing",
        **CONVERSION,
        "conversion_metric": "bought",
        "constant_properties": [{"base_property": "thing", "conversion_property": "thing"}],
    },
    *(
        {
            "name": f"back_{age}",
            "type": "retention",
            "entity": "person",
            "model": "visits",
            "cohort_grain": "week",
            "age": age,
            "calculation": "retained",
        }
        for age in (0, 1, 2)
    ),
]


@dataclass(frozen=True)
class Event:
    """Somebody, somewhere, with something, at a moment; all may be unknown."""

    moment: datetime | None
    person: str | None
    place: str | None
    thing: str | None

    @property
    def order(self) -> tuple[tuple[bool, str], ...]:
        """What decides between events of one moment: the place, then the thing; a missing one comes before all."""
        return tuple((one is not None, one or "") for one in (self.place, self.thing))


# NOTE: few moments, six hours apart, so that ties and events exactly a window apart are frequent.
events = st.lists(
    st.builds(
        Event,
        st.one_of(st.none(), st.integers(0, 90).map(lambda steps: FIRST + timedelta(hours=6 * steps))),
        st.sampled_from([None, "ann", "bob"]),
        st.sampled_from([None, "here", "there"]),
        st.sampled_from([None, "cup", "tea"]),
    ),
    min_size=1,
    max_size=14,
)


def _table(rows: Sequence[Event]) -> Table:
    columns = {"moment": "timestamp", "person": "varchar", "place": "varchar", "thing": "varchar"}
    return Table(columns, [[str(row.moment) if row.moment else None, row.person, row.place, row.thing] for row in rows])


def _base_of(buy: Event, visits: Sequence[Event], *, same_thing: bool = False) -> Event | None:
    """The last visit of the buyer at or before a buy."""
    if buy.person is None or buy.moment is None or (same_thing and buy.thing is None):
        return None
    before = [
        (visit.moment, visit.order, visit)
        for visit in visits
        if visit.person == buy.person and visit.moment is not None and visit.moment <= buy.moment
        if not same_thing or visit.thing == buy.thing
    ]
    return max(before, key=lambda one: one[:2])[2] if before else None


def _week(moment: datetime) -> date:
    return moment.date() - timedelta(days=moment.weekday())


def _answer(here: Engine, metric: str) -> dict[tuple[date, str | None], int]:
    answer = here.query([metric], grain="week", by=["place"])
    return {(week, place): int(value) for week, place, value in answer.rows() if value}


@given(visits=events, buys=events)
@SLOWLY
def test_conversions(visits: list[Event], buys: list[Event]) -> None:
    soon: Counter[tuple[date, str | None]] = Counter()
    ever: Counter[tuple[date, str | None]] = Counter()
    alike: Counter[tuple[date, str | None]] = Counter()
    buyers: dict[tuple[date, str | None], set[str]] = {}
    for buy in buys:
        base = _base_of(buy, visits)
        if base and base.moment and buy.moment and buy.person:
            at = (_week(base.moment), base.place)
            ever[at] += 1
            if buy.moment < base.moment + WINDOW:
                soon[at] += 1
                buyers.setdefault(at, set()).add(buy.person)
        same = _base_of(buy, visits, same_thing=True)
        if same and same.moment:
            alike[_week(same.moment), same.place] += 1
    with engine({"visits": _table(visits), "buys": _table(buys)}, models=MODELS, metrics=METRICS) as here:
        assert _answer(here, "soon") == soon
        assert _answer(here, "ever") == ever
        assert _answer(here, "same_thing") == alike
        assert _answer(here, "buyers_soon") == {at: len(people) for at, people in buyers.items()}


@given(visits=events)
@SLOWLY
def test_retention(visits: list[Event]) -> None:
    there = [visit for visit in visits if visit.person is not None and visit.moment is not None]
    wanted: dict[int, Counter[tuple[date, str | None]]] = {age: Counter() for age in (0, 1, 2)}
    for person in {visit.person for visit in there}:
        own = [(visit.moment, _last_if_missing(visit), visit) for visit in there if visit.person == person]
        moment, _, first = min(own, key=lambda one: one[:2])
        for age, cohorts in wanted.items():
            later = _week(moment) + timedelta(weeks=age)
            cohorts[_week(moment), first.place] += any(_week(at) == later for at, _, _ in own)
    with engine({"visits": _table(visits), "buys": _table([])}, models=MODELS, metrics=METRICS) as here:
        for age, cohorts in wanted.items():
            assert _answer(here, f"back_{age}") == +cohorts


def _last_if_missing(visit: Event) -> tuple[tuple[bool, str], ...]:
    """First rows of one moment: the least place, then the least thing; a missing one comes after all."""
    return tuple((one is None, one or "") for one in (visit.place, visit.thing))
