"""Exchange rates: what a row's amount is multiplied by, or divided by, to be in the project's currency."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kpi_pipeline.periods import Window
from kpi_pipeline.plan.fingerprints import fingerprint
from kpi_pipeline.plan.joins import Hop
from kpi_pipeline.plan.model_plan import ModelPlan

_RATE = re.compile(r"rate\((\w+)\)")


def rate_column(model: str) -> str:
    """The column that holds the rate of a model's rows.

    >>> rate_column("sales"), is_rate("rate(sales)"), is_rate("rate")
    ('rate(sales)', True, False)
    """
    return f"rate({model})"


def is_rate(name: str) -> bool:
    """Whether a column holds rates."""
    return _RATE.fullmatch(name) is not None


@dataclass(frozen=True)
class Rate:
    """The rate of each row's currency at the row's own day; 1 for the project's own currency.

    `currency` is SQL over the row's columns, `code` and `rate` over those of the model of rates, which has a row a
    currency and day, by `rates_time`. Where a day has no rate it is the last one known, `within` so much time.
    """

    name: str
    currency: str
    into: str
    rates: ModelPlan
    rates_time: str
    code: str
    rate: str
    within: Window | None = None

    @property
    def models(self) -> tuple[ModelPlan, ...]:
        """The model of rates."""
        return (self.rates,)

    @property
    def hops(self) -> tuple[Hop, ...]:
        """No step along an entity."""
        return ()

    @property
    def uses_calendar(self) -> bool:
        """Whether a rate holds for the days after its own."""
        return self.within is not None

    @property
    def fingerprint(self) -> str:
        """Changes when it would hold something else, as far as definitions go."""
        return fingerprint(str(self), self.rates.fingerprint)

    def __str__(self) -> str:
        within = f", or the last one within {self.within}" if self.within else ""
        return (
            f"{self.name} = {self.rate} of {self.rates.table} where {self.code} is {self.currency}, of the day of "
            f"{self.rates_time}{within}; 1 for {self.into}"
        )
