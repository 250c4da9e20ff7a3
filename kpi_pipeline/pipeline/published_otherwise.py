"""What is published otherwise after a run on a branch, beside what the warehouse itself has published."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from kpi_pipeline.names import TableRef
from kpi_pipeline.pipeline.impact import Impact, Kind, KpiImpact, Row
from kpi_pipeline.pipeline.values_compared import compared
from kpi_pipeline.project import Project
from kpi_pipeline.segments import TOTAL
from kpi_pipeline.store import Warehouse
from kpi_pipeline.store.branch import in_trunk
from kpi_pipeline.store.warehouse import quoted
from kpi_pipeline.verdict import CLAIM_KEY

NOT_ITS_OWN = {"definition_version", "defined_in", "as_of", "last_reviewed", "review_due"}
"""Columns of the tables of definitions that are about where something is written, or when it was looked at."""
_ENDS = ("from", "to")


def impact_of(
    warehouse: Warehouse, proposed: Project, run_id: str, published_at: datetime, blocked: Mapping[str, str]
) -> Impact:
    """What a branch publishes otherwise than the warehouse that it is of; `blocked` is what could not be computed."""
    beside = Beside(warehouse, proposed.former_names)
    values = beside.values()
    kpis = tuple(_kpi_impacts(beside, values, blocked))
    return Impact(
        run_id,
        published_at,
        tuple(one for one in kpis if one is not None),
        sum(one is None for one in kpis),
        values,
        _metrics(beside, proposed),
        beside.small("goal", ["goal"], beside.own_columns("goal")),
        beside.small("goal_score", ["goal", "grain", "period_start"], ["period_label", "score", "status"]),
        beside.small("kpi_indicator", ["kpi", "viewpoint"], ["indicator"]),
        beside.small("kpi_evidence", list(CLAIM_KEY), ["verdict", "measured_lag", "reason"]),
        beside.small("check_result", ["asset", "check_name"], ["passed", "severity", "observed"]).filter(
            pl.col("from_passed").fill_null(value=True) != pl.col("to_passed").fill_null(value=True)
        ),
        beside.small("lint_result", ["rule", "subject", "message"], ["level", "hint"]),
        blocked,
    )


@dataclass(frozen=True)
class Beside:
    """Published tables of a branch beside those of the warehouse that it is of, KPIs under their proposed names."""

    warehouse: Warehouse
    names: Mapping[str, str]
    """Of KPIs that were renamed, the proposed name by the one they had."""

    def before(self, table: str) -> pl.DataFrame:
        """A small table as it is published."""
        rows = self.warehouse.fetch(f"SELECT * FROM {in_trunk(TableRef('kpi', table))}")
        ends = [pl.col(name).cast(pl.String).replace(self.names) for name in ("kpi", "leads_kpi") if name in rows]
        if table == "check_result":
            assets = {f"kpi/{former}": f"kpi/{name}" for former, name in self.names.items()}
            ends = [pl.col("asset").replace(assets)]
        for former, name in self.names.items() if table == "lint_result" else ():
            ends = [pl.col(one).str.replace_all(rf"\b{former}\b", name) for one in ("subject", "message")]
            rows = rows.with_columns(ends)
        return rows.with_columns(ends)

    def after(self, table: str) -> pl.DataFrame:
        """The same table as it would be."""
        return self.warehouse.fetch(f'SELECT * FROM "kpi"."{table}"')

    def own_columns(self, table: str) -> list[str]:
        """What a table of definitions says of a thing, but for its name."""
        return [name for name in self.after(table).columns[1:] if name not in NOT_ITS_OWN]

    def small(self, table: str, key: list[str], said: Sequence[str]) -> pl.DataFrame:
        """The rows that are different: key, change (added, removed or changed), and both of all that is said."""
        before, after = self.before(table), self.after(table)
        known = [name for name in said if name in before.columns]
        sides = [
            frame.select(
                *key, *(pl.col(name).alias(f"{end}_{name}") for name in known), pl.lit(True).alias(end)
            ).unique(key)
            for frame, end in ((before, "from"), (after, "to"))
        ]
        both = sides[0].join(sides[1], on=key, how="full", coalesce=True, nulls_equal=True)
        differs = [pl.col(f"from_{name}").ne_missing(pl.col(f"to_{name}")) for name in known]
        change = pl.when(pl.col("from").is_null()).then(pl.lit("added")).when(pl.col("to").is_null())
        rows = both.with_columns(change.then(pl.lit("removed")).otherwise(pl.lit("changed")).alias("change"))
        found = rows.filter((pl.col("change") != "changed") | pl.any_horizontal(pl.lit(value=False), *differs))
        ordered = [f"{end}_{name}" for name in known for end in _ENDS]
        return found.select(*key, "change", *ordered).sort(key, nulls_last=True)

    def values(self) -> pl.DataFrame:
        """Every value of a KPI that is different."""
        names = pl.DataFrame(list(self.names.items()), schema={"former": pl.String, "name": pl.String}, orient="row")
        self.warehouse.replace_table(TableRef("temp", "renamed"), names)
        was = f"""
            SELECT was.* REPLACE (coalesce(renamed.name, was.kpi::VARCHAR) AS kpi)
            FROM {in_trunk(_VALUES)} AS was LEFT JOIN temp.renamed ON renamed.former = was.kpi::VARCHAR
        """
        now = f"SELECT * REPLACE (kpi::VARCHAR AS kpi) FROM {quoted(_VALUES)}"
        return self.warehouse.fetch(f"{compared(was, now)} ORDER BY kpi, breakdown, segment, period_start_utc")

    def latest(self) -> dict[str, Row]:
        """The last complete period of each KPI's total, before and after."""
        found: dict[str, Row] = {}
        for end, table in zip(_ENDS, (in_trunk(_VALUES), quoted(_VALUES)), strict=True):
            rows = self.warehouse.fetch(_LATEST.format(table=table), [TOTAL])
            for row in rows.iter_rows(named=True):
                name = self.names.get(row["kpi"], row["kpi"]) if end == "from" else row["kpi"]
                found.setdefault(name, {}).update({f"{end}_{key}": value for key, value in row.items() if key != "kpi"})
        return found

    def heights(self) -> dict[str, int]:
        """How many values of each KPI are published."""
        rows = self.warehouse.rows(f"SELECT kpi::VARCHAR, count(*) FROM {in_trunk(_VALUES)} GROUP BY ALL")
        return {self.names.get(name, name): height for name, height in rows}


