"""The map of causes and effects: which KPI is said to move which, level by level from people up to money.

Perspectives lie above one another as a balanced scorecard stacks them. Within one, what is moved stands above what
moves it, so that nearly all arrows point upwards; on a level, KPIs stand near those they are linked with.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from kpi_pipeline.goals import Goal, Perspective
from kpi_pipeline.judge.frameworks.perspectives import FROM_BELOW
from kpi_pipeline.judge.frameworks.stands import Row, last_complete
from kpi_pipeline.judge.verdicts import verdicts_of
from kpi_pipeline.kpis import Kpi
from kpi_pipeline.project import Project
from kpi_pipeline.status import Status

Arrows = tuple[tuple[str, str], ...]
Side = tuple[Perspective | None, Goal | None]
"""A perspective, and the goal that a KPI has it from; none of the four lies above them all."""
Levels = list[list[str]]
FROM_THE_BOTTOM = (*FROM_BELOW, None)
SWEEPS = 4
"""How often levels are put in order by their neighbours; more changes little."""


def strategy_nodes(project: Project, values: pl.DataFrame) -> list[Row]:
    """Every linked KPI and where it stands, with the columns of `strategy_node`."""
    sides = _sides(project)
    levels = untangled(_levels(sides, _arrows(project)), _arrows(project))
    return [
        _node(project, name, sides[name], (number, place, len(level)), values)
        for number, level in enumerate(levels)
        for place, name in enumerate(level)
    ]


def strategy_links(project: Project, evidence: pl.DataFrame) -> list[Row]:
    """Every link, with the columns of `strategy_link`; `evidence` is `kpi_evidence`."""
    sides = _sides(project)
    verdicts = verdicts_of(evidence)
    return [
        {
            "kpi": link.from_,
            "leads_kpi": link.to,
            "lag_text": str(link.lag) if link.lag else None,
            "expected_sign": link.sign,
            "team": link.team,
            "because": link.because,
            "verdict": verdicts.get((link.from_, link.to)),
            "goes": _goes(sides[link.from_][0], sides[link.to][0]),
        }
        for link in project.links
    ]


def _sides(project: Project) -> dict[str, Side]:
    """The perspective of every linked KPI, and the goal it has it from."""
    linked = dict.fromkeys(name for link in project.links for name in (link.from_, link.to))
    return {name: _side(project, project.kpis[name]) for name in linked}


def _side(project: Project, kpi: Kpi) -> Side:
    """That of the first goal it serves that has one, or that serves one that does."""
    for share in kpi.serves:
        goal: Goal | None = project.goals[share.goal]
        while goal:
            if goal.perspective:
                return goal.perspective, goal
            goal = project.goals.get(goal.parent or "")
    return None, project.goals[kpi.serves[0].goal] if kpi.serves else None


def _arrows(project: Project) -> Arrows:
    return tuple((link.from_, link.to) for link in project.links)


def _levels(sides: Mapping[str, Side], arrows: Arrows) -> Levels:
    """The KPIs of each level, from the bottom."""
    levels: Levels = []
    for side in FROM_THE_BOTTOM:
        names = [name for name, (own, _) in sides.items() if own is side]
        heights = _heights(names, arrows)
        levels += [[name for name in names if heights[name] == height] for height in sorted(set(heights.values()))]
    return levels


def _heights(names: list[str], arrows: Arrows) -> dict[str, int]:
    """How many links lead to each of the KPIs through others of them, on the longest way; links form no circles.

    >>> _heights(["a", "b", "c"], (("a", "b"), ("b", "c"), ("a", "c")))
    {'a': 0, 'b': 1, 'c': 2}
    """
    heights: dict[str, int] = {}

    def height(name: str) -> int:
        if name not in heights:
            causes = [cause for cause, effect in arrows if effect == name and cause in names]
            heights[name] = 1 + max(map(height, causes), default=-1)
        return heights[name]

    return {name: height(name) for name in names}


def untangled(levels: Levels, arrows: Arrows) -> Levels:
    """The levels, each in the order of where the KPIs it is linked with stand: fewer arrows cross.

    >>> untangled([["a", "b"], ["x", "y"]], (("a", "y"), ("b", "x")))
    [['a', 'b'], ['y', 'x']]
    """
    best = [list(level) for level in levels]
    tried = best
    for _ in range(SWEEPS):
        for upwards in (True, False):
            tried = _swept(tried, arrows, upwards=upwards)
            if crossings(tried, arrows) < crossings(best, arrows):
                best = tried
    return best


def _swept(levels: Levels, arrows: Arrows, *, upwards: bool) -> Levels:
    """Every level put in the order of the mean place of its neighbours on the levels gone through before."""
    near: dict[str, list[str]] = {}
    for cause, effect in arrows:
        near.setdefault(effect if upwards else cause, []).append(cause if upwards else effect)
    places: dict[str, float] = {}
    swept: Levels = []
    for level in levels if upwards else reversed(levels):
        means = {name: _mean(name, place, len(level), near, places) for place, name in enumerate(level)}
        order = sorted(level, key=means.__getitem__)
        places |= {name: (place + 0.5) / len(order) for place, name in enumerate(order)}
        swept.append(order)
    return swept if upwards else swept[::-1]


def _mean(name: str, place: int, size: int, near: Mapping[str, list[str]], places: Mapping[str, float]) -> float:
    """Where its neighbours stand in the mean, from 0 (left) to 1; where it stands itself if none does yet."""
    found = [places[other] for other in near.get(name, ()) if other in places]
    return sum(found) / len(found) if found else (place + 0.5) / size


def crossings(levels: Levels, arrows: Arrows) -> int:
    """How many pairs of arrows between the same two levels cross."""
    at = {name: (number, place) for number, level in enumerate(levels) for place, name in enumerate(level)}
    drawn = [tuple(sorted((at[cause], at[effect]))) for cause, effect in arrows]
    return sum(
        one[0][0] == other[0][0]
        and one[1][0] == other[1][0]
        and (one[0][1] - other[0][1]) * (one[1][1] - other[1][1]) < 0
        for number, one in enumerate(drawn)
        for other in drawn[number + 1 :]
    )


def _node(project: Project, name: str, side: Side, at: tuple[int, int, int], values: pl.DataFrame) -> Row:
    found = last_complete(values, name)
    return {
        "kpi": name,
        "label": project.kpis[name].title,
        "goal": side[1].name if side[1] else None,
        "perspective": side[0].value if side[0] else None,
        "level_number": at[0],
        "place_in_level": at[1],
        "places_in_level": at[2],
        "period_label": found["period_label"] if found else None,
        "attainment": found["attainment"] if found else None,
        "status": found["status"] if found else Status.no_data.value,
    }


def _goes(cause: Perspective | None, effect: Perspective | None) -> str:
    step = FROM_THE_BOTTOM.index(effect) - FROM_THE_BOTTOM.index(cause)
    return "up" if step > 0 else "down" if step < 0 else "within"
