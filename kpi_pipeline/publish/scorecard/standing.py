"""How a goal stands: its score in the latest period that is over, its course, and how its KPIs stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from kpi_pipeline.goals import ENOUGH_COUNTED
from kpi_pipeline.kpis import share_written
from kpi_pipeline.publish.scorecard.dates import period_written
from kpi_pipeline.publish.scorecard.page import Attainment
from kpi_pipeline.publish.scorecard.snapshot import Row
from kpi_pipeline.publish.scorecard.status import STATUSES, Status, status_called
from kpi_pipeline.publish.scorecard.trend import Moment, Trend, trend_of
from kpi_pipeline.publish.scorecard.wording import attainment_of

GRAINS = ("month", "quarter", "year")
SHOWN = 26
ROLL_UPS = {
    "weighted": "The mean of what its members attain, by weight",
    "average": "The mean of what its members attain",
    "worst": "What the member that attains least attains",
    "share_on_track": "The share of its members that are on track",
}


@dataclass(frozen=True)
class Standing:
    """A goal in the latest period that could be judged."""

    status: Status
    score: Attainment | None
    period: str
    period_start: date
    grain: str
    trend: Trend | None
    tally: tuple[tuple[Status, int], ...]
    counted: str
    """The share of its members' weight that the score rests on, where that is not all."""
    rule: str


def standings_of(scores: Mapping[str, Sequence[Row]]) -> dict[str, Standing]:
    """Every goal that has a score, or could have one."""
    return {goal: standing_of(rows) for goal, rows in scores.items()}


def standing_of(rows: Sequence[Row]) -> Standing:
    """A goal's standing from its scores, oldest first, by the shortest periods that it is judged by.

    Told is the latest period in which enough of what its members weigh could be scored; where there was none, the
    latest score, and without a score the latest period that is over.
    """
    series = judged_series(rows)
    done = [row for row in series if row["status"] != "in_progress"]
    scored = [row for row in done if row["score"] is not None]
    latest = next(
        (row for row in reversed(scored) if row["weight_counted"] >= ENOUGH_COUNTED), (scored or done or series)[-1]
    )
    shown = [row for row in series if row["period_start"] <= latest["period_start"]][-SHOWN:]
    moments = [Moment(period_written(row["period_label"]), row["score"], 1.0) for row in shown]
    counted = latest["weight_counted"]
    return Standing(
        status=status_called(latest["status"]),
        score=attainment_of(latest["score"]),
        period=period_written(latest["period_label"]),
        period_start=latest["period_start"],
        grain=latest["grain"],
        trend=trend_of(moments, share_written, latest["grain"]),
        tally=tuple((status, latest[f"kpis_{status.key}"]) for status in STATUSES if latest[f"kpis_{status.key}"]),
        counted="" if counted is None or counted > 0.9995 else share_written(counted),
        rule=ROLL_UPS.get(latest["roll_up"]) or "",
    )


def judged_series(rows: Sequence[Row]) -> list[Row]:
    """The scores by the shortest grain in which the goal ever had one."""
    for grain in GRAINS:
        found = [row for row in rows if row["grain"] == grain]
        if any(row["score"] is not None for row in found):
            return found
    return list(rows)
