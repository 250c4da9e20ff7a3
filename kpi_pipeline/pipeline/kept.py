"""Partial results that runs kept, where they hold what a question asks for and are those of now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlglot
from sqlglot import expressions as exp

from kpi_pipeline.compile import compile_passes
from kpi_pipeline.compile.dimensions import columns_of
from kpi_pipeline.errors import listed
from kpi_pipeline.ingest import source_states
from kpi_pipeline.periods import Grain
from kpi_pipeline.pipeline.context import Context
from kpi_pipeline.pipeline.rests_on import RestsOn, rests_on
from kpi_pipeline.plan import Executor, Fold, Plan, Reduction, Shape
from kpi_pipeline.store.partials import Entry, ledger, partials_query


@dataclass(frozen=True)
class Kept:
    """A pass that a run made over the same rows, for what is asked now and maybe more."""

    reduction: Reduction
    entry: Entry

    def query(self, asked: Reduction, executor: Executor) -> exp.Select:
        """The partial results asked for: without columns of other metrics, on the rows that the condition lets through.

        Sums are rolled up to the dimensions asked for, which are fewer rows. NOTE: of other partial results a segment
        may have several rows, one for each value of dimensions that are not asked for; as in runs.
        """
        if asked.shape is Shape.additive and not asked.events:
            return self._rolled_up(asked, executor)
        others = {one.column for one in self.reduction.measures} - {one.column for one in asked.measures}
        others |= set(self.reduction.dimensions) - set(asked.dimensions)
        if self.reduction.finest is not asked.finest:
            others.add("_hour")
        left_out = [exp.to_identifier(name, quoted=True) for name in sorted(others)]
        rows = exp.select(exp.Star(except_=left_out) if left_out else exp.Star())
        rows = rows.from_(partials_query(self.reduction).subquery("kept"))
        return rows.where(_over_columns(asked.where)) if asked.where else rows

    def _rolled_up(self, asked: Reduction, executor: Executor) -> exp.Select:
        """One row a day (or hour) and segment, of the types that the kept columns have."""
        kept = partials_query(self.reduction)
        kinds = executor.columns(kept)
        keys = ["_day", *(["_hour"] if asked.finest is Grain.hour else []), *asked.dimensions]
        columns: list[exp.Expr] = [exp.column(name, quoted=True) for name in keys]
        for one in asked.measures:
            fold = "SUM" if one.fold is Fold.count else one.fold.value.upper()
            value = exp.cast(exp.func(fold, exp.column(one.column, quoted=True)), kinds[one.column], dialect="duckdb")
            columns.append(exp.alias_(value, one.column, quoted=True))
        rows = exp.select(*columns).from_(kept.subquery("kept"))
        rows = rows.group_by(*(exp.Literal.number(place) for place in range(1, len(keys) + 1)))
        return rows.where(_over_columns(asked.where)) if asked.where else rows

    def __str__(self) -> str:
        return f"from partial results in {self.reduction.table}, made at {self.entry.made_at:%Y-%m-%d %H:%M:%S %Z}"


@dataclass(frozen=True)
class Scan:
    """A pass over the model's rows, because no run kept what is asked for."""

    model: str
    because: str

    def __str__(self) -> str:
        return f"by a scan of model.{self.model}, because {self.because}"


@dataclass(frozen=True)
class KeptByRuns:
    """The passes that a run of the whole project makes now, with what the ledger and the sources say of each."""

    passes: Mapping[Reduction, RestsOn]
    entries: Mapping[str, Entry]

    def way(self, asked: Reduction) -> Kept | Scan:
        """How to come by the partial results of a pass: they are kept, or the model is scanned."""
        alike = sorted(
            (one for one in self.passes if _alike(one, asked)), key=lambda one: one.finest is not asked.finest
        )
        missing = "no run makes such a pass"
        for one in alike:
            missing = self._missing(one, asked)
            if not missing:
                return Kept(one, self.entries[one.table.name])
        return Scan(asked.model, missing if self.entries else "no run has kept partial results yet")

    def _missing(self, kept: Reduction, asked: Reduction) -> str:
        """What a kept pass lacks; nothing where it is enough."""
        columns = {one.column for one in kept.measures}
        measures = [str(one) for one in asked.measures if one.column not in columns]
        needed = {*asked.dimensions, *columns_of(asked.where)}
        dimensions = sorted(needed - set(kept.dimensions))
        entry, now = self.entries.get(kept.table.name), self.passes[kept]
        if asked.where and asked.shape is Shape.states:
            return "the condition decides among which rows a moment is chosen"
        if measures:
            return f"runs keep nothing of {listed(measures)}"
        if dimensions:
            return f"runs keep nothing by {listed(dimensions)}"
        if entry is None:
            return "no run has made partial results of it yet"
        if not now.made_by(entry):
            return "definitions of its model or its metrics changed since the last run"
        if not now.made_of(entry):
            changed = sorted(name for name in now.inputs if entry.inputs.get(name) != now.inputs[name])
            return f"the rows of {listed(changed)} changed since partial results were made"
        return ""


def kept_by_runs(context: Context, plan: Plan) -> KeptByRuns:
    """What runs kept of the models of a question."""
    entries = ledger(context.warehouse)
    models = frozenset(one.model for one in plan.reductions)
    if not entries:
        return KeptByRuns({}, entries)
    run, states = compile_passes(context.project, models), source_states(context.warehouse)
    return KeptByRuns({one: rests_on(context, run, one, states) for one in run.reductions}, entries)


def _over_columns(condition: str) -> exp.Expr:
    """A condition over dimensions as one over the columns that partial results have for them."""

    def named(node: exp.Expr) -> exp.Expr:
        return exp.column(node.name, quoted=True) if isinstance(node, exp.Column) else node

    return sqlglot.parse_one(condition, read="duckdb").transform(named)


def _alike(kept: Reduction, asked: Reduction) -> bool:
    """Whether two passes look at the same rows for the same kind of partial result.

    Sums by hour are sums by day, too; what else is kept by hour is not what is kept by day.
    """
    same = (kept.model, kept.time, kept.shape) == (asked.model, asked.time, asked.shape)
    if not same or kept.measures[0].about != asked.measures[0].about:
        return False
    by_hour = kept.finest is Grain.hour and asked.shape is Shape.additive and not asked.events
    return kept.finest is asked.finest or by_hour
