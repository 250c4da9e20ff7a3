"""Random lives of a project: at every moment since its first run it is known what was said, and why it changed.

A story is a row of runs; before each some things happen: rows come late, are corrected or deleted, targets, rules and
definitions change, KPIs come and go. Some runs compute only a part, some everything again, some are cut short after
the sources are in or after the values are swapped in. A copy of what readers see is taken after each run; in the end
`kpi_as_of` must give every copy, and a restated value no other reason than something that happened.
"""

from __future__ import annotations

import argparse
import random
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import polars as pl

from kpi_pipeline.pipeline import run as whole_run
from kpi_pipeline.store.differences import SAID
from tests.project import NOW, SALES_HEADER, Shop, csv, sales

STEPS = ("_compute", "show")
"""The steps of a run at which it is cut short: before anything is computed, and before readers see it."""
COLUMNS = ", ".join(SAID)
DATA = {"late_data", "correction"}


class CutShort(Exception):
    """A run that did not go on."""


@dataclass
class Story:
    """What was said after each run, what happened since the last, and what went wrong."""

    shop: Shop
    chance: random.Random
    copies: dict[datetime, pl.DataFrame] = field(default_factory=dict)
    may_be: set[str] = field(default_factory=set)
    """The reasons that restated values may have."""
    files: int = 0
    runs: int = 0
    restated: int = 0
    wrong: list[str] = field(default_factory=list)


def add_options(parser: argparse.ArgumentParser) -> None:
    """What may be asked."""
    parser.add_argument("--stories", type=int, default=20, help="how many projects live")
    parser.add_argument("--runs", type=int, default=8, help="how many runs each has after its first")
    parser.add_argument("--seed", type=int, default=1, help="what chance begins with")


def main(asked: argparse.Namespace) -> int:
    """Lives through the stories, and says what came of it."""
    runs = moments = restated = 0
    wrong: list[str] = []
    for number in range(asked.seed, asked.seed + asked.stories):
        with tempfile.TemporaryDirectory(prefix="story-") as folder:
            story = lived(Path(folder), number, asked.runs)
        runs, moments, restated = runs + story.runs, moments + len(story.copies), restated + story.restated
        wrong += [f"story {number}: {one}" for one in story.wrong]
        print(
            f"story {number}: {story.runs} runs, {story.restated} values restated, {len(story.wrong)} wrong", flush=True
        )
    print(f"{asked.stories} stories, {runs} runs, {moments} moments asked for, {restated} restated, {len(wrong)} wrong")
    print("\n".join(wrong))
    return 1 if wrong else 0


def lived(folder: Path, seed: int, runs: int) -> Story:
    """One story, told to its end."""
    story = Story(Shop.opened_in(folder), random.Random(seed))
    _run(story)
    for _ in range(runs):
        for happening in story.chance.sample(HAPPENINGS, k=story.chance.choice((0, 1, 1, 2))):
            happening(story)
        if story.chance.random() < 0.25:
            with _cut_short(story.chance.choice(STEPS)):
                _run(story)
        _run(story, full=story.chance.random() < 0.2, part=story.chance.random() < 0.2)
    for moment, copy in story.copies.items():
        found = story.shop.ask(f"SELECT {COLUMNS} FROM kpi_as_of(TIMESTAMPTZ '{moment}') ORDER BY ALL")
        if not found.equals(copy):
            story.wrong.append(f"{moment} is remembered otherwise")
    return story


def _run(story: Story, *, full: bool = False, part: bool = False) -> None:
    story.runs += 1
    try:
        story.shop.run(full=full, select=("weekly_tickets",) if part else (), now=NOW + timedelta(days=story.runs))
    except CutShort:
        return
    shop = story.shop
    moment = shop.ask("SELECT published_at FROM snapshot").item()
    story.copies[moment] = shop.ask(f"SELECT {COLUMNS} FROM kpi_value ORDER BY ALL")
    reasons = shop.ask("SELECT DISTINCT reason FROM kpi_value_history WHERE reason IS NOT NULL").to_series()
    if odd := set(reasons) - story.may_be - {"new"}:
        story.wrong.append(f"after run {story.runs} there are reasons that nothing gave: {sorted(odd)}")
    story.restated = int(shop.ask("SELECT sum(values_restated)::BIGINT FROM run").item() or 0)


