"""A year of a made-up shop and its service desk, as the published tables hold it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from kpi_pipeline.publish import TABLES, conform, empty_frame, table_named
from tests.evidence_rows import evidence_row

Row = dict[str, Any]
Tables = dict[str, pl.DataFrame]

FIRST_MONDAY = date(2009, 12, 14)
WEEKS = 53
"""52 complete ones and one in progress."""
HOSTILE = '<script>alert("pwned")</script> & "quoted" <img src=x onerror=alert(1)>'
ENDLESS = (
    "Share of incidents resolved within the time agreed with the department that reported them, "
    "excluding those waiting for the Rechtsschutzversicherungsgesellschaftenangestelltenverband"
)


def frame(table: str, rows: Iterable[Row]) -> pl.DataFrame:
    """Rows of a contract table; what a row does not say is missing."""
    wanted = table_named(table)
    full = [dict.fromkeys(wanted.schema.names()) | row for row in rows]
    return conform(wanted, pl.DataFrame(full, schema=wanted.schema, orient="row"))


CLAIM = {
    "kpi": "new_customers", "leads_kpi": "net_sales", "grain": "week", "expected_lag": 4, "expected_sign": "positive",
    "breakdown": "all", "segment": "all",
}  # fmt: skip


def week(at: int) -> Row:
    start = FIRST_MONDAY + timedelta(weeks=at)
    year, number, _ = start.isocalendar()
    return {
        "grain": "week",
        "period_start": start,
        "period_end": start + timedelta(weeks=1),
        "last_day": start + timedelta(days=6),
        "period_label": f"{year}-W{number:02}",
        "period_start_utc": datetime(start.year, start.month, start.day, tzinfo=UTC),
        "is_complete": at < WEEKS - 1,
    }


def kpi(name: str, label: str, unit: str, *, goal: str | None, direction: str = "up", **more: Any) -> Row:
    return {
        "kpi": name,
        "label": label,
        "metric": name,
        "formula": more.pop("formula", f"sum of {name.replace('_', ' ')}"),
        "unit": unit,
        "display_format": "#,##0",
        "currency": "GBP" if unit == "currency" else None,
        "direction": direction,
        "grain": "week",
        "goal": goal,
        "owner": "head_of_sales" if goal in {"profit", "repeat"} else "service_manager",
        "team": "commercial" if goal in {"profit", "repeat"} else "service",
        "indicator": "lagging",
        "target_type": None,
        "review_every": "month",
        "review_due": date(2010, 12, 31),
        "as_of": date(2010, 12, 1),
        "definition_version": "d41d8cd9",
        "defined_in": f"definitions/kpis/{goal or 'others'}.yaml:14",
        **more,
    }


KPIS = (
    kpi("net_sales", "Weekly net sales", "currency", goal="profit", target_type="at_least",
        description="Goods sold less returns, before VAT, in the week of the invoice.",
        formula="sum of quantity × price over all order lines of goods"),
    kpi("average_order", "Average order value", "currency", goal="profit", target_type="at_least",
        description="What an order is worth on average.", formula="net sales / orders"),
    kpi("margin_change", "Margin against plan", "currency", goal="profit", target_type="at_least",
        description="Gross margin less the plan of the same week; below zero is behind plan."),
    kpi("new_customers", "New customers", "count", goal="repeat", indicator="leading", target_type="at_least",
        description="Customers with their first invoice ever."),
    kpi("repeat_rate", "Repeat rate", "percent", goal="repeat", target_type="at_least",
        description="Customers with a second order within 90 days.", formula="repeat customers / customers"),
    kpi("returns_rate", "Return rate", "percent", goal="repeat", direction="down", target_type="at_most",
        description="Value of cancelled lines as a share of sales.", formula="returns / gross sales"),
    kpi("basket_size", HOSTILE, "number", goal="repeat", description=HOSTILE, formula=HOSTILE),
    kpi("sla_met", ENDLESS, "percent", goal="service_level", target_type="at_least",
        description="Counted when an incident is closed. " * 6, formula="incidents within time / incidents closed"),
    kpi("reopen_rate", "Reopen rate", "percent", goal="service_level", direction="down", target_type="at_most",
        description="Closed incidents that had to be opened again.", formula="reopened / closed",
        review_due=date(2010, 9, 30)),
    kpi("time_to_resolve", "Time to resolve", "hours", goal="service_level", direction="down", target_type="at_most",
        description="Median hours from opening to closing an incident."),
    kpi("backlog", "Open incidents", "count", goal="calm_desk", direction="down", target_type="at_most",
        description="Incidents open at the end of the week.", indicator="leading"),
    kpi("satisfaction", "Caller satisfaction", "score", goal="calm_desk",
        description="Mean answer to one question, 1 to 5, asked when an incident is closed.", target_type="at_least"),
    kpi("training_hours", "Training hours", "hours", goal=None, description="Hours of training a head.",
        review_every=None, review_due=None),
    kpi("lost_series", "Supplier punctuality", "percent", goal="calm_desk", target_type="at_least",
        description="Deliveries on the promised day."),
)  # fmt: skip

SHAPES: dict[str, tuple[float, float, float, float | None]] = {
    # name: level, yearly growth, swing, target
    "net_sales": (152_000, 0.35, 0.16, 190_000),
    "average_order": (318.0, 0.1, 0.08, 360.0),
    "margin_change": (-2_000, -3.0, 3.2, 0.0),
    "new_customers": (34, -0.25, 0.3, 30),
    "repeat_rate": (0.31, 0.14, 0.06, 0.33),
    "returns_rate": (0.021, -0.2, 0.25, 0.02),
    "basket_size": (19.4, 0.1, 0.1, None),
    "sla_met": (0.66, -0.06, 0.05, 0.75),
    "reopen_rate": (0.0118, -0.1, 0.3, 0.0125),
    "time_to_resolve": (21.5, 0.1, 0.2, 24.0),
    "backlog": (410, 0.3, 0.08, 480),
    "satisfaction": (4.1, 0.02, 0.03, 4.2),
    "training_hours": (1.4, 0.0, 0.5, None),
}


def value(name: str, at: int) -> float | None:
    """A wave on a trend; one KPI never has a value, another has a hole."""
    if name not in SHAPES or (name == "training_hours" and at % 9 == 4):
        return None
    level, growth, swing, _ = SHAPES[name]
    wave = math.sin(at * 1.7 + len(name)) * 0.6 + math.sin(at / 5 + len(name)) * 0.4
    season = 0.35 * math.exp(-(((at - 49) / 4) ** 2)) if name in {"net_sales", "new_customers"} else 0
    whole = level * (1 + growth * at / WEEKS + swing * wave + season)
    in_progress = name in {"net_sales", "new_customers", "margin_change"} and at == WEEKS - 1
    return whole * 0.55 if in_progress else whole


def attainment(kpi: Row, value: float, target: float) -> float | None:
    if target == 0:
        return None
    better = value - target if kpi["target_type"] == "at_least" else target - value
    return 1 + better / abs(target)


def status(kpi: Row, at: int, now: float | None) -> Row:
    target = SHAPES[kpi["kpi"]][3] if kpi["kpi"] in SHAPES else 0.9
    if target is None:
        return {"status": "no_target" if now is not None else "no_data"}
    end = "target_low" if kpi["target_type"] == "at_least" else "target_high"
    judged: Row = {"target": target, end: target, "target_provenance": "budget 2010, agreed 14 December 2009"}
    if now is None:
        return judged | {"status": "no_data"}
    reached = attainment(kpi, now, target)
    good = now >= target if kpi["target_type"] == "at_least" else now <= target
    near = reached is not None and reached >= 0.9
    word = "in_progress" if at == WEEKS - 1 else "on_track" if good else "at_risk" if near else "off_track"
    return judged | {
        "attainment": reached,
        "variance": now - target,
        "status": word,
        "status_rule": "on track at the target, at risk within 10 % of it",
    }


def value_rows(kpi: Row) -> Iterable[Row]:
    for at in range(WEEKS):
        now, before = value(kpi["kpi"], at), value(kpi["kpi"], at - 1) if at else None
        compared: Row = {}
        if now is not None and before:
            compared = {"previous_value": before, "change": now - before, "change_pct": (now - before) / abs(before)}
        if now is not None and at > 40 and kpi["kpi"] in SHAPES:
            ago = SHAPES[kpi["kpi"]][0]
            compared |= {"year_ago_value": ago, "year_over_year_pct": (now - ago) / abs(ago)}
        ratio = kpi["unit"] == "percent" and now is not None
        size = {"reopen_rate": 17.0}.get(kpi["kpi"], 412.0)
        yield {
            "kpi": kpi["kpi"],
            **week(at),
            "breakdown": "all",
            "segment": "all",
            "value": now,
            "numerator": now * size if ratio and now is not None else None,
            "denominator": size if ratio else None,
            "sample_size": int(size),
            **status(kpi, at, now),
            **compared,
            "annotation": "Ash cloud over Europe: the warehouse was shut for three days."
            if kpi["kpi"] == "net_sales" and at == 40
            else None,
        }


COUNTRIES = ("United Kingdom", "EIRE", "Germany", "France", "Netherlands", "Spain", "Channel Islands <b>", "(other)")


def segment_rows(kpi: Row) -> Iterable[Row]:
    """Net sales by country, margin by country with some below zero, SLA by priority; the latest complete week."""
    at = WEEKS - 2
    whole = value(kpi["kpi"], at) or 0.0
    if kpi["kpi"] in {"net_sales", "margin_change"}:
        for place, country in enumerate(COUNTRIES):
            part = whole * (0.6 * 0.45**place + 0.02)
            sign = -1 if kpi["kpi"] == "margin_change" and place % 2 else 1
            yield {"segment": f"country={country}", "breakdown": "country", "value": part * sign}
    if kpi["kpi"] == "sla_met":
        for place, priority in enumerate(("1 critical", "2 high", "3 moderate", "4 low")):
            yield {
                "segment": f"priority={priority}",
                "breakdown": "priority",
                "value": 0.9 - 0.1 * place,
                "numerator": 90.0,
                "denominator": 100.0 * (place + 1),
            }


def goal(name: str, label: str, statement: str, framework: str, team: str, **more: Any) -> Row:
    return {
        "goal": name,
        "label": label,
        "statement": statement,
        "framework": framework,
        "team": team,
        "owner": "managing_director",
        "period_start": date(2010, 1, 1),
        "period_end": date(2011, 1, 1),
        "weight": 1.0,
        **more,
    }


GOALS = (
    goal("profit", "A profitable company", "Sales pay for the growth we want, every quarter.", "balanced_scorecard",
         "company", perspective="financial"),
    goal("repeat", "Customers who come back", "Customers come back without being asked.", "balanced_scorecard",
         "commercial", perspective="customer", parent_goal="profit", owner="head_of_sales"),
    goal("service_level", "A service desk people rely on", "An incident is solved in the time we promised, once.",
         "okr", "service", ambition=7, owner="service_manager"),
    goal("calm_desk", "A calm desk", "The backlog never frightens anybody, and callers say so.", "okr", "service",
         ambition=5, parent_goal="service_level", owner="service_manager"),
    goal("empty", "Learn faster than the market", "Everybody learns something new each quarter.",
         "balanced_scorecard", "company", perspective="learning_growth"),
)  # fmt: skip


def indicator(kpi: str, viewpoint: str, word: str, reason: str, outcome: str | None = None) -> Row:
    return {"kpi": kpi, "viewpoint": viewpoint, "indicator": word, "reason": reason, "outcome_kpi": outcome}


def score(goal: str, at: int, score: float | None, **more: Any) -> Row:
    """A goal in one month of 2010, January being the first."""
    start, end = date(2010, at, 1), date(2010, at + 1, 1)
    return {
        "goal": goal,
        "grain": "month",
        "period_start": start,
        "period_end": end,
        "last_day": end - timedelta(days=1),
        "period_label": f"2010-{at:02}",
        "period_start_utc": datetime(2010, at, 1, tzinfo=UTC),
        "score": score,
        "status": "no_data" if score is None else "on_track" if score >= 0.95 else "off_track",
        "weight_counted": 0.0 if score is None else 1.0,
        **{f"kpis_{word}": 0 for word in ("at_risk", "off_track", "in_progress", "no_target", "no_data")},
        "kpis_on_track": 2,
        "kpis_total": 2,
        "roll_up": "weighted",
        **more,
    }


GOAL_SCORES = (
    *(score("profit", month, 0.5 + month / 20) for month in range(1, 11)),
    score("profit", 11, 0.9, weight_counted=0.2),
    *(score("service_level", month, None if month == 4 else 1.02) for month in range(1, 12)),
    score("calm_desk", 11, None, status="in_progress"),
)


def restated(at: int, value: float, recorded: int, reason: str) -> Row:
    """Net sales of a week as published on a day of December 2010."""
    moment = datetime(2010, 12, recorded, 6, tzinfo=UTC)
    return {"kpi": "net_sales", "published_as": "net_sales", **week(at), "breakdown": "all", "segment": "all",
            "value": value, "status": "on_track", "reason": reason, "recorded_at": moment}  # fmt: skip


def driven(segment: str, breakdown: str, /, **effects: float) -> Iterable[Row]:
    """What a segment, or the formula's one input, contributed to the latest change of net sales."""
    for effect, contribution in effects.items():
        yield {"kpi": "net_sales", **{name: value for name, value in week(WEEKS - 2).items() if name != "is_complete"},
               "against": "previous", "against_label": "2010-W48", "segment": segment, "breakdown": breakdown,
               "effect": effect, "contribution": contribution,
               "input": "orders" if effect == "input" else None}  # fmt: skip


