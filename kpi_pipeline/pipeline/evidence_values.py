"""The rows of the tables of the evidence."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from kpi_pipeline.evidence import Evidence, Tested
from kpi_pipeline.evidence_words import sentence_of
from kpi_pipeline.pipeline.claims import Asked
from kpi_pipeline.publish.contract import table_named
from kpi_pipeline.publish.table import conform, of_rows
from kpi_pipeline.verdict import CLAIM_KEY

Row = dict[str, object]


@dataclass(frozen=True, eq=False)
class Judged:
    """What the data says of a link, in total or for one segment; no evidence where there was nothing to test."""

    asked: Asked
    evidence: Evidence | None = None
    tested_at: datetime | None = None
    input_hash: str | None = None


def evidence_tables(
    judged: Sequence[Judged], history: pl.DataFrame, titles: Mapping[str, str]
) -> dict[str, pl.DataFrame]:
    """The tables of the evidence, by name.

    Args:
        judged: every link and segment, as it stands now.
        titles: the KPIs' names for people.
        history: every result ever kept, in order, with the columns of `kpi_evidence_history` and tested_at.
    """
    rows = {
        "kpi_evidence": [_with_words(evidence_row(one), titles) for one in judged],
        "kpi_evidence_lag": [row for one in judged for row in _lags(one)],
        "kpi_evidence_window": [row for one in judged for row in _windows(one)],
    }
    return {
        **{name: of_rows(table_named(name), found) for name, found in rows.items()},
        "kpi_evidence_history": _history(history),
    }


def _with_words(row: Row, titles: Mapping[str, str]) -> Row:
    return row | {"reason": sentence_of(row, titles[str(row["kpi"])], titles[str(row["leads_kpi"])])}


def evidence_row(one: Judged) -> Row:
    """A row of `kpi_evidence`, but for the words."""
    about: Row = {
        **dict.fromkeys(table_named("kpi_evidence").schema),
        **_claim(one.asked),
        "control": ", ".join(one.asked.link.control) or None,
        "team": one.asked.link.team,
        "both_made_of": ", ".join(one.asked.shared) or None,
        "tested_at": one.tested_at,
        "input_hash": one.input_hash,
    }
    if one.evidence is None:
        return about
    evidence, tested = one.evidence, one.evidence.tested
    return {
        **about,
        "verdict": evidence.verdict.value,
        "reason_code": evidence.reason.value,
        "remarks": ", ".join(remark.value for remark in evidence.remarks) or None,
        **measured(evidence),
        "first_period": _day(one.asked.periods, tested.first),
        "last_period": _day(one.asked.periods, tested.last),
        "longest_lag": tested.longest_lag,
        "band": _finite(tested.band),
        "search_band": _finite(tested.search_band),
        "stands_out": _finite(evidence.stands_out),
        "reverse_lag": tested.reverse_lag,
        "reverse_correlation": _finite(tested.reverse_correlation),
        "reverse_lag_p": _finite(tested.reverse_p_value),
        "forecasts": tested.forecasts,
        **(_done_to_the_series(tested) if tested.correlations else {}),
        "stability": _finite(tested.stability),
    }


def measured(evidence: Evidence) -> Row:
    """The numbers that the tables of now and of the history share."""
    tested = evidence.tested
    correlation = _finite(tested.correlation)
    return {
        "measured_lag": tested.measured_lag,
        "measured_sign": None if correlation is None else "negative" if correlation < 0 else "positive",
        "correlation": correlation,
        "p_value": _finite(tested.p_value),
        "p_adjusted": _finite(evidence.p_adjusted),
        "granger_p": _finite(tested.granger_p),
        "reverse_p": _finite(tested.reverse_p),
        "skill": _finite(tested.skill),
        "skill_low": _finite(tested.skill_low),
        "skill_high": _finite(tested.skill_high),
        "skill_p": _finite(tested.skill_p),
        "periods": tested.periods,
    }


def _done_to_the_series(tested: Tested) -> Row:
    return {
        "seasonality_removed": tested.season_terms > 0,
        "season_terms": tested.season_terms,
        "season": tested.season or None,
        "trend_removed": tested.trend_removed,
        "leader_logged": tested.leader_logged,
        "follower_logged": tested.follower_logged,
        "differenced": tested.differenced > 0,
        "differences": tested.differenced,
        "prewhitening_order": tested.prewhitening_order,
        "granger_order": tested.granger_order,
        "clipped": tested.clipped,
    }


def _lags(one: Judged) -> Iterable[Row]:
    if one.evidence is None:
        return
    tested = one.evidence.tested
    for lag, correlation in zip(tested.lags, tested.correlations, strict=True):
        if math.isfinite(correlation):
            bands = {"band": _finite(tested.band), "search_band": _finite(tested.search_band)}
            yield {**_claim(one.asked), "at_lag": lag, "correlation": correlation, **bands}


def _windows(one: Judged) -> Iterable[Row]:
    if one.evidence is None:
        return
    for window in one.evidence.tested.windows:
        if math.isfinite(window.correlation) and math.isfinite(window.p_value):
            yield {
                **_claim(one.asked),
                "first_period": one.asked.periods[window.first],
                "last_period": one.asked.periods[window.last],
                "correlation": window.correlation,
                "p_value": window.p_value,
                "holds": window.holds,
            }


def _claim(asked: Asked) -> Row:
    return {
        "kpi": asked.link.from_,
        "leads_kpi": asked.link.to,
        "grain": asked.grain.value,
        "expected_lag": asked.lag,
        "expected_sign": asked.link.sign,
        "breakdown": asked.breakdown,
        "segment": asked.segment,
    }


def _history(kept: pl.DataFrame) -> pl.DataFrame:
    """One row each time a result changed; of several at one moment the last."""
    once = kept.unique([*CLAIM_KEY, "tested_at"], keep="last", maintain_order=True)
    rows = once.rename({"tested_at": "recorded_at"}).with_columns(
        superseded_at=pl.col("recorded_at").shift(-1).over(CLAIM_KEY, order_by="recorded_at")
    )
    table = table_named("kpi_evidence_history")
    return conform(table, rows.select(table.schema.names())).sort(*CLAIM_KEY, "recorded_at")


def _day(periods: Sequence[date], position: int | None) -> date | None:
    return None if position is None else periods[position]


def _finite(number: float | None) -> float | None:
    """NaN and infinity are never published."""
    return float(number) if number is not None and math.isfinite(number) else None
