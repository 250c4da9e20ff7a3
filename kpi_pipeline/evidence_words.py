"""What the data says of the claim that one KPI leads another, in words for people who answer for KPIs.

A claim is told from its row of the published table `kpi_evidence`. No word takes sides between cause and chance:
`confirmed` means that the leader predicts the follower.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kpi_pipeline.errors import counted
from kpi_pipeline.kpis import NBSP, share_written
from kpi_pipeline.verdict import Verdict, fewest_periods

Row = Mapping[str, Any]

VERDICTS: Mapping[str, str] = {
    Verdict.CONFIRMED: "confirmed",
    Verdict.WEAK: "weak",
    Verdict.COINCIDENT: "at the same time",
    Verdict.FEEDBACK: "both ways",
    Verdict.REVERSED: "the other way round",
    Verdict.NOT_SUPPORTED: "not supported",
    Verdict.TOO_LITTLE_DATA: "too little data",
}
"""Verdicts as two or three words; a claim without one was not tested yet."""
NOT_TESTED = "not tested yet"

MEANINGS: Mapping[str, str] = {
    Verdict.CONFIRMED: "It comes before the other with the claimed sign, and forecasts made with it were better. That "
    "does not make it the cause.",
    Verdict.WEAK: "It comes before the other with the claimed sign, but forecasts made with it were not surely better.",
    Verdict.COINCIDENT: "Both move in the same period, so that neither tells of the other ahead.",
    Verdict.FEEDBACK: "Each comes before the other.",
    Verdict.REVERSED: "What was said to follow comes first.",
    Verdict.NOT_SUPPORTED: "There was enough data to see it if it were strong, and it was not found; a small effect "
    "may hide in noise.",
    Verdict.TOO_LITTLE_DATA: "Nothing can be said for or against it.",
}
"""What each verdict means, for a legend."""


def verdict_written(row: Row) -> str:
    """A verdict in two or three words.

    >>> verdict_written({"verdict": "reversed"}), verdict_written({"verdict": None})
    ('the other way round', 'not tested yet')
    """
    return VERDICTS.get(row["verdict"] or "", NOT_TESTED)


def sentence_of(row: Row, leader: str, follower: str) -> str:
    """What a manager should know of a claim, in a sentence or two.

    >>> row = {"verdict": "confirmed", "reason_code": "leads", "remarks": None, "grain": "week", "periods": 120,
    ...        "expected_lag": 4, "measured_lag": 4, "expected_sign": "positive", "measured_sign": "positive",
    ...        "skill": 0.183, "skill_low": 0.05, "skill_high": 0.29}
    >>> sentence_of(row, "new customers", "sales").replace(NBSP, " ")
    'Watch new customers to know sales 4 weeks ahead: that cuts the error of a forecast by 18 % (between 5 and 29 %).'
    >>> sentence_of(row | {"verdict": "not_supported", "reason_code": "no_correlation"}, "fast answers", "satisfaction")
    'No sign that a rise of fast answers raises satisfaction: 120 weeks looked at.'

    Where `stands_out` says from which correlation on a sign would have been seen, so does the sentence.
    """
    if row["verdict"] is None:
        return f"Whether {leader} comes before {follower} was not tested yet."
    said = " ".join([_said(row, leader, follower), *_remarks(row)])
    return f"{said[0].upper()}{said[1:]}"


def _said(row: Row, leader: str, follower: str) -> str:
    match row["verdict"]:
        case Verdict.CONFIRMED:
            return _confirmed(row, leader, follower)
        case Verdict.WEAK:
            return _weak(row, leader, follower)
        case Verdict.COINCIDENT:
            return f"{leader} and {follower} move in the same {row['grain']}: neither tells of the other ahead."
        case Verdict.FEEDBACK:
            return f"{leader} and {follower} each come before the other, so neither is only a leader."
        case Verdict.REVERSED:
            by = f" by {counted(row['reverse_lag'], row['grain'])}" if row["reverse_lag"] else ""
            return f"it is the other way round: {follower} comes before {leader}{by}."
        case Verdict.NOT_SUPPORTED:
            return _not_supported(row, leader, follower)
        case _:
            return _too_little_data(row, leader, follower)


def _confirmed(row: Row, leader: str, follower: str) -> str:
    opposite = " when the one rises, the other falls, and" if row["measured_sign"] == "negative" else ""
    cut = f"cuts the error of a forecast by {share_written(row['skill'] or 0)}{between(row)}"
    return f"watch {leader} to know {follower} {_ahead(row)}:{opposite} that {cut}."


def _weak(row: Row, leader: str, follower: str) -> str:
    change = "fall" if row["measured_sign"] == "negative" else "rise"
    if row["reason_code"] == "no_precedence":
        return (
            f"a rise of {leader} is followed by a {change} of {follower} {_later(row)}, "
            f"but the past of {follower} itself tells as much."
        )
    helped = round(row["skill"] or 0, 2) > 0
    better = f": its error falls by {share_written(row['skill'])}{between(row)}" if helped else ""
    return (
        f"a rise of {leader} is followed by a {change} of {follower} {_later(row)}, "
        f"but knowing it does not surely make a forecast better{better}."
    )


def _not_supported(row: Row, leader: str, follower: str) -> str:
    seen = f"{counted(row['periods'] or 0, row['grain'])} looked at"
    changes = "lowers" if row["expected_sign"] == "negative" else "raises"
    if row["reason_code"] == "opposite_sign":
        found = "falls" if row["measured_sign"] == "negative" else "rises"
        return f"not as claimed: when {leader} rises, {follower} {found} {_later(row)}; {seen}."
    edge = row.get("stands_out")
    enough = f", in which a correlation above {edge:.2f} would have stood out" if edge is not None else ""
    return f"no sign that a rise of {leader} {changes} {follower}: {seen}{enough}."


def _too_little_data(row: Row, leader: str, follower: str) -> str:
    grain = row["grain"]
    if row["reason_code"] == "no_data":
        return f"too little data: there is no {grain} in which both {leader} and {follower} have a value."
    if row["reason_code"] == "constant":
        return f"nothing to compare: {leader} or {follower} hardly ever changes."
    if row["reason_code"] == "too_little_power":
        edge = row.get("stands_out") or row["search_band"] or 1
        return (
            f"too little data: in {counted(row['periods'] or 0, grain)} of {leader} and {follower} only a correlation "
            f"above {edge:.2f} would have stood out from chance."
        )
    if row["reason_code"] == "too_few_seasons":
        return f"too little data: {counted(row['periods'] or 0, grain)} in one piece do not hold a whole season."
    lag = row["longest_lag"]
    of = f" of the {fewest_periods(lag)} {grain}s needed" if lag else f" {grain}s in one piece"
    return f"too little data: {row['periods'] or 0}{of}."


def _remarks(row: Row) -> list[str]:
    """What else is worth a manager's time."""
    words = (row["remarks"] or "").replace(",", " ").split()
    told = {
        "lag_differs": f"Claimed was {lag_written(row['expected_lag'], row['grain'])}.",
        "fading": "It is fading: the latest stretch of time no longer shows it.",
    }
    return [*_arithmetic(row), *(told[word] for word in words if word in told)]


