"""The page of one claim, that one KPI leads another: what the data says, both series, and all that was tested."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from kpi_pipeline.evidence_numbers import correlation_written, done_to_series, found_written, numbers_of, p_written
from kpi_pipeline.evidence_words import MEANINGS, lag_written, sentence_of, verdict_written
from kpi_pipeline.kpis import MISSING
from kpi_pipeline.publish.scorecard.aligned import Aligned, aligned_of
from kpi_pipeline.publish.scorecard.book import Book
from kpi_pipeline.publish.scorecard.chart import PERIODS_DRAWN
from kpi_pipeline.publish.scorecard.correlogram import Correlogram, correlogram_of
from kpi_pipeline.publish.scorecard.dates import day_written, period_written
from kpi_pipeline.publish.scorecard.findings import key_of
from kpi_pipeline.publish.scorecard.page import Reference
from kpi_pipeline.publish.scorecard.snapshot import Row
from kpi_pipeline.publish.scorecard.wording import Numbers
from kpi_pipeline.verdict import AGAINST, Verdict

HISTORY_SHOWN = 12
TONES: Mapping[str, str] = {
    Verdict.CONFIRMED: "good", Verdict.WEAK: "fair", Verdict.FEEDBACK: "fair", **dict.fromkeys(AGAINST, "poor"),
}  # fmt: skip
"""Verdicts for and against a claim; the others say neither."""


@dataclass(frozen=True)
class ShownVerdict:
    """What the data says, in two or three words, and its tone."""

    key: str
    words: str
    tone: str
    meaning: str


@dataclass(frozen=True)
class LagLine:
    """The correlation at one lag."""

    lag: int
    correlation: str
    outside: bool
    """Whether chance alone rarely reaches it."""


@dataclass(frozen=True)
class ComparedLine:
    """A period of the follower beside what the leader was a lag before."""

    period: str
    follower: str
    leader_period: str
    leader: str


@dataclass(frozen=True)
class PartLine:
    """What was found of one segment, or in one stretch of time, or at one moment."""

    name: str
    verdict: ShownVerdict
    lag: str
    correlation: str
    skill: str
    data: str


@dataclass(frozen=True)
class StretchLine:
    """The same test on a part of the periods."""

    periods: str
    correlation: str
    p_value: str
    holds: bool


@dataclass(frozen=True)
class EvidencePage:
    """The whole page."""

    leader: Reference
    follower: Reference
    because: str
    claimed: str
    team: Reference | None
    verdict: ShownVerdict
    sentence: str
    numbers: tuple[tuple[str, str], ...]
    done: tuple[str, ...]
    correlogram: Correlogram | None
    lags: tuple[LagLine, ...]
    aligned: Aligned | None
    aligned_lag: str
    compared: tuple[ComparedLine, ...]
    segments: tuple[PartLine, ...]
    stretches: tuple[StretchLine, ...]
    history: tuple[PartLine, ...]
    tested: str
    query: str


def evidence_page(book: Book, leader: str, follower: str) -> EvidencePage:
    """The page of the claim that one KPI leads another."""
    row, titles = book.findings.claims[leader, follower], book.around.kpis
    key = key_of(row)
    lags = [(one["at_lag"], one["correlation"]) for one in book.findings.lags.get(key, [])]
    aligned = _aligned(book, row)
    return EvidencePage(
        leader=Reference(leader, titles[leader]),
        follower=Reference(follower, titles[follower]),
        because=book.because.get((leader, follower), ""),
        claimed=f"{lag_written(row['expected_lag'], row['grain'])}, "
        f"{'one falls when the other rises' if row['expected_sign'] == 'negative' else 'both rise'}",
        team=Reference(row["team"], book.around.teams[row["team"]]) if row["team"] in book.around.teams else None,
        verdict=verdict_of(row),
        sentence=sentence_of(row, titles[leader], titles[follower]),
        numbers=numbers_of(row),
        done=done_to_series(row, titles),
        correlogram=correlogram_of(
            lags, measured=row["measured_lag"], band=row["band"], search=row["search_band"], grain=row["grain"]
        ),
        lags=tuple(LagLine(lag, correlation_written(value), abs(value) > (row["band"] or 1)) for lag, value in lags),
        aligned=aligned,
        aligned_lag=lag_written(_lag(row), row["grain"]),
        compared=tuple(_compared(book, row, aligned)) if aligned else (),
        segments=tuple(
            _part(", ".join(book.segments[one["segment"]].values), one)
            for one in book.findings.segments.get((leader, follower), [])
            if one["segment"] in book.segments
        ),
        stretches=tuple(_stretches(book.findings.windows.get(key, []))),
        history=tuple(_history(book.findings.history.get(key, []))),
        tested=day_written(row["tested_at"]) if row["tested_at"] else "",
        query=_query(leader, follower),
    )


def verdict_of(row: Row) -> ShownVerdict:
    """The verdict on a claim, for people."""
    key = row["verdict"] or "not_tested"
    return ShownVerdict(key, verdict_written(row), TONES.get(key, ""), MEANINGS.get(key, ""))


def _lag(row: Row) -> int:
    """By how much the series are moved: the lag that was measured, else the one claimed."""
    return int(row["expected_lag"] if row["measured_lag"] is None else row["measured_lag"])


def _aligned(book: Book, row: Row) -> Aligned | None:
    """Both series as the claim wants them, so that a claim which does not hold is seen not to."""
    leader, follower = (_series(book, row[end], row["grain"]) for end in ("kpi", "leads_kpi"))
    return aligned_of(
        leader,
        follower,
        _lag(row),
        upside_down=row["expected_sign"] == "negative",
        most=PERIODS_DRAWN[row["grain"]],
        grain=row["grain"],
    )


def _series(book: Book, kpi: str, grain: str) -> list[tuple[str, float | None]]:
    """The complete periods of a KPI's metric at the grain of the test."""
    rows = book.findings.values.get((book.kpis[kpi]["metric"], grain), []) if kpi in book.kpis else []
    return [(period_written(row["period_label"]), row["value"]) for row in rows]


