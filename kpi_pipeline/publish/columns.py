"""Columns that several published tables have."""

from __future__ import annotations

from kpi_pipeline.publish.table import Column, ColumnType

TEXT, NUMBER, INTEGER = ColumnType.text, ColumnType.number, ColumnType.integer
FLAG, DAY, MOMENT = ColumnType.flag, ColumnType.day, ColumnType.moment

KPI = Column("kpi", TEXT, "Name of the KPI; see table kpi")
METRIC = Column("metric", TEXT, "Name of the metric; see table metric")
GOAL = Column("goal", TEXT, "Name of the goal; see table goal")
TEAM = Column("team", TEXT, "Name of the team that answers for it; see table team", nullable=True)
OWNER = Column("owner", TEXT, "Name of the person who answers for it; see table person", nullable=True)
FRAMEWORK = Column(
    "framework", TEXT, "Framework of the goal: mbo, okr, omtm (the one metric that matters) or balanced_scorecard",
    nullable=True,
)  # fmt: skip
PERSPECTIVE = Column(
    "perspective", TEXT,
    "Side of the balanced scorecard: financial, customer, internal_process or learning_growth", nullable=True,
)  # fmt: skip
DEFINITION_VERSION = Column(
    "definition_version", TEXT,
    "Changes when the definition, or one it builds on, changes in a way that can change a number, target or status",
)  # fmt: skip
DEFINED_IN = Column("defined_in", TEXT, "File and line where it is written", nullable=True)
GRAIN = Column("grain", TEXT, "Length of a period: hour, day, week, month, quarter or year")
RUN_ID = Column("run_id", TEXT, "Name of the run that made it")

PERIOD = (
    GRAIN,
    Column("period_start", DAY, "First day of the period; of an hour, the day it is in"),
    Column("period_end", DAY, "First day after the period; of an hour, after its day"),
    Column("last_day", DAY, "Last day of the period"),
    Column("period_label", TEXT, "The period as people write it: 2010-11, 2010-W47, 2010-11-28 14:00+00:00"),
    Column("period_start_utc", MOMENT, "The moment the period begins, by the clock of the project's time zone"),
)

SEGMENT = (
    Column("breakdown", TEXT, "Dimensions it is broken down by, such as country; 'all' for the total"),
    Column("segment", TEXT, "Combination of dimension values, such as country=France; 'all' for the total"),
)

VALUE = (
    Column("value", NUMBER, "The number; missing where it cannot be computed, which is not the same as 0").optional,
    Column("numerator", NUMBER, "Upper part where the value is a ratio; add up parts, never ratios").optional,
    Column("denominator", NUMBER, "Lower part where the value is a ratio; value = numerator / denominator").optional,
    Column(
        "sample_size",
        INTEGER,
        "How many rows of the model the value rests on; missing where the group is too small to show",
    ).optional,
)

TARGET = (
    Column("target", NUMBER, "The value to reach in this period; a band has only its ends").optional,
    Column("target_low", NUMBER, "The lowest value that is as wished; missing where lower is better").optional,
    Column("target_high", NUMBER, "The highest value that is as wished; missing where higher is better").optional,
    Column("target_provenance", TEXT, "Who set the target, when, and from what").optional,
    Column("attainment", NUMBER, "How far the value is towards its target; 1 is reached, for any direction").optional,
    Column("variance", NUMBER, "Value minus target, in the KPI's unit").optional,
    Column("status", TEXT, "on_track, at_risk, off_track, in_progress (period not over), no_target or no_data"),
    Column("status_rule", TEXT, "The rule that decided the status, in words").optional,
)

COMPLETE = Column("is_complete", FLAG, "False while the period is in progress: its value will still grow or change")