def _arithmetic(row: Row) -> list[str]:
    """That the two are tied by how they are computed, where something was found that this may explain."""
    shared = row.get("both_made_of")
    if not shared or row["verdict"] in (Verdict.NOT_SUPPORTED, Verdict.TOO_LITTLE_DATA):
        return []
    return [f"Both are computed from {shared}, so part of this is arithmetic."]


def lag_written(lag: int, grain: str) -> str:
    """How long after the one the other follows.

    >>> lag_written(4, "week"), lag_written(0, "month")
    ('after 4 weeks', 'in the same month')
    """
    return f"after {counted(lag, grain)}" if lag else f"in the same {grain}"


def _ahead(row: Row) -> str:
    lag, grain = row["measured_lag"], row["grain"]
    return f"{counted(lag, grain)} ahead" if lag else f"in the same {grain}"


def _later(row: Row) -> str:
    lag, grain = row["measured_lag"], row["grain"]
    return f"{counted(lag, grain)} later" if lag else f"in the same {grain}"


def between(row: Row) -> str:
    """The interval of the skill in brackets; nothing where there is none."""
    if row["skill_low"] is None or row["skill_high"] is None:
        return ""
    return (
        f" (between {share_written(row['skill_low']).removesuffix(f'{NBSP}%')} and {share_written(row['skill_high'])})"
    )
