"""The numbers behind a verdict on a link, and what was done to the series before they were measured.

Both are told from a row of the published table `kpi_evidence`.
"""

from __future__ import annotations

from collections.abc import Mapping

from kpi_pipeline.errors import counted
from kpi_pipeline.evidence_words import Row, between, lag_written
from kpi_pipeline.kpis import MINUS, MISSING, share_written


def done_to_series(row: Row, titles: Mapping[str, str]) -> tuple[str, ...]:
    """What was done to the two series before they were compared, step by step; nothing where they were not.

    Args:
        row: the claim.
        titles: KPIs by what people call them.
    """
    if row["correlation"] is None:
        return ()
    logged = {
        (True, True): "logarithms of both",
        (True, False): "logarithms of the leader",
        (False, True): "logarithms of the follower",
        (False, False): "",
    }[bool(row["leader_logged"]), bool(row["follower_logged"])]
    held = (row["control"] or "").replace(",", " ").split()
    steps = (
        f"{counted(row['clipped'], 'value')} that stood far out pulled in" if row["clipped"] else "",
        logged,
        {1: "changes instead of levels", 2: "changes of changes instead of levels"}.get(row["differences"] or 0, ""),
        "a straight trend removed" if row["trend_removed"] else "",
        f"the season removed ({counted(row['season_terms'], 'term')})" if row["seasonality_removed"] else "",
        f"what {' and '.join(titles.get(one, one) for one in held)} may explain removed" if held else "",
        f"the leader's own past removed from both ({counted(row['prewhitening_order'], row['grain'])})"
        if row["prewhitening_order"]
        else "",
    )
    return tuple(step for step in steps if step)


def numbers_of(row: Row) -> tuple[tuple[str, str], ...]:
    """Every number of the test with what it is, for those who want to judge for themselves."""
    grain = row["grain"]
    searched = f" in {counted(row['longest_lag'] + 1, 'lag')} searched" if row["longest_lag"] is not None else ""
    numbers = (
        ("Claimed", f"{lag_written(row['expected_lag'], grain)}, {row['expected_sign']}"),
        ("Data", _data(row)),
        ("Measured", lag_written(row["measured_lag"], grain) if row["measured_lag"] is not None else ""),
        ("Correlation there", correlation_written(row["correlation"]) if row["correlation"] is not None else ""),
        ("By chance, one lag", f"within ±{row['band']:.2f} in 95 of 100" if row["band"] is not None else ""),
        ("By chance, the highest", f"within ±{row['search_band']:.2f}{searched}" if row["search_band"] else ""),
        (
            "Would stand out",
            f"a correlation above {row['stands_out']:.2f}, corrected for all claims of the project"
            if row.get("stands_out") is not None
            else "",
        ),
        ("p of the correlation", _p(row, "p_value", "{}")),
        ("p corrected", _p(row, "p_adjusted", "{}, for all claims of the project")),
        ("Leader before follower", _p(row, "granger_p", "p {} (Toda-Yamamoto)")),
        ("Follower before leader", _p(row, "reverse_p", "p {} (Toda-Yamamoto)")),
        ("Other direction", _other_direction(row)),
        ("Error of forecasts", _skill(row)),
        ("Stretches that agree", f"{share_written(row['stability'])}" if row["stability"] is not None else ""),
    )
    return tuple((name, text) for name, text in numbers if text)


def correlation_written(value: float | None) -> str:
    """A correlation with two digits and a true minus sign.

    >>> correlation_written(-0.314), correlation_written(None)
    ('−0.31', '–')
    """
    return MISSING if value is None else f"{round(value, 2) + 0.0:.2f}".replace("-", MINUS)


def p_written(value: float) -> str:
    """A p value with three digits; smaller ones only say so.

    >>> p_written(0.0421), p_written(0.00002)
    ('0.042', 'below 0.001')
    """
    return "below 0.001" if value < 0.001 else f"{value:.3f}"


def found_written(row: Row) -> tuple[str, str, str]:
    """The lag measured, what knowing the leader changes of the error, and how much data that rests on."""
    measured, periods, grain = row["measured_lag"], row["periods"], row["grain"]
    return (
        MISSING if measured is None else lag_written(measured, grain),
        error_written(row),
        MISSING if periods is None else counted(periods, grain),
    )


def error_written(row: Row) -> str:
    """What knowing the leader changes of the error of a forecast.

    >>> error_written({"skill": 0.18}), error_written({"skill": -0.03}), error_written({"skill": None})
    ('−18\\xa0%', '+3\\xa0%', '–')
    """
    if row["skill"] is None:
        return MISSING
    change = share_written(-row["skill"])
    return f"+{change}" if round(row["skill"], 2) < 0 else change


def _data(row: Row) -> str:
    if row["periods"] is None:
        return ""
    span = f", {row['first_period']} to {row['last_period']}" if row["first_period"] else ""
    return f"{counted(row['periods'], row['grain'])}{span}"


def _other_direction(row: Row) -> str:
    if row["reverse_correlation"] is None:
        return ""
    found = f"{correlation_written(row['reverse_correlation'])} {lag_written(row['reverse_lag'], row['grain'])}"
    return f"{found}{_p(row, 'reverse_lag_p', ', p {}')}"


def _skill(row: Row) -> str:
    """How much smaller the error is; where it is larger, so is what it lies between."""
    if row["skill"] is None:
        return ""
    larger = row["skill"] < 0
    turned = {"skill_low": _minus(row["skill_high"]), "skill_high": _minus(row["skill_low"])} if larger else {}
    error = f"{share_written(abs(row['skill']))} {'larger' if larger else 'smaller'}{between({**row, **turned})}"
    return f"{error} over {counted(row['forecasts'] or 0, 'forecast')}{_p(row, 'skill_p', ', p {}')}"


def _p(row: Row, name: str, told: str) -> str:
    """A p value as it is told; nothing where it was not measured."""
    return told.format(p_written(row[name])) if row[name] is not None else ""


def _minus(value: float | None) -> float | None:
    return None if value is None else -value
