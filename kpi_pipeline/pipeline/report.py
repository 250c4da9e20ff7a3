"""What a run did, for the terminal, Dagster and tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Literal

import polars as pl

from kpi_pipeline.checks.result import CheckResult
from kpi_pipeline.errors import counted
from kpi_pipeline.store.published import Published
from kpi_pipeline.store.runs import StageTaken

Status = Literal["published", "unchanged", "blocked", "loaded"]


@dataclass(frozen=True)
class AssetReport:
    """A source or model after the run: its rows, columns, the days touched, and what is worth saying.

    `version` names exactly these rows: equal versions, equal rows. The rows of a model that did not change are not
    counted again: None.
    """

    asset: str
    changed: bool
    rows: int | None
    columns: Mapping[str, str]
    touched: tuple[date, date] | None = None
    quarantined: int = 0
    notes: tuple[str, ...] = ()
    version: str = ""


@dataclass(frozen=True)
class Crossed:
    """What came from clusters in answers to questions, and what was sent there to be looked up."""

    answers: int
    rows: int
    bytes: int
    rows_sent: int
    bytes_sent: int


@dataclass(frozen=True, repr=False)
class RunReport:
    """The outcome of a run.

    published: everything asked for was computed and published. blocked: a blocking check failed, so what depends on it
    kept its last good values; the rest was published. unchanged: nothing had changed, so nothing was computed, and the
    report tells what the tables hold. loaded: only sources and models were asked for, so nothing was published.
    """

    run_id: str
    status: Status
    seconds: float
    published: Mapping[str, Path]
    """What was written: kpi.duckdb, parquet folder, scorecard page, by name."""
    stages: tuple[StageTaken, ...] = ()
    assets: tuple[AssetReport, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    blocked: Mapping[str, str] = field(default_factory=dict)
    """What was not computed, such as kpi/weekly_orders, and why."""
    computed: frozenset[str] = frozenset()
    """The KPIs computed by this run."""
    served: Mapping[str, str] = field(default_factory=dict)
    """What was written to servers: where, by kind of server."""
    crossed: Crossed | None = None
    """What came from clusters; None where none was asked."""

    def __repr__(self) -> str:
        """One line for a notebook: the fields hold whole tables."""
        said = [f"{counted(len(self.computed), 'KPI')} computed", f"{counted(len(self.failed_checks), 'check')} failed"]
        said += [f"{len(self.blocked)} blocked"] if self.blocked else []
        return f"RunReport({self.run_id}, {self.status} in {self.seconds:.1f} s: {', '.join(said)})"

    @property
    def failed_checks(self) -> tuple[CheckResult, ...]:
        """The checks of this run that did not pass, blocking ones first."""
        return tuple(sorted((one for one in self.checks if not one.passed), key=lambda one: not one.blocks))

    @cached_property
    def kpi_values(self) -> pl.DataFrame:
        """All KPI values as they are published when this is first asked for; without columns where nothing is."""
        return self._values("kpi_value")

    @cached_property
    def metric_values(self) -> pl.DataFrame:
        """All metric values as they are published when this is first asked for; without columns where nothing is."""
        return self._values("metric_value")

    @cached_property
    def evidence(self) -> pl.DataFrame:
        """What the data says of links, as it is published when this is first asked for; empty where nothing is."""
        return self._values("kpi_evidence")

    @cached_property
    def indicators(self) -> Mapping[str, str]:
        """What each KPI is in one word, as it is published when this is first asked for."""
        found = self._values("kpi")
        return dict(found.select("kpi", "indicator").rows()) if found.height else {}

    def _values(self, table: str) -> pl.DataFrame:
        if "tables" not in self.published:
            return pl.DataFrame()
        with Published.open(self.published["tables"]) as published:
            return published.fetch(f'SELECT * FROM "{table}"')