_VALUES = TableRef("kpi", "kpi_value")
_METRIC_VALUES = TableRef("kpi", "metric_value")
_LATEST = """
    SELECT kpi::VARCHAR AS kpi, period_label, value, target, status FROM {table}
    WHERE segment = ? AND is_complete
    QUALIFY row_number() OVER (PARTITION BY kpi ORDER BY period_start_utc DESC) = 1
"""
_METRICS = f"""
    WITH found AS (
      SELECT coalesce(was.metric, now.metric)::VARCHAR AS metric, was.metric IS NULL AS is_new,
             now.metric IS NULL AS is_gone, coalesce(now.segment, was.segment) = 'all' AS is_total, was.is_complete,
             coalesce(was.period_label, now.period_label) AS period_label, was.value AS from_value,
             now.value AS to_value, coalesce(was.period_start_utc, now.period_start_utc) AS begins
      FROM {in_trunk(_METRIC_VALUES)} AS was FULL JOIN {quoted(_METRIC_VALUES)} AS now
        ON was.metric::VARCHAR = now.metric::VARCHAR AND was.grain::VARCHAR = now.grain::VARCHAR
        AND was.period_start_utc = now.period_start_utc AND was.segment::VARCHAR = now.segment::VARCHAR
      WHERE was.metric IS NULL OR now.metric IS NULL OR was.value IS DISTINCT FROM now.value
    )
    SELECT metric, count(*) FILTER (NOT is_new AND NOT is_gone) AS "values", count(*) FILTER (is_new) AS new,
           count(*) FILTER (is_gone) AS removed,
           max_by({{'period_label': period_label, 'from': from_value, 'to': to_value}}, begins)
             FILTER (is_total AND is_complete AND NOT is_gone) AS latest
    FROM found GROUP BY metric ORDER BY metric
"""


