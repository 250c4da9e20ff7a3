"""How a projection was made, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kpi_pipeline.kpis import MISSING, NBSP

WORDS = {
    "naive": "as the {grain} before ended",
    "seasonal_naive": "as the same {grain} of the season before ended",
    "share_in": "from what is in by now",
    "share_in_season": "from what is in by now, as it was the season before",
    "usual_rest": "from what is in by now and what usually comes after",
    "seasonal_rest": "from what is in by now and what came after the season before",
    "blend": "as the middle of several ways",
    "leader": "from what is in by now, what usually comes after, and what its leader says",
}
NAIVE = ("naive", "seasonal_naive")


def method_told(how: Mapping[str, object], grain: str, write: Callable[[float], str]) -> str:
    """A row of `kpi_projection` as sentences; `write` writes a number in the KPI's unit.

    >>> told = method_told({"method": "share_in", "reference_method": "naive", "error_scale": "relative", "error": 0.06,
    ...     "reference_error": 0.2, "origins": 45, "intervals_tried": 39, "intervals_held": 31}, "week", str)
    >>> for line in told.replace(NBSP, " ").split(": ", 1): print(line)
    Expected from what is in by now
    6.0 % off on average at this point of 45 earlier weeks (as the week before ended: 20.0 %); 31 of 39 intervals held.
    """
    method, error, reference = str(how["method"]), how["error"], how["reference_error"]

    def off(error: object) -> str:
        if not isinstance(error, float):
            return MISSING
        return f"{error:.1%}".replace("%", f"{NBSP}%") if how["error_scale"] == "relative" else write(error)

    than = "" if method in NAIVE else f" ({WORDS[str(how['reference_method'])].format(grain=grain)}: {off(reference)})"
    return (
        f"Expected {WORDS[method].format(grain=grain)}: {off(error)} off on average at this point of {how['origins']} "
        f"earlier {grain}s{than}; {how['intervals_held']} of {how['intervals_tried']} intervals held."
    )
