"""The views that are part of the contract: the scorecard, the latest values, and values as published at a moment."""

from __future__ import annotations

from sqlglot import exp, parse_one
from sqlglot.optimizer.qualify_columns import quote_identifiers

from kpi_pipeline.publish.contract import table_named
from kpi_pipeline.publish.sparkline import BLOCKS, LEVEL
from kpi_pipeline.publish.view import View, comments_of
from kpi_pipeline.segments import TOTAL

TREND_LENGTH = 12
"""How many values the little picture of a trend shows."""


def _parsed(sql: str) -> exp.Expr:
    """SQL written by hand, as a tree with every name quoted."""
    tree = parse_one(sql, dialect="duckdb")
    quote_identifiers(tree, dialect="duckdb")
    return tree


SCORECARD = View(
    "scorecard",
    "A KPI at a glance: its latest complete period against target, its trend, where it is heading, and what leads it",
    {
        **{
            name: comments_of("kpi")[name]
            for name in (
                "kpi",
                "label",
                "goal",
                "team",
                "owner",
                "indicator",
                "grain",
                "unit",
                "currency",
                "display_format",
                "direction",
            )
        },
        "goal_label": "The primary goal's name for people",
        "period_start": "First day of the latest complete period",
        "period_end": "First day after the latest complete period",
        "period_label": "The latest complete period as people write it",
        **{
            name: comments_of("kpi_value")[name]
            for name in (
                "value",
                "target",
                "attainment",
                "variance",
                "status",
                "previous_value",
                "change",
                "change_pct",
                "year_over_year_pct",
            )
        },
        "trend": f"The last {TREND_LENGTH} complete periods as a little picture, oldest first; gaps are missing values",
        "in_progress_label": "The period in progress: the first that is not complete; missing where there is none",
        "in_progress_value": "Its value so far",
        "projected_value": "Where it is expected to end",
        "projected_low": "Lower end of the 80 % interval of the projection",
        "projected_high": "Upper end of the 80 % interval of the projection",
        "projected_status": "The status if it ends as projected",
        "led_by": "The KPIs said to lead this one: by how long, and what the data says of it",
    },
    _parsed(f"""
        WITH total AS (
            SELECT kpi_value.*
            FROM kpi_value JOIN kpi ON kpi_value.kpi = kpi.kpi AND kpi_value.grain = kpi.grain
            WHERE kpi_value.segment = '{TOTAL}'
        ),
        latest AS (
            SELECT * FROM total WHERE is_complete
            QUALIFY row_number() OVER (PARTITION BY kpi ORDER BY period_start_utc DESC) = 1
        ),
        in_progress AS (
            SELECT * FROM total WHERE NOT is_complete
            QUALIFY row_number() OVER (PARTITION BY kpi ORDER BY period_start_utc) = 1
        ),
        recent AS (
            SELECT kpi, period_start_utc, value FROM total WHERE is_complete
            QUALIFY row_number() OVER (PARTITION BY kpi ORDER BY period_start_utc DESC) <= {TREND_LENGTH}
        ),
        scaled AS (
            SELECT kpi, period_start_utc, value,
                min(value) OVER (PARTITION BY kpi) AS lowest, max(value) OVER (PARTITION BY kpi) AS highest
            FROM recent
        ),
        trends AS (
            SELECT kpi, string_agg(
                CASE
                    WHEN value IS NULL THEN ' '
                    WHEN highest = lowest THEN '{LEVEL}'
                    ELSE substr(
                        '{BLOCKS}',
                        1 + CAST(round_even({len(BLOCKS) - 1} * (value - lowest) / (highest - lowest), 0) AS INTEGER),
                        1)
                END, '' ORDER BY period_start_utc) AS trend
            FROM scaled GROUP BY kpi
        ),
        leaders AS (
            SELECT kpi_evidence.leads_kpi AS kpi, string_agg(
                leader.label || ' (' ||
                CASE kpi_evidence.expected_lag
                    WHEN 0 THEN 'same ' || kpi_evidence.grain
                    WHEN 1 THEN '1 ' || kpi_evidence.grain
                    ELSE kpi_evidence.expected_lag || ' ' || kpi_evidence.grain || 's'
                END || ', ' || coalesce(replace(kpi_evidence.verdict, '_', ' '), 'not tested') ||
                CASE WHEN kpi_evidence.verdict = 'confirmed'
                    THEN ', cuts the error of forecasts by '
                        || CAST(round_even(100 * kpi_evidence.skill, 0) AS INTEGER) || ' %'
                    ELSE ''
                END || ')',
                ', ' ORDER BY leader.label, kpi_evidence.expected_lag) AS led_by
            FROM kpi_evidence JOIN kpi AS leader ON leader.kpi = kpi_evidence.kpi
            WHERE kpi_evidence.segment = '{TOTAL}'
            GROUP BY kpi_evidence.leads_kpi
        )
        SELECT kpi.kpi, kpi.label, kpi.goal, goal.label AS goal_label, kpi.team, kpi.owner, kpi.indicator, kpi.grain,
            kpi.unit, kpi.currency, kpi.display_format, kpi.direction,
            latest.period_start, latest.period_end, latest.period_label,
            latest.value, latest.target, latest.attainment, latest.variance,
            coalesce(latest.status, 'no_data') AS status,
            latest.previous_value, latest.change, latest.change_pct, latest.year_over_year_pct,
            trends.trend,
            in_progress.period_label AS in_progress_label, in_progress.value AS in_progress_value,
            in_progress.projected_value, in_progress.projected_low, in_progress.projected_high,
            in_progress.projected_status,
            leaders.led_by
        FROM kpi
        LEFT JOIN goal ON goal.goal = kpi.goal
        LEFT JOIN latest ON latest.kpi = kpi.kpi
        LEFT JOIN in_progress ON in_progress.kpi = kpi.kpi
        LEFT JOIN trends ON trends.kpi = kpi.kpi
        LEFT JOIN leaders ON leaders.kpi = kpi.kpi
        ORDER BY goal.label NULLS LAST, kpi.label
    """),
)

