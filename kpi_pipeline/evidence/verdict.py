"""From numbers to a verdict: the rules, in the order in which they are asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kpi_pipeline.evidence.adjusted import adjusted, needed
from kpi_pipeline.evidence.nouns import Evidence, Reason, Tested
from kpi_pipeline.evidence.stands_out import smallest_seen
from kpi_pipeline.verdict import Verdict

LEVEL = 0.05
"""What is found must be rarer than this by chance."""
SKILL_LEVEL = 0.10
"""Diebold-Mariano is careful where one model is part of the other: asked for 10 %, it errs in fewer than 5 %."""
HIGHEST_ASKED = 0.7
"""A leader with this correlation cuts the error of a forecast by 29 %. Where only more would have stood out of chance,
its absence says nothing against a claim."""


@dataclass(frozen=True)
class Seen:
    """A tested claim with its corrected p-values: what the rules look at."""

    tested: Tested
    p: float
    reverse_p: float
    stands_out: float
    """The smallest correlation that would have been seen."""

    @property
    def correlated(self) -> bool:
        """A correlation at some lag from 0 to L that searching does not explain."""
        return self.p <= LEVEL

    @property
    def unseeable(self) -> bool:
        """No correlation beyond chance, and none to be seen unless it were very high."""
        return not self.correlated and self.stands_out > HIGHEST_ASKED

    @property
    def in_same_period(self) -> bool:
        """Such a correlation, highest at lag 0."""
        return self.correlated and self.tested.measured_lag == 0

    @property
    def precedes(self) -> bool:
        """The leader's past adds to the follower's own."""
        return self.correlated and _small(self.tested.granger_p, LEVEL)

    @property
    def follows(self) -> bool:
        """The follower's past correlates with the leader, and adds to the leader's own."""
        return self.reverse_p <= LEVEL and _small(self.tested.reverse_p, LEVEL)

    @property
    def opposite(self) -> bool:
        """Correlated with the sign that was not claimed."""
        return (self.tested.correlation or 0.0) * self.tested.expected_sign < 0

    @property
    def skilled(self) -> bool:
        """Forecasts were better with the leader."""
        return (self.tested.skill or 0.0) > 0 and _small(self.tested.skill_p, SKILL_LEVEL)


Rule = tuple[Callable[[Seen], bool], Verdict, Reason]

RULES: tuple[Rule, ...] = (
    (lambda seen: seen.precedes and seen.follows, Verdict.FEEDBACK, Reason.LEADS_BOTH_WAYS),
    (lambda seen: seen.in_same_period, Verdict.COINCIDENT, Reason.SAME_PERIOD),
    (lambda seen: seen.follows, Verdict.REVERSED, Reason.FOLLOWS),
    (lambda seen: seen.unseeable, Verdict.TOO_LITTLE_DATA, Reason.TOO_LITTLE_POWER),
    (lambda seen: not seen.correlated, Verdict.NOT_SUPPORTED, Reason.NO_CORRELATION),
    (lambda seen: seen.opposite, Verdict.NOT_SUPPORTED, Reason.OPPOSITE_SIGN),
    (lambda seen: not seen.precedes, Verdict.WEAK, Reason.NO_PRECEDENCE),
    (lambda seen: not seen.skilled, Verdict.WEAK, Reason.NO_SKILL),
    (lambda seen: True, Verdict.CONFIRMED, Reason.LEADS),  # noqa: ARG005
)
"""The first rule that applies decides."""


def judge_all(tested: Sequence[Tested]) -> tuple[Evidence, ...]:
    """The verdict on every claim, corrected for all claims together; in the order given."""
    p_values = adjusted([one.p_value for one in tested])
    reverse = adjusted([one.reverse_p_value for one in tested])
    asked = needed([one.p_value for one in tested], LEVEL)
    return tuple(_judged(*one) for one in zip(tested, p_values, reverse, asked, strict=True))


def _judged(tested: Tested, p: float | None, reverse_p: float | None, asked: float | None) -> Evidence:
    if p is None or reverse_p is None or asked is None:
        return Evidence(tested, Verdict.TOO_LITTLE_DATA, tested.reason or Reason.NO_DATA)
    seen = Seen(tested, p, reverse_p, _stands_out(tested, p, asked))
    verdict, reason = next((verdict, reason) for applies, verdict, reason in RULES if applies(seen))
    return Evidence(tested, verdict, reason, _remarks(seen, verdict), p, reverse_p, seen.stands_out)


def _stands_out(tested: Tested, p: float, asked: float) -> float:
    """What would have been seen; what was found bounds it, for one height was seen or was not."""
    height = abs(tested.correlation or 0.0)
    edge = smallest_seen(tested, asked)
    bound = min if p <= LEVEL else max
    return height if edge is None else bound(edge, height)


def _remarks(seen: Seen, verdict: Verdict) -> tuple[Reason, ...]:
    """What a reader should hear beside the verdict."""
    if verdict in (Verdict.NOT_SUPPORTED, Verdict.TOO_LITTLE_DATA):
        return ()
    tested = seen.tested
    elsewhere = abs((tested.measured_lag or 0) - tested.expected_lag) > tested.expected_lag // 4
    fading = bool(tested.windows) and tested.windows[0].holds and not tested.windows[-1].holds
    remarks = ((elsewhere, Reason.LAG_DIFFERS), (fading, Reason.FADING))
    return tuple(reason for applies, reason in remarks if applies)


def _small(p: float | None, level: float) -> bool:
    return p is not None and p <= level
