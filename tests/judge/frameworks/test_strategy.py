"""The map of causes and effects: where each KPI stands, and which arrows there are."""

from __future__ import annotations

from itertools import permutations

import polars as pl

from kpi_pipeline.goals import Goal
from kpi_pipeline.judge.frameworks import strategy_links, strategy_nodes
from kpi_pipeline.judge.frameworks.strategy import crossings, untangled
from kpi_pipeline.links import Link
from tests.judge.frameworks.samples import Judged, goal, judged, link
from tests.judge.samples import kpi

EVIDENCE = {"kpi": pl.String, "leads_kpi": pl.String, "segment": pl.String, "verdict": pl.String}


def sides() -> list[Goal]:
    return [
        goal("money", perspective="financial"),
        goal("buyers", perspective="customer"),
        goal("process", perspective="internal_process"),
        goal("people", perspective="learning_growth"),
        goal("below", parent="people"),
        goal("nowhere"),
    ]


def mapped(serving: dict[str, str], *links: Link) -> Judged:
    return judged(sides(), [(kpi(name=name, goal=of), {1: 1.0}) for name, of in serving.items()], links=links)


def test_people_at_the_bottom_money_at_the_top() -> None:
    serving = {
        "sales": "money",
        "returns": "buyers",
        "repeat": "buyers",
        "delay": "process",
        "skill": "below",
        "odd": "nowhere",
    }
    one = mapped(
        serving,
        link("skill", "delay", sign="negative"),
        link("delay", "returns", lag="0"),
        link("returns", "repeat"),
        link("repeat", "sales"),
        link("sales", "skill"),
        link("odd", "sales"),
    )
    nodes = {row["kpi"]: row for row in strategy_nodes(one.project, one.values)}

    assert {name: (row["perspective"], row["level_number"]) for name, row in nodes.items()} == {
        "skill": ("learning_growth", 0),
        "delay": ("internal_process", 1),
        "returns": ("customer", 2),
        "repeat": ("customer", 3),
        "sales": ("financial", 4),
        "odd": (None, 5),
    }
    assert (nodes["skill"]["goal"], nodes["skill"]["period_label"]) == ("people", "2024-01")
    assert nodes["odd"]["goal"] == "nowhere"
    evidence = pl.DataFrame(
        [
            ("skill", "delay", "all", "confirmed"),
            ("skill", "delay", "country=France", "reversed"),
            ("delay", "returns", "all", None),
        ],
        schema=EVIDENCE,
        orient="row",
    )
    arrows = [tuple(row.values()) for row in strategy_links(one.project, evidence)]
    assert arrows == [
        ("skill", "delay", "1 month", "negative", None, "b", "confirmed", "up"),
        ("delay", "returns", None, "positive", None, "b", None, "up"),
        ("returns", "repeat", "1 month", "positive", None, "b", None, "within"),
        ("repeat", "sales", "1 month", "positive", None, "b", None, "up"),
        ("sales", "skill", "1 month", "positive", None, "b", None, "down"),
        ("odd", "sales", "1 month", "positive", None, "b", None, "down"),
    ]


def test_neighbours_stand_near_each_other() -> None:
    low, high = [f"l{at}" for at in range(6)], [f"h{at}" for at in range(6)]
    serving = {**dict.fromkeys(low, "people"), **dict.fromkeys(high, "money")}
    one = mapped(serving, *(link(low[at], high[5 - at]) for at in range(6)))
    placed: dict[int, list[str]] = {}
    for row in strategy_nodes(one.project, one.values):
        placed.setdefault(row["level_number"], []).append(row["kpi"])
        assert row["places_in_level"] == 6

    arrows = tuple((low[at], high[5 - at]) for at in range(6))
    assert crossings([low, high], arrows) == 15
    assert crossings([placed[0], placed[1]], arrows) == 0


def test_never_more_crossings_than_before() -> None:
    arrows = (("a", "x"), ("b", "x"), ("c", "y"), ("a", "z"), ("x", "p"), ("y", "q"), ("z", "p"))
    for bottom in permutations("abc"):
        levels = [list(bottom), ["x", "y", "z"], ["q", "p"]]
        order = untangled(levels, arrows)
        assert crossings(order, arrows) <= crossings(levels, arrows)
        assert [sorted(level) for level in order] == [sorted(level) for level in levels]


def test_project_without_links_has_no_map() -> None:
    one = mapped({"sales": "money"})

    assert strategy_nodes(one.project, one.values) == []
    assert strategy_links(one.project, pl.DataFrame(schema=EVIDENCE)) == []
