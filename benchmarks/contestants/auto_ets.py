"""statsforecast's automatic exponential smoothing (AutoETS), asked for periods of the past.

It runs in an environment of its own. Series come as JSON from standard input; what is expected is written by series and
place.
"""

import json
import sys
import warnings

import numpy as np
from statsforecast.models import AutoETS

LONGEST_SEASON = 24
"""Longer seasons it does not fit."""


def main() -> None:
    """Answers what is asked."""
    warnings.simplefilter("ignore")
    found = {}
    for one in json.load(sys.stdin):
        ends = np.array([np.nan if end is None else end for end in one["ends"]], dtype=float)
        made = {}
        for place in one["places"]:
            known = ends[: place + 1 - one["ahead"]]
            known = known[np.isfinite(known)]
            season = one["season"] if one["season"] <= LONGEST_SEASON and len(known) >= 2 * one["season"] else 1
            try:
                forecast = AutoETS(season_length=season).forecast(known, h=one["ahead"])
            except (ValueError, ZeroDivisionError, np.linalg.LinAlgError):
                continue
            if np.isfinite(forecast["mean"][-1]):
                made[str(place)] = float(forecast["mean"][-1])
        found[one["name"]] = made
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
