"""Published values beside other ones: which of them say something else, from what, to what."""

from __future__ import annotations

KEY = ("kpi", "grain", "period_start_utc", "segment")
SAID = (
    "value", "numerator", "denominator", "sample_size", "target", "target_low", "target_high", "attainment", "status",
    "is_complete",
)  # fmt: skip
ABOUT = ("kpi", "grain", "period_start", "period_end", "period_label", "period_start_utc", "breakdown", "segment")


def compared(was: str, now: str) -> str:
    """A query of the values that two queries give differently: which, what changed, and both of all that is said.

    `change` is restated where the period was complete, else went_on; or new, or removed.
    """
    return f"""
SELECT
  {", ".join(f"coalesce(now.{name}, was.{name}) AS {name}" for name in ABOUT)},
  CASE WHEN was.kpi IS NULL THEN 'new' WHEN now.kpi IS NULL THEN 'removed'
       WHEN was.is_complete THEN 'restated' ELSE 'went_on' END AS change,
  {", ".join(f"was.{name} AS from_{name}, now.{name} AS to_{name}" for name in SAID)},
  now.value - was.value AS difference,
  CASE WHEN was.value <> 0 THEN (now.value - was.value) / abs(was.value) END AS difference_pct
FROM ({was}) AS was FULL JOIN ({now}) AS now ON {" AND ".join(f"was.{name} = now.{name}" for name in KEY)}
WHERE was.kpi IS NULL OR now.kpi IS NULL
   OR {" OR ".join(f"was.{name} IS DISTINCT FROM now.{name}" for name in SAID)}
"""
