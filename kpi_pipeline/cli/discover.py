"""`kpi discover`: leaders that nobody has claimed, as candidates with a link to paste."""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console
from rich.text import Text

from kpi_pipeline.cli.project import open_project
from kpi_pipeline.cli.shown import console
from kpi_pipeline.errors import QueryError, counted, listed
from kpi_pipeline.evidence_numbers import correlation_written, p_written
from kpi_pipeline.periods import Grain
from kpi_pipeline.pipeline.discover import Discovered, Suggested

CAUTION = (
    "Candidates, not verdicts: they were picked because they look good in these very data. Only a mechanism that "
    "somebody can name makes one a claim, and only later data can confirm it."
)


def show_candidates(asked: Path, *, grain: str | None, limit: int, as_json: bool) -> None:
    """Prints what was looked at and the candidates, the surest first."""
    if grain is not None and grain not in Grain.__members__:
        raise QueryError(f"'{grain}' is no grain.\nHint: write one of {listed(list(Grain))}")
    found = open_project(asked).discover(grain=Grain(grain) if grain else None)
    if as_json:
        print(json.dumps(_as_plain(found, limit), ensure_ascii=False, indent=2))
        return
    out = console()
    ahead = f"up to {counted(found.longest_lag, found.grain)} ahead"
    looked = f"{counted(found.pairs, 'pair')} of {counted(found.kpis, 'KPI')} by {found.grain} looked at {ahead}"
    left_out = f", {found.claimed} of what was found is claimed already" if found.claimed else ""
    out.print(Text(f"{looked}{left_out}: {counted(len(found.suggested), 'candidate')}.", style="bold"))
    if not found.pairs:
        out.print(Text(f"No two of them have enough {found.grain}s without a gap.", style="yellow"))
    for one in found.suggested[:limit]:
        _candidate(out, one)
    out.print()
    if len(found.suggested) > limit:
        out.print(Text(f"{len(found.suggested) - limit} more: --limit {len(found.suggested)}", style="dim"))
    if found.suggested:
        out.print(Text(CAUTION, style="yellow"))
    if found.other_grains:
        out.print(Text(f"Other KPIs are by {', '.join(found.other_grains)}: --grain", style="dim"))


def _candidate(out: Console, one: Suggested) -> None:
    falls = "a fall" if one.sign == "negative" else "a rise"
    later = counted(one.found.lag, one.grain)
    out.print()
    out.print(Text(f"{one.leader.title} → {one.follower.title}", style="bold"))
    out.print(Text(f"A rise of the one is followed by {falls} of the other {later} later."))
    numbers = (
        f"correlation {correlation_written(one.found.correlation)}",
        f"p {p_written(one.found.p_adjusted)}, corrected for all pairs",
        f"{counted(one.found.periods, one.grain)}",
    )
    out.print(Text("; ".join(numbers), style="dim"))
    if one.shared:
        out.print(Text(f"Both are made of {listed(list(one.shared))}: this may be arithmetic.", style="yellow"))
    out.print(Text(one.link), soft_wrap=True)


def _as_plain(found: Discovered, limit: int) -> dict[str, object]:
    """Everything that was found, as JSON has it."""
    return {
        "grain": found.grain.value,
        "kpis": found.kpis,
        "pairs": found.pairs,
        "longest_lag": found.longest_lag,
        "claimed": found.claimed,
        "caution": CAUTION,
        "candidates": [
            {
                "kpi": one.leader.name,
                "leads_kpi": one.follower.name,
                "lag": one.found.lag,
                "sign": one.sign,
                "correlation": one.found.correlation,
                "p_value": one.found.p_value,
                "p_adjusted": one.found.p_adjusted,
                "granger_p": one.found.granger_p,
                "periods": one.found.periods,
                "made_of_the_same": list(one.shared),
                "link": one.link,
            }
            for one in found.suggested[:limit]
        ],
    }
