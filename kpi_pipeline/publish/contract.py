"""The published tables: names, types and meanings that BI tools may rely on.

A change of a name, a type or of whether a value may be missing is breaking and raises SCHEMA_VERSION.
"""

from __future__ import annotations

from kpi_pipeline.publish.columns import (
    COMPLETE,
    DAY,
    DEFINED_IN,
    DEFINITION_VERSION,
    FLAG,
    FRAMEWORK,
    GOAL,
    GRAIN,
    INTEGER,
    KPI,
    METRIC,
    MOMENT,
    NUMBER,
    OWNER,
    PERIOD,
    PERSPECTIVE,
    RUN_ID,
    SEGMENT,
    TARGET,
    TEAM,
    TEXT,
    VALUE,
)
from kpi_pipeline.publish.evidence_tables import EVIDENCE_TABLES
from kpi_pipeline.publish.framework_tables import FRAMEWORK_TABLES
from kpi_pipeline.publish.projection_table import PROJECTION_TABLE
from kpi_pipeline.publish.table import Column, Table

SCHEMA_VERSION = 2

TABLES: tuple[Table, ...] = (
    Table(
        "snapshot",
        "This publication of the tables: exactly one row",
        (
            RUN_ID,
            Column("published_at", MOMENT, "When the tables were published"),
            Column("schema_version", INTEGER, "Version of this contract; a breaking change raises it"),
            Column("definition_version", TEXT, "Version of all definitions together"),
            Column("data_through", DAY, "Days before this one are complete in the newest source").optional,
        ),
        key=("run_id",),
    ),
    Table(
        "kpi",
        "A KPI: a metric somebody decided is important, with its goal, target, owner and review",
        (
            KPI,
            Column("label", TEXT, "The KPI's name for people"),
            Column("description", TEXT, "What it means, in a sentence or two").optional,
            METRIC,
            Column("formula", TEXT, "How the number is computed, in words"),
            Column("unit", TEXT, "What the number counts, such as currency, percent (0.25 is 25 %), count or hours"),
            Column("display_format", TEXT, "Number format in the notation of spreadsheets, such as £#,##0"),
            Column("currency", TEXT, "Currency of the amounts, such as GBP; missing where it is not money").optional,
            Column("direction", TEXT, "Which way is better: up, down or hold"),
            GRAIN,
            Column("goal", TEXT, "The primary goal it serves; all of them are in kpi_goal").optional,
            TEAM,
            OWNER,
            Column(
                "indicator",
                TEXT,
                "leading, lagging, coincident or unclassified: to the company or, where that is unclassified, to its "
                "own team; see kpi_indicator",
            ),
            FRAMEWORK,
            PERSPECTIVE,
            Column("parent_kpi", TEXT, "The KPI this one explains a part of").optional,
            Column("target_type", TEXT, "Kind of target, such as at_least or at_most").optional,
            Column("review_every", TEXT, "How often people look at it, such as week or month").optional,
            Column("last_reviewed", DAY, "When they last did").optional,
            Column(
                "review_due", DAY, "When they should next; missing where no review was ever held or agreed"
            ).optional,
            Column("as_of", DAY, "The day that counts as today for it; missing before it has values").optional,
            Column("frozen_through", DAY, "The day up to which its books are closed; missing where none are").optional,
            DEFINITION_VERSION,
            DEFINED_IN,
        ),
        key=("kpi",),
    ),
    Table(
        "goal",
        "A goal: what somebody wants to achieve; goals form a tree",
        (
            GOAL,
            Column("label", TEXT, "The goal's name for people"),
            Column("statement", TEXT, "The goal in one sentence"),
            FRAMEWORK,
            PERSPECTIVE,
            Column("parent_goal", TEXT, "The goal this one contributes to").optional,
            TEAM,
            OWNER,
            Column("period_start", DAY, "First day on which the goal holds").optional,
            Column("period_end", DAY, "First day on which it no longer does").optional,
            Column("weight", NUMBER, "How much it counts in its parent goal"),
            Column("ambition", INTEGER, "Objectives and key results: from 1 (safe) to 10 (a stretch)").optional,
        ),
        key=("goal",),
    ),
    Table(
        "kpi_goal",
        "A KPI that serves a goal; a KPI may serve several",
        (KPI, GOAL, Column("weight", NUMBER, "How much the KPI counts in the goal")),
        key=("kpi", "goal"),
    ),
    Table(
        "team",
        "A team, and the company above all teams",
        (
            Column("team", TEXT, "Name of the team; 'company' is everybody together"),
            Column("label", TEXT, "The team's name for people"),
            Column("parent_team", TEXT, "The team above").optional,
            Column("manager", TEXT, "The person who leads the team, where one is named").optional,
        ),
        key=("team",),
    ),
    Table(
        "person",
        "Somebody who owns goals, KPIs or metrics",
        (
            Column("person", TEXT, "Name of the person or of the role"),
            Column("label", TEXT, "How the person is shown"),
            Column("team", TEXT, "The team the person belongs to").optional,
            Column("manager", TEXT, "The person's manager").optional,
        ),
        key=("person",),
    ),
    Table(
        "review",
        "A review of a KPI that was held",
        (
            KPI,
            Column("reviewed_at", DAY, "The day it was held"),
            Column("reviewer", TEXT, "Who held it, where that was recorded; see table person").optional,
            Column("decision", TEXT, "What was decided, where that was recorded").optional,
            Column("actions", TEXT, "Who does what until when, an action a line").optional,
            Column("status_then", TEXT, "Status of the KPI that people looked at").optional,
            Column("value_then", NUMBER, "Value of the KPI that people looked at").optional,
            DEFINED_IN,
        ),
        key=("kpi", "reviewed_at"),
    ),
    Table(
        "metric",
        "A metric: a named measurement with one meaning",
        (
            METRIC,
            Column("label", TEXT, "The metric's name for people"),
            Column("description", TEXT, "What it means, in a sentence or two").optional,
            Column("metric_type", TEXT, "Kind of metric, such as simple, ratio, derived or cumulative"),
            Column("formula", TEXT, "How the number is computed, in words"),
            Column("unit", TEXT, "What the number counts"),
            Column("is_approximate", FLAG, "Whether a cluster may estimate it, or what it is made of, by sketches"),
            OWNER,
            DEFINITION_VERSION,
        ),
        key=("metric",),
    ),
    Table(
        "calendar",
        "A day of the business calendar",
        (
            Column("day", DAY, "The day"),
            Column("iso_year", INTEGER, "ISO year of its week"),
            Column("iso_week", INTEGER, "ISO number of its week, 1 to 53"),
            Column(
                "is_holiday", FLAG, "Whether it is a holiday; missing as long as the project names no holidays"
            ).optional,
            Column("holiday", TEXT, "What the holiday is called").optional,
            Column("week_start", DAY, "First day of the week it is in"),
            Column("month_start", DAY, "First day of the month it is in"),
            Column("quarter_start", DAY, "First day of the (fiscal) quarter it is in"),
            Column("year_start", DAY, "First day of the (fiscal) year it is in"),
        ),
        key=("day",),
    ),
    Table(
        "calendar_period",
        "A period of the business calendar",
        (
            Column("calendar_name", TEXT, "Name of the calendar"),
            *PERIOD,
            Column("period_number", INTEGER, "Its number within the year"),
            Column("year_number", INTEGER, "The (fiscal or ISO) year it belongs to"),
            Column("previous_start", DAY, "First day of the period before").optional,
            Column("year_ago_start", DAY, "First day of the same period a year before").optional,
        ),
        key=("calendar_name", "grain", "period_start_utc"),
    ),
    Table(
        "segment",
        "A dimension value of a segment; the total is one row with segment 'all'",
        (
            Column("segment", TEXT, "The segment, such as country=France; 'all' for the total"),
            Column("breakdown", TEXT, "Dimensions it belongs to, such as country; 'all' for the total"),
            Column("dimension", TEXT, "One of these dimensions; missing for the total").optional,
            Column("dimension_value", TEXT, "Its value; missing where the rows had none").optional,
            Column("label", TEXT, "The value for people; (none) where the rows had none"),
        ),
        key=("segment", "dimension"),
    ),
    Table(
        "kpi_value",
        "The value of a KPI in a period and segment, against its target",
        (
            KPI,
            *PERIOD,
            *SEGMENT,
            *VALUE,
            *TARGET,
            Column(
                "previous_value", NUMBER, "Value of the period before; of its same days, while in progress"
            ).optional,
            Column("change", NUMBER, "Value minus previous value, in the KPI's unit").optional,
            Column("change_pct", NUMBER, "Change as a share of the previous value; 0.1 is 10 % more").optional,
            Column("year_ago_value", NUMBER, "Value of the same period a year before").optional,
            Column("year_over_year_pct", NUMBER, "Change against a year before, as a share; 0.1 is 10 % more").optional,
            COMPLETE,
            Column("projected_value", NUMBER, "Where the period in progress is expected to end").optional,
            Column("projected_low", NUMBER, "Lower end of the 80 % interval of the projection").optional,
            Column("projected_high", NUMBER, "Upper end of the 80 % interval of the projection").optional,
            Column("projected_status", TEXT, "The status if the period ends as projected").optional,
            Column("annotation", TEXT, "What happened in the period and explains its value").optional,
        ),
        key=("kpi", "grain", "period_start_utc", "segment"),
    ),
    PROJECTION_TABLE,
    Table(
        "kpi_driver",
        "Why a KPI changed: what segments, parts and inputs contribute to the change of its latest complete period",
        (
            KPI,
            *PERIOD,
            Column("against", TEXT, "What the period is compared with: previous or year_ago"),
            Column("against_label", TEXT, "The earlier period as people write it"),
            *SEGMENT,
            Column(
                "effect",
                TEXT,
                "segment, mix, rate, numerator, denominator, input, entered, left, or remainder: what does not add up",
            ),
            Column("input", TEXT, "Which input of the formula, where the effect is input").optional,
            Column(
                "contribution",
                NUMBER,
                "Part of the change, in the KPI's unit; those of one breakdown add up to the change. Missing where a "
                "segment without a value has no say",
            ).optional,
            Column("share_of_change", NUMBER, "Contribution as a share of the change; 1 is all of it").optional,
            Column("from_value", NUMBER, "Value of the segment, part or input in the earlier period").optional,
            Column("to_value", NUMBER, "Its value in the period").optional,
        ),
        key=("kpi", "grain", "period_start_utc", "against", "breakdown", "segment", "effect", "input"),
    ),
    Table(
        "metric_value",
        "The value of a metric in a period and segment",
        (METRIC, *PERIOD, *SEGMENT, *VALUE, COMPLETE),
        key=("metric", "grain", "period_start_utc", "segment"),
    ),
    Table(
        "goal_score",
        "How a goal stands in a period, rolled up from its KPIs",
        (
            GOAL,
            *PERIOD,
            Column("score", NUMBER, "Attainment of its KPIs and of the goals below, rolled up; 1 is reached").optional,
            Column("status", TEXT, "on_track, at_risk, off_track, in_progress, no_target or no_data"),
            Column("weight_counted", NUMBER, "Share of its members' weight that the score rests on, 0 to 1"),
            Column("kpis_on_track", INTEGER, "How many of its KPIs, and those of the goals below, are on track"),
            Column("kpis_at_risk", INTEGER, "How many are at risk"),
            Column("kpis_off_track", INTEGER, "How many are off track"),
            Column("kpis_in_progress", INTEGER, "How many are in a period that is not over"),
            Column("kpis_no_target", INTEGER, "How many have no target"),
            Column("kpis_no_data", INTEGER, "How many have no value"),
            Column("kpis_total", INTEGER, "How many KPIs it has"),
            Column("roll_up", TEXT, "How they become the score: weighted, worst, average or share_on_track"),
        ),
        key=("goal", "grain", "period_start"),
    ),
    *FRAMEWORK_TABLES,
    Table(
        "kpi_indicator",
        "Whether a KPI leads or lags, seen from a team or the whole company",
        (
            KPI,
            Column("viewpoint", TEXT, "The team that asks, or 'company'"),
            Column("indicator", TEXT, "leading, lagging, coincident or unclassified"),
            Column("outcome_kpi", TEXT, "The outcome of the viewpoint that it leads to").optional,
            Column("path", TEXT, "The KPIs on the way to that outcome").optional,
            Column("reason", TEXT, "Why it is classified so, in words").optional,
        ),
        key=("kpi", "viewpoint"),
    ),
    *EVIDENCE_TABLES,
    Table(
        "kpi_value_history",
        "A value, target and status as they were once published, and why they changed",
        (
            KPI,
            *PERIOD,
            *SEGMENT,
            *VALUE,
            *TARGET,
            COMPLETE,
            Column("published_as", TEXT, "Name that the KPI had when this was published"),
            Column("recorded_at", MOMENT, "From when on this was the published value"),
            Column("superseded_at", MOMENT, "Until when; missing where it still is").optional,
            Column(
                "reason",
                TEXT,
                "Why it was recorded: new, late_data, correction, definition_changed, target_changed, rule_changed "
                "or removed; missing where the period was in progress and went on",
                nullable=True,
            ),
        ),
        key=("kpi", "grain", "period_start_utc", "segment", "published_as", "recorded_at"),
    ),
    Table(
        "kpi_refused",
        "A value of a closed period that stays as it was published although the data says something else by now",
        (
            KPI,
            *PERIOD,
            *SEGMENT,
            Column("value", NUMBER, "The published value; missing where nothing is published").optional,
            Column("data_value", NUMBER, "The value that the data gives now; missing where it gives none").optional,
            Column("difference", NUMBER, "What the data gives minus what is published, in the KPI's unit").optional,
            Column("difference_pct", NUMBER, "Difference as a share of what is published; 0.1 is 10 % more").optional,
            Column("target", NUMBER, "The published target").optional,
            Column("data_target", NUMBER, "The target as definitions and target tables have it now").optional,
            Column("status", TEXT, "The published status; missing where nothing is published").optional,
            Column("data_status", TEXT, "The status that would be published"),
            Column(
                "reason",
                TEXT,
                "Why it would change: late_data, correction, definition_changed, target_changed, rule_changed, new (it "
                "was not published) or removed (it would no longer be)",
            ),
            Column("noticed_at", MOMENT, "Since when the data says so"),
        ),
        key=("kpi", "grain", "period_start_utc", "segment"),
    ),
    Table(
        "check_result",
        "A check of the data in the last run",
        (
            Column("asset", TEXT, "What was checked, such as raw/invoices, model/order_lines or kpi/monthly_orders"),
            Column("check_name", TEXT, "Name of the check"),
            Column("severity", TEXT, "error (its failure stops what depends on the data) or warn"),
            Column("passed", FLAG, "Whether the data is as expected"),
            Column("observed", TEXT, "What was found").optional,
            Column("expected", TEXT, "What was expected").optional,
            Column("failing_rows", INTEGER, "How many rows are not as expected").optional,
            Column("checked_at", MOMENT, "When it was checked"),
        ),
    ),
    Table(
        "lint_result",
        "Something in the definitions that makes for bad KPIs",
        (
            Column("rule", TEXT, "Code of the rule, such as T (no target)"),
            Column("level", TEXT, "error or warning"),
            Column("subject", TEXT, "What it is about, such as a KPI or a goal"),
            Column("message", TEXT, "What is wrong"),
            Column("hint", TEXT, "A way out").optional,
            DEFINED_IN,
        ),
    ),
    Table(
        "lineage",
        "Where a thing comes from: one step from source to goal",
        (
            Column("downstream", TEXT, "What is made or served, such as metric/orders, kpi/monthly_orders, goal/grow"),
            Column("upstream", TEXT, "What it is made from, such as raw/invoices, model/order_lines"),
            Column("kind", TEXT, "What the upstream end is: source, model, metric, kpi or goal"),
            Column("column_name", TEXT, "Column of the source or model that is read, where it can be told").optional,
        ),
        key=("downstream", "upstream", "column_name"),
    ),
    Table(
        "source_status",
        "A source as it was when these tables were published: how much of it there is, and until when",
        (
            Column("source", TEXT, "Name of the source"),
            Column("connector", TEXT, "What it is read by, such as file or database"),
            Column("row_count", INTEGER, "How many rows of it are loaded; missing where it never was").optional,
            Column("rows_quarantined", INTEGER, "How many rows wait in quarantine, because they did not fit").optional,
            Column("newest_day", DAY, "The day of its newest row, where it has a time").optional,
            Column("complete_before", DAY, "Days before this one are complete").optional,
            Column("loaded_at", MOMENT, "When it changed last").optional,
            DEFINED_IN,
        ),
        key=("source",),
    ),
    Table(
        "run",
        "A run of the pipeline",
        (
            RUN_ID,
            Column("started_at", MOMENT, "When it began"),
            Column("finished_at", MOMENT, "When it ended; missing for the run that published these tables").optional,
            Column("status", TEXT, "How it ended"),
            Column("definition_version", TEXT, "Version of all definitions together"),
            Column("rows_read", INTEGER, "Rows read from the sources").optional,
            Column("rows_quarantined", INTEGER, "Of these, rows that did not fit and were set aside").optional,
            Column("values_computed", INTEGER, "Metric values computed").optional,
            Column("values_restated", INTEGER, "Published values of complete periods that changed").optional,
            Column("published_at", MOMENT, "From when on its values were the published ones").optional,
        ),
        key=("run_id",),
    ),
    Table(
        "run_stage",
        "A stage of a run",
        (
            RUN_ID,
            Column("stage", TEXT, "Name of the stage, such as ingest or reduce"),
            Column("seconds", NUMBER, "How long it took").optional,
            Column("peak_mb", NUMBER, "The most memory it held, in megabytes").optional,
            Column("rows_out", INTEGER, "How many rows it made").optional,
        ),
        key=("run_id", "stage"),
    ),
)


def table_named(name: str) -> Table:
    """The published table of that name.

    >>> table_named("kpi_goal").key
    ('kpi', 'goal')
    """
    return _BY_NAME[name]


_BY_NAME = {table.name: table for table in TABLES}
