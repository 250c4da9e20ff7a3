"""The published tables of the evidence: what the data says of the claim that one KPI leads another."""

from __future__ import annotations

from kpi_pipeline.publish.columns import DAY, FLAG, GRAIN, INTEGER, MOMENT, NUMBER, SEGMENT, TEXT
from kpi_pipeline.publish.table import Column, Table
from kpi_pipeline.verdict import CLAIM_KEY

CLAIM = (
    Column("kpi", TEXT, "The KPI said to lead"),
    Column("leads_kpi", TEXT, "The KPI said to follow"),
    GRAIN,
    Column("expected_lag", INTEGER, "By how many periods of the grain, as claimed; 0 is the same period"),
    Column("expected_sign", TEXT, "positive (both rise) or negative (one rises, the other falls), as claimed"),
    *SEGMENT,
)
VERDICT = Column(
    "verdict",
    TEXT,
    "confirmed (it predicts, which is not to say it causes), weak, coincident, feedback, reversed, not_supported or "
    "too_little_data",
)
REASON_CODE = Column("reason_code", TEXT, "What decided the verdict, as one word, such as no_skill").optional
MEASURED = (
    Column("measured_lag", INTEGER, "By how many periods it leads in the data").optional,
    Column("measured_sign", TEXT, "positive or negative: the sign of the correlation at that lag").optional,
    Column("correlation", NUMBER, "Correlation at the measured lag, after removing what both share").optional,
    Column("p_value", NUMBER, "How often chance alone does as well, the search for the lag included").optional,
    Column("p_adjusted", NUMBER, "The same, corrected for testing all links of the project").optional,
    Column("granger_p", NUMBER, "p value of the test that the leader helps to predict the follower").optional,
    Column("reverse_p", NUMBER, "p value of the same test the other way round").optional,
    Column("skill", NUMBER, "Share of the forecast error that the leader removes, out of sample").optional,
    Column("skill_low", NUMBER, "Lower end of the 90 % interval of the skill").optional,
    Column("skill_high", NUMBER, "Upper end of the 90 % interval of the skill").optional,
    Column("skill_p", NUMBER, "p value of the test that forecasts are no better with the leader").optional,
    Column("periods", INTEGER, "How many complete periods were used: the longest stretch without a gap").optional,
)
MADE_OF = Column("both_made_of", TEXT, "The metrics that both KPIs are computed from: arithmetic ties them").optional
REMARKS = Column("remarks", TEXT, "What else is worth knowing, as words such as lag_differs or fading").optional
STANDS_OUT = Column("stands_out", NUMBER, "The least correlation that stands out, corrected for all links").optional
STABILITY = Column("stability", NUMBER, "Share of shorter stretches of time in which the claim holds").optional
INPUT_HASH = Column("input_hash", TEXT, "Fingerprint of the series that were tested, and of how").optional

EVIDENCE_TABLES: tuple[Table, ...] = (
    Table(
        "kpi_evidence",
        "The claim that one KPI leads another, and what the data says of it, in total and by segment",
        (
            *CLAIM,
            Column("control", TEXT, "The KPIs held constant, because they may move both").optional,
            Column("team", TEXT, "Name of the team that claims it; see table team").optional,
            MADE_OF,
            VERDICT.optional,
            REASON_CODE,
            Column("reason", TEXT, "Why the verdict is what it is, in words").optional,
            REMARKS,
            *MEASURED,
            Column("first_period", DAY, "First day of the first period used").optional,
            Column("last_period", DAY, "First day of the last period used").optional,
            Column("longest_lag", INTEGER, "Lags from 0 to this were searched, in both directions").optional,
            Column(
                "band", NUMBER, "One correlation of unrelated series stays within plus or minus this, 95 of 100"
            ).optional,
            Column("search_band", NUMBER, "The highest of all lags searched stays within this, 95 of 100").optional,
            STANDS_OUT,
            Column("reverse_lag", INTEGER, "Where the correlation is highest in the opposite direction").optional,
            Column("reverse_correlation", NUMBER, "The correlation there").optional,
            Column("reverse_lag_p", NUMBER, "How often chance alone does as well in the opposite direction").optional,
            Column("forecasts", INTEGER, "How many forecasts the skill rests on").optional,
            Column("seasonality_removed", FLAG, "Whether the season was taken out first").optional,
            Column("season_terms", INTEGER, "How many terms describe the season that was taken out").optional,
            Column(
                "season", TEXT, "These terms, such as cos 1/52, sin 1/52, at 50/52 (periods counted from 0)"
            ).optional,
            Column("trend_removed", FLAG, "Whether a straight trend was taken out first").optional,
            Column("leader_logged", FLAG, "Whether logarithms of the leader were compared").optional,
            Column("follower_logged", FLAG, "Whether logarithms of the follower were compared").optional,
            Column("differenced", FLAG, "Whether changes were compared instead of levels").optional,
            Column("differences", INTEGER, "How many times changes were taken: 0, 1 or 2").optional,
            Column("prewhitening_order", INTEGER, "How many periods the leader is explained by its own past").optional,
            Column("granger_order", INTEGER, "How many lags the test of prediction takes together").optional,
            Column("clipped", INTEGER, "How many values stood so far out that they were pulled in").optional,
            STABILITY,
            Column("tested_at", MOMENT, "When it was tested").optional,
            INPUT_HASH,
        ),
        key=CLAIM_KEY,
    ),
    Table(
        "kpi_evidence_lag",
        "The correlation of two linked KPIs at one lag, after removing what both share",
        (
            *CLAIM,
            Column("at_lag", INTEGER, "By how many periods the leader comes first; below 0, the follower does"),
            Column("correlation", NUMBER, "The correlation at this lag"),
            Column("band", NUMBER, "Unrelated series stay within plus or minus this, 95 of 100").optional,
            Column(
                "search_band", NUMBER, "So does the highest of all lags searched within plus or minus this"
            ).optional,
        ),
        key=(*CLAIM_KEY, "at_lag"),
    ),
    Table(
        "kpi_evidence_window",
        "The same test on a shorter stretch of time: whether a claim holds there, too",
        (
            *CLAIM,
            Column("first_period", DAY, "First day of the first period of the stretch"),
            Column("last_period", DAY, "First day of its last period"),
            Column("correlation", NUMBER, "Correlation there, at the lag measured on all periods"),
            Column("p_value", NUMBER, "How often chance alone does as well at this one lag"),
            Column("holds", FLAG, "Whether it has the sign seen on all periods, and stands out"),
        ),
        key=(*CLAIM_KEY, "first_period"),
    ),
    Table(
        "kpi_evidence_history",
        "What the data said of a claim, each time that changed: a leader that fades shows here",
        (
            *CLAIM,
            MADE_OF,
            VERDICT,
            REASON_CODE,
            REMARKS,
            *MEASURED,
            STANDS_OUT,
            STABILITY,
            Column("recorded_at", MOMENT, "From when on this was the result"),
            Column("superseded_at", MOMENT, "Until when; missing where it still is").optional,
            INPUT_HASH,
        ),
        key=(*CLAIM_KEY, "recorded_at"),
    ),
)