@contextmanager
def _cut_short(step: str) -> Iterator[None]:
    """Runs stop before the step, and have no time to say so."""

    def cut(*_: object, **__: object) -> None:
        raise CutShort

    def nothing(*_: object) -> None:
        """Whoever is killed does not say so."""

    with patch.object(whole_run, step, cut), patch.object(whole_run, "end_badly", nothing):
        yield


def _late_rows(story: Story) -> None:
    story.files += 1
    weeks = [story.chance.randrange(12)]
    story.shop.write(
        f"data/sales/late_{story.files}.csv", csv(SALES_HEADER, sales(weeks, first_invoice=1000 * story.files))
    )
    story.may_be |= {"late_data"}


def _correction(story: Story) -> None:
    """A price of a sale reads differently, or the sale is gone."""
    lines = (story.shop.root / "data/sales/first.csv").read_text(encoding="utf-8").splitlines()
    at = story.chance.randrange(1, len(lines))
    lines[at : at + 1] = [] if story.chance.random() < 0.5 else [lines[at] + "9"]
    story.shop.write("data/sales/first.csv", "\n".join(lines) + "\n")
    story.may_be |= {"correction", "late_data"}


def _tickets(story: Story) -> None:
    """A ticket is of another day."""
    lines = (story.shop.root / "data/tickets.csv").read_text(encoding="utf-8").splitlines()
    at = story.chance.randrange(1, len(lines))
    number, _, *rest = lines[at].split(",")
    lines[at] = ",".join([number, f"2024-0{story.chance.randrange(1, 4)}-05 09:30:00", *rest])
    story.shop.write("data/tickets.csv", "\n".join(lines) + "\n")
    story.may_be |= DATA


def _target(story: Story) -> None:
    text = f"kpi,period_start,segment,value\nweekly_average_sale,2024-01-01,,{story.chance.randrange(60, 300)}\n"
    story.shop.write("data/targets.csv", f"{text}weekly_tickets,2024-01-01,,{story.chance.randrange(1, 5)}\n")
    story.may_be |= {"target_changed"}


def _definition(story: Story) -> None:
    """The revenue is counted in other units, or in the old ones again."""
    path = story.shop.root / "definitions/models.yaml"
    text = path.read_text(encoding="utf-8")
    factor = 1 if " 2 * quantity" in text else 2
    text = re.sub(r" (\d \* )?quantity \* price AS amount", f" {factor} * quantity * price AS amount", text)
    path.write_text(text, encoding="utf-8")
    story.may_be |= {"definition_changed"}


def _rule(story: Story) -> None:
    path = story.shop.root / "definitions/kpis.yaml"
    text = path.read_text(encoding="utf-8")
    rule = "    status: {at_risk_within: 80%}\n"
    path.write_text(
        text.replace(rule, "")
        if rule in text
        else text.replace("    review: {every: week", f"{rule}    review: {{every: week", 1),
        encoding="utf-8",
    )
    story.may_be |= {"rule_changed"}


def _segments(story: Story) -> None:
    """A breakdown goes, or comes back."""
    path = story.shop.root / "definitions/kpis.yaml"
    text = path.read_text(encoding="utf-8")
    with_, without = "breakdowns: [[], [country]]", "breakdowns: [[]]"
    aim = ", {from: 2024-01-01, value: 400, segment: country=France}"
    text = text.replace(with_, without).replace(aim, "") if with_ in text else text.replace(without, with_)
    path.write_text(text, encoding="utf-8")
    story.may_be |= {"removed", "target_changed"}


HAPPENINGS: tuple[Callable[[Story], None], ...] = (
    _late_rows, _correction, _tickets, _target, _definition, _rule, _segments,
)  # fmt: skip