def _metrics(beside: Beside, proposed: Project) -> pl.DataFrame:
    """The metrics that would be different, in what they mean or in their values."""
    defined = beside.small("metric", ["metric"], beside.own_columns("metric"))
    counts = beside.warehouse.fetch(_METRICS)
    watched = [kpi.metric for kpi in proposed.kpis.values()]
    both = defined.join(counts, on="metric", how="full", coalesce=True)
    return both.with_columns(
        pl.col("change").fill_null("changed"),
        pl.col("values", "new", "removed").fill_null(0),
        watched=pl.col("metric").is_in(watched),
    ).sort("metric")


def _kpi_impacts(beside: Beside, values: pl.DataFrame, blocked: Mapping[str, str]) -> Iterator[KpiImpact | None]:
    """What each KPI would publish otherwise; None where nothing."""
    columns = beside.own_columns("kpi")
    before = {row["kpi"]: row for row in beside.before("kpi").iter_rows(named=True)}
    after = {row["kpi"]: row for row in beside.after("kpi").iter_rows(named=True)}
    of_each = {str(name): rows for (name,), rows in values.partition_by("kpi", as_dict=True).items()}
    published = beside.warehouse.rows(f"SELECT kpi::VARCHAR FROM {in_trunk(TableRef('kpi', 'kpi'))}")
    former = {beside.names[was]: was for (was,) in published if was in beside.names}
    latest, heights = beside.latest(), beside.heights()
    for name in dict.fromkeys((*after, *before)):
        was, now = before.get(name), after.get(name)
        row = now or was or {}
        rows = of_each.get(name, values.clear())
        fields = tuple(
            (column, _text(was[column]), _text(now[column]))
            for column in columns
            if was and now and column in was and was[column] != now[column]
        )
        redefined = bool(was and now and was["definition_version"] != now["definition_version"])
        renamed = was is not None and name in former
        stopped = blocked.get(f"kpi/{name}")
        if was and now and not (fields or redefined or renamed or rows.height or stopped):
            yield None
            continue
        numbers = rows.filter(pl.col("from_value").ne_missing(pl.col("to_value")), _STAYS)
        aims = rows.filter(_STAYS, pl.any_horizontal(_differs(one) for one in ("target", "target_low", "target_high")))
        change: Kind = "added" if not was else "removed" if not now else "renamed" if renamed else "changed"
        yield KpiImpact(
            name,
            row["label"],
            row["unit"],
            row["currency"],
            change,
            former.get(name) if renamed else None,
            fields,
            redefined,
            numbers.height,
            heights.get(name, 0),
            numbers.get_column("period_start_utc").n_unique(),
            numbers.get_column("segment").n_unique(),
            aims.height,
            rows.filter(_STAYS, _differs("status")).height,
            rows.filter(change="new").height,
            rows.filter(change="removed").height,
            _largest(numbers),
            latest.get(name),
            stopped,
        )


_STAYS = pl.col("change").is_in(["restated", "went_on"])


def _differs(column: str) -> pl.Expr:
    return pl.col(f"from_{column}").ne_missing(pl.col(f"to_{column}"))


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _largest(numbers: pl.DataFrame) -> Row | None:
    """The number that changes by most, of the total if it changes; one without a share comes last."""
    totals = numbers.filter(segment=TOTAL)
    rows = totals if totals.height else numbers
    order = [pl.col("difference_pct").abs(), pl.col("difference").abs()]
    told = rows.sort(order, descending=True, nulls_last=True).head(1).to_dicts()
    return told[0] if told else None