def _compared(book: Book, row: Row, aligned: Aligned) -> Iterable[ComparedLine]:
    """The numbers that are drawn, newest first."""
    follower, leader = (Numbers.of(book.kpis[row[end]]) for end in ("leads_kpi", "kpi"))
    for one in reversed(aligned.rows):
        yield ComparedLine(
            one.label or "to come",
            follower.write(one.follower) if one.label else "not known yet",
            one.leader_label or MISSING,
            leader.write(one.leader),
        )


def _part(name: str, row: Row) -> PartLine:
    measured, error, data = found_written(row)
    return PartLine(name, verdict_of(row), measured, correlation_written(row["correlation"]), error, data)


def _stretches(rows: Sequence[Row]) -> Iterable[StretchLine]:
    for row in rows:
        yield StretchLine(
            f"{day_written(row['first_period'])} to {day_written(row['last_period'])}",
            correlation_written(row["correlation"]),
            p_written(row["p_value"]),
            row["holds"],
        )


def _history(rows: Sequence[Row]) -> Iterable[PartLine]:
    """Every result that differed from the one before, newest first; one alone is what the page says anyway."""
    lines = [_part(day_written(row["recorded_at"]), row) for row in rows]
    said = [line for at, line in enumerate(lines) if at == 0 or replace(line, name=lines[at - 1].name) != lines[at - 1]]
    yield from reversed(said[-HISTORY_SHOWN:] if len(said) > 1 else [])


def _query(leader: str, follower: str) -> str:
    return (
        "SELECT *\n"
        "FROM kpi_evidence\n"
        f"WHERE kpi = '{leader}' AND leads_kpi = '{follower}'\n"
        "ORDER BY grain, expected_lag, segment"
    )
