"""The published table of how projections were made, so that each can be looked into."""

from __future__ import annotations

from kpi_pipeline.publish.columns import INTEGER, KPI, NUMBER, PERIOD, SEGMENT, TEXT
from kpi_pipeline.publish.table import Column, Table

_ERROR = "Average error, at the same point of earlier periods, of"

PROJECTION_TABLE = Table(
    "kpi_projection",
    "How the end of a period in progress was projected: which ways were tried on the past, and how far off they were",
    (
        KPI,
        *PERIOD,
        *SEGMENT,
        Column(
            "projected_value", NUMBER, "Where the period is expected to end; missing where nothing can be said"
        ).optional,
        Column("projected_low", NUMBER, "Lower end of the 80 % interval").optional,
        Column("projected_high", NUMBER, "Upper end of the 80 % interval").optional,
        Column(
            "reason", TEXT, "Why nothing is projected: too_few_periods, or not_computable (no way gives a number)"
        ).optional,
        Column("method", TEXT, "The way that is used: naive, seasonal_naive, share_in and so on").optional,
        Column("reference_method", TEXT, "The naive way that another one had to beat by more than luck").optional,
        Column("elapsed_share", NUMBER, "Share of the period's working days that are over, 0 to 1; 1 where it waits"),
        Column("periods_ahead", INTEGER, "How many periods after the last one that is over it comes; 1 is the next"),
        Column("origins", INTEGER, "How many earlier periods the interval rests on"),
        Column("error_scale", TEXT, "relative: errors are shares of the value; absolute: they are in the KPI's unit"),
        Column("error", NUMBER, f"{_ERROR} the way that is used").optional,
        Column("reference_error", NUMBER, f"{_ERROR} the naive way").optional,
        Column("naive_error", NUMBER, f"{_ERROR} the period before").optional,
        Column("seasonal_naive_error", NUMBER, f"{_ERROR} the same period of the season before").optional,
        Column("share_in_error", NUMBER, f"{_ERROR} what is in, by the share that usually is").optional,
        Column("share_in_season_error", NUMBER, f"{_ERROR} what is in, by the share of the season before").optional,
        Column("usual_rest_error", NUMBER, f"{_ERROR} what is in, and the usual rest").optional,
        Column("seasonal_rest_error", NUMBER, f"{_ERROR} what is in, and the rest of the season before").optional,
        Column("blend_error", NUMBER, f"{_ERROR} the middle one of the others").optional,
        Column("leader_error", NUMBER, f"{_ERROR} the usual rest, moved by what a confirmed leader says").optional,
        Column("intervals_tried", INTEGER, "How many intervals would have been given at this point of earlier periods"),
        Column("intervals_held", INTEGER, "How many of these held what came; about 80 % should"),
    ),
    key=("kpi", "grain", "period_start", "segment"),
)