_AFTER_THE_KEY = [column.name for column in table_named("kpi_value").columns if column.name != "kpi"]

KPI_LATEST = View(
    "kpi_latest",
    "Every KPI and segment in the KPI's latest complete period",
    {"kpi": comments_of("kpi")["kpi"], "label": comments_of("kpi")["label"], **comments_of("kpi_value")},
    _parsed(f"""
        SELECT kpi.kpi, kpi.label, {", ".join(f"kpi_value.{name}" for name in _AFTER_THE_KEY)}
        FROM (
            SELECT *, max(period_start_utc) OVER (PARTITION BY kpi, grain) AS newest FROM kpi_value WHERE is_complete
        ) AS kpi_value
        JOIN kpi ON kpi_value.kpi = kpi.kpi AND kpi_value.grain = kpi.grain
        WHERE kpi_value.period_start_utc = kpi_value.newest
    """),
)


_ONCE_PUBLISHED = [
    column.name
    for column in table_named("kpi_value_history").columns
    if column.name not in ("published_as", "recorded_at", "superseded_at", "reason")
]

AS_OF_QUERY = f"""
SELECT {", ".join(_ONCE_PUBLISHED)}
FROM kpi_value_history
WHERE recorded_at <= moment AND (superseded_at IS NULL OR superseded_at > moment)
    AND (reason IS NULL OR reason <> 'removed')
""".strip()
"""What `kpi_as_of` runs; on PostgreSQL and Parquet, the query to write oneself with a moment put in."""

KPI_AS_OF = _parsed(f"CREATE MACRO kpi_as_of(moment) AS TABLE {AS_OF_QUERY}")
"""`SELECT * FROM kpi_as_of(TIMESTAMPTZ '2011-03-01 00:00:00+00')`: values, targets and status as published then."""