def step(downstream: str, upstream: str, *columns: str) -> Iterable[Row]:
    kind = {"raw": "source"}.get(upstream.partition("/")[0], upstream.partition("/")[0])
    for column in columns or (None,):
        yield {"downstream": downstream, "upstream": upstream, "kind": kind, "column_name": column}


def example_tables() -> Tables:
    """Every table of the contract: 14 KPIs of 5 goals in two frameworks, over 52 weeks and one in progress."""
    outcomes = [
        indicator(row["kpi"], viewpoint, "lagging", "is an outcome that is answered for", row["kpi"])
        for row in KPIS
        if row["goal"] and row["kpi"] not in {"new_customers", "backlog"}
        for viewpoint in ("company", row["team"])
    ]
    segments = {(name, kind) for row in KPIS for part in segment_rows(row) for name, kind in [_pair(part)]}
    rows: dict[str, Iterable[Row]] = {
        "snapshot": [
            {
                "run_id": "2010-12-14T06-00-00Z-5f3a",
                "published_at": datetime(2010, 12, 14, 6, 1, tzinfo=UTC),
                "schema_version": 1,
                "definition_version": "d41d8cd98f00",
                "data_through": date(2010, 12, 14),
            }
        ],
        "run": [
            {
                "run_id": "2010-12-14T06-00-00Z-5f3a",
                "started_at": datetime(2010, 12, 14, 6, 0, tzinfo=UTC),
                "status": "published",
                "definition_version": "d41d8cd98f00",
                "rows_read": 667_173,
                "rows_quarantined": 12,
                "values_computed": 48_211,
            }
        ],
        "kpi": KPIS,
        "goal": GOALS,
        "kpi_goal": [
            *({"kpi": row["kpi"], "goal": row["goal"], "weight": 1.0} for row in KPIS if row["goal"]),
            {"kpi": "repeat_rate", "goal": "profit", "weight": 2.0},
        ],
        "team": [
            {"team": "company", "label": "Company"},
            {"team": "commercial", "label": "Commercial", "parent_team": "company"},
            {"team": "service", "label": "Service desk", "parent_team": "company"},
        ],
        "person": [
            {"person": "managing_director", "label": "Managing Director"},
            {"person": "head_of_sales", "label": "Head of Sales"},
            {"person": "service_manager", "label": "Service Manager"},
        ],
        "segment": [
            {"segment": "all", "breakdown": "all", "label": "All"},
            *(
                {
                    "segment": name,
                    "breakdown": kind,
                    "dimension": kind,
                    "dimension_value": name.partition("=")[2],
                    "label": name.partition("=")[2],
                }
                for name, kind in sorted(segments)
            ),
        ],
        "kpi_value": [
            *(row for each in KPIS for row in value_rows(each)),
            *(
                {"kpi": each["kpi"], **week(WEEKS - 2), "status": "no_target", **part}
                for each in KPIS
                for part in segment_rows(each)
            ),
        ],
        "kpi_indicator": [
            *outcomes,
            indicator("new_customers", "commercial", "lagging", "is an outcome", "new_customers"),
            indicator("new_customers", "company", "leading", "is claimed to lead Weekly net sales, an outcome of the "
                      "company: a new account places its second order within a month", "net_sales"),
            indicator("backlog", "service", "leading", "is claimed to lead Reopen rate: haste", "reopen_rate"),
            *(indicator("training_hours", viewpoint, "unclassified", f"is no outcome of {viewpoint}")
              for viewpoint in ("company", "commercial", "service")),
        ],
        "kpi_evidence": [
            evidence_row(leads_kpi="net_sales", team="commercial", measured_lag=3, remarks="lag_differs, fading",
                         control="average_order"),
            {"kpi": "returns_rate", "leads_kpi": "net_sales", "grain": "week", "expected_lag": 1,
             "expected_sign": "negative", "breakdown": "all", "segment": "all", "verdict": "not_supported"},
            {"kpi": "returns_rate", "leads_kpi": "net_sales", "grain": "week", "expected_lag": 1,
             "expected_sign": "negative", "breakdown": "country", "segment": "country=France", "verdict": "confirmed"},
            {"kpi": "average_order", "leads_kpi": "net_sales", "grain": "week", "expected_lag": 0,
             "expected_sign": "positive", "breakdown": "all", "segment": "all"},
        ],
        "kpi_evidence_lag": [
            CLAIM | {"at_lag": lag, "correlation": 0.4312 if lag == 3 else 0.02 * lag - 0.01, "band": 0.179}
            for lag in range(-8, 9)
        ],
        "kpi_evidence_window": [
            CLAIM | {"first_period": date(2010, month, 4), "last_period": date(2010, month + 6, 4), "correlation": 0.4,
                     "p_value": 0.0004 if holds else 0.41, "holds": holds}
            for month, holds in ((1, True), (5, False))
        ],
        "kpi_evidence_history": [
            CLAIM | {"verdict": verdict, "reason_code": "no_skill" if verdict == "weak" else "leads", "measured_lag": 3,
                     "correlation": 0.41, "skill": skill, "periods": 48, "recorded_at": datetime(2010, month, 1, tzinfo=UTC)}
            for month, verdict, skill in ((6, "weak", 0.02), (9, "weak", 0.02), (11, "confirmed", 0.18))
        ],
        "metric_value": [
            week(at) | {"metric": name, "segment": "all", "breakdown": "all", "value": value(name, at)}
            for name in ("new_customers", "net_sales", "returns_rate") for at in range(WEEKS - 1)
        ],
        "goal_score": GOAL_SCORES,
        "review": [
            {"kpi": "net_sales", "reviewed_at": date(2010, 10, 29), "reviewer": "head_of_sales",
             "decision": "Call the ten largest accounts before Christmas."},
            {"kpi": "net_sales", "reviewed_at": date(2010, 11, 30)},
        ],
        "kpi_value_history": [
            restated(50, 250_000.0, 7, "new"),
            restated(50, 262_000.0, 9, "late_data"),
            restated(51, 262_454.0, 14, "new"),
        ],
        "lineage": [
            *step("kpi/net_sales", "metric/net_sales"),
            *step("metric/net_sales", "model/order_lines", "quantity", "price"),
            *step("model/order_lines", "raw/invoice_lines", *(f"column_{number}" for number in range(11))),
            *step("model/order_lines", "model/countries"),
            *step("model/countries", "raw/invoice_lines", "Country"),
        ],
        "calendar": [
            {"day": day, "iso_year": 2010, "iso_week": 1, "is_holiday": True, "week_start": day, "month_start": day,
             "quarter_start": day, "year_start": day}
            for day in (date(2010, 4, 2), date(2010, 5, 3))
        ],
        "kpi_driver": [
            *driven("country=United Kingdom", "country", mix=1_000.0, rate=9_000.0),
            *driven("country=France", "country", segment=-2_500.0),
            *driven("country=EIRE", "country", segment=4_909.0),
            *driven("all", "all", input=12_409.0),
        ],
        "okr_objective": [
            {"goal": "service_level", "team": "service", "owner": "service_manager", "ambition": 7,
             "objective_start": date(2010, 10, 1), "objective_end": date(2010, 12, 1), "key_results": 1,
             "key_results_graded": 1, "grade": 0.7, "frozen_at": datetime(2010, 12, 3, tzinfo=UTC), "grade_now": 0.65,
             "tied_to_pay": True},
        ],
        "okr_key_result": [
            {"goal": "service_level", "kpi": "sla_met", "weight": 1.0, "grain": "week", "period_label": "2010-W48",
             "baseline": 0.5, "target": 0.75, "value": 0.675, "grade": 0.7, "graded_by": "way",
             "frozen_at": datetime(2010, 12, 3, tzinfo=UTC), "value_now": 0.6625, "grade_now": 0.65},
        ],
        "mbo_agreement": [
            {"goal": "calm_desk", "person": "service_manager", "manager": "managing_director",
             "agreed_on": date(2009, 12, 14), "is_agreed_by_person": True, "is_agreed_by_manager": True,
             "period_start": date(2010, 1, 1), "period_end": date(2011, 1, 1), "review_due": date(2010, 12, 1),
             "is_overdue": True, "score": 0.8, "score_label": "2010-11", "status": "at_risk"},
        ],
        "team_focus": [
            {"team": "service", "goal": "calm_desk", "kpi": "backlog", "focus_number": 1, "status": "on_track",
             "focus_start": date(2010, 1, 1), "focus_end": date(2010, 6, 1), "is_current": False,
             "before_label": "2010-W01", "before_value": 420.0, "latest_value": 400.0, "latest_label": "2010-W21",
             "change": -20.0, "target": 480.0},
        ],
        "balanced_scorecard": [
            {"perspective": "financial", "goal": "profit", "kpi": "net_sales", "weight": 1.0, "goal_score": 0.97,
             "goal_status": "on_track", "goal_score_label": "2010-11"},
            {"perspective": "learning_growth", "goal": "empty", "goal_status": "no_data"},
        ],
        "perspective_score": [
            {"perspective": "financial", "label": "Financial", "side_number": 4, "goals": 1, "kpis": 1,
             "kpis_on_track": 1, "kpis_at_risk": 0, "kpis_off_track": 0, "score": 0.97, "status": "on_track"},
        ],
        "strategy_node": [
            {"kpi": name, "label": label, "perspective": side, "level_number": level, "place_in_level": 0,
             "places_in_level": 1, "status": "on_track"}
            for name, label, side, level in (
                ("new_customers", "New customers", "customer", 0), ("net_sales", "Weekly net sales", "financial", 1),
            )
        ],
        "strategy_link": [
            {"kpi": "new_customers", "leads_kpi": "net_sales", "lag_text": "4 weeks", "expected_sign": "positive",
             "because": "a new account places its second order within a month", "goes": "up"},
        ],
        "check_result": [
            *(
                {
                    "asset": "raw/invoice_lines",
                    "check_name": f"not_null {column}",
                    "severity": "error",
                    "passed": True,
                    "checked_at": datetime(2010, 12, 14, 6, 0, tzinfo=UTC),
                }
                for column in ("Invoice", "InvoiceDate", "Quantity", "StockCode")
            ),
            {
                "asset": "raw/invoice_lines",
                "check_name": "accepted_range Price",
                "severity": "warn",
                "passed": False,
                "observed": "3 rows below 0, the lowest -53594.36",
                "expected": "0 or more",
                "failing_rows": 3,
                "checked_at": datetime(2010, 12, 14, 6, 0, tzinfo=UTC),
            },
            {
                "asset": "raw/deliveries",
                "check_name": "recency arrived_at",
                "severity": "error",
                "passed": False,
                "failing_rows": 1,
                "checked_at": datetime(2010, 12, 14, 6, 0, tzinfo=UTC),
            },
        ],
    }  # fmt: skip
    return {
        table.name: frame(table.name, rows[table.name]) if table.name in rows else empty_frame(table)
        for table in TABLES
    }


def _pair(part: Row) -> tuple[str, str]:
    return part["segment"], part["breakdown"]


@pytest.fixture(scope="session")
def tables() -> Tables:
    return example_tables()
