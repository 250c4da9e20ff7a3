"""What was published of the claims that one KPI leads another, claim by claim."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kpi_pipeline.errors import DataError
from kpi_pipeline.evidence_numbers import done_to_series
from kpi_pipeline.evidence_words import Row, sentence_of
from kpi_pipeline.project import Project
from kpi_pipeline.publish.scorecard.findings import key_of, rows_by
from kpi_pipeline.segments import TOTAL
from kpi_pipeline.store.published import Published

TABLES = ("kpi_evidence", "kpi_evidence_lag", "kpi_evidence_window", "kpi_evidence_history")
WINDOW = ("first_period", "last_period", "correlation", "p_value", "holds")
CHANGE = ("recorded_at", "superseded_at", "verdict", "reason_code", "measured_lag", "correlation", "skill", "periods")


@dataclass(frozen=True)
class Told:
    """What was found of one claim: in total, by segment, at each lag, in shorter stretches, and from run to run."""

    row: Row
    leader: str
    follower: str
    because: str
    titles: Mapping[str, str]
    segments: Sequence[Row]
    lags: Sequence[Row]
    windows: Sequence[Row]
    history: Sequence[Row]

    @property
    def sentence(self) -> str:
        """What a manager should know."""
        return sentence_of(self.row, self.leader, self.follower)


def claims_published(project: Project) -> list[Told]:
    """What was published of every claim that the definitions still make."""
    with Published.open(project.path(project.settings.publish.duckdb)) as published:
        there = set(published.fetch("SELECT table_name FROM duckdb_tables()").to_series())
        if not there.issuperset(TABLES):
            raise DataError(
                "The published file is that of an earlier version, which tested no claims.\n"
                "Hint: `kpi run` publishes it anew."
            )
        rows, *details = (published.fetch(f'SELECT * FROM "{table}" ORDER BY ALL').to_dicts() for table in TABLES)
    because = {(link.from_, link.to): link.because for link in project.links}
    titles = {name: kpi.title for name, kpi in project.kpis.items()}
    segments = rows_by(_whole_claim, (row for row in rows if row["segment"] != TOTAL))
    lags, windows, history = (rows_by(key_of, found) for found in details)
    return [
        Told(
            row,
            titles[row["kpi"]],
            titles[row["leads_kpi"]],
            because[row["kpi"], row["leads_kpi"]],
            titles,
            segments.get(_whole_claim(row), []),
            *(found.get(key_of(row), []) for found in (lags, windows, history)),
        )
        for row in rows
        if row["segment"] == TOTAL and (row["kpi"], row["leads_kpi"]) in because
    ]


def _whole_claim(row: Row) -> tuple[object, ...]:
    """What a claim and its segments have in common."""
    return key_of({**row, "segment": TOTAL})


def as_plain(one: Told) -> dict[str, object]:
    """Everything that was found of a claim, as JSON has it."""
    return {
        **one.row,
        "sentence": one.sentence,
        "because": one.because,
        "done_to_series": list(done_to_series(one.row, one.titles)),
        "segments": list(one.segments),
        "lags": [{"lag": row["at_lag"], "correlation": row["correlation"]} for row in one.lags],
        "windows": [{name: row[name] for name in WINDOW} for row in one.windows],
        "history": [{name: row[name] for name in CHANGE} for row in one.history],
    }
