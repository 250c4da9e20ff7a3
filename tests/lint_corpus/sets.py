"""The corpus of definition sets: what each should be told, and what it is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ruamel.yaml import YAML

from kpi_pipeline.load import findings, load
from kpi_pipeline.load.rules import Known, Point
from kpi_pipeline.project import Project
from kpi_pipeline.targets import AtLeast, AtMost, Within

COMPANIES = Path(__file__).parent / "companies"
LATEST = date(2025, 6, 1)
"""The month of the last value of every series."""

Definitions = Mapping[str, Any]


@dataclass(frozen=True)
class Case:
    """A set of definitions of a company, and the rule that has something to say about it, if one has."""

    company: str
    name: str
    why: str
    expects: str | None
    definitions: Definitions
    common: Definitions
    values: Mapping[str, tuple[float, ...]]
    verdicts: Mapping[str, str]
    today: date | None
    is_of_held_out_company: bool

    @property
    def is_held_out(self) -> bool:
        """Whether it belongs to the part that was not looked at while the rules were written: a third, by its name."""
        return self.is_of_held_out_company or int(sha256(self.name.encode()).hexdigest(), 16) % 3 == 0


def cases() -> tuple[Case, ...]:
    """All of them, company by company."""
    return tuple(case for file in sorted(COMPANIES.glob("*.yaml")) for case in _of_company(file))


def told(case: Case) -> frozenset[str]:
    """The codes of what is said because of the case's own definitions, and is not said of its company anyway."""
    return frozenset(rule for rule, _ in _said(case, case.definitions) - _said_anyway(case.company))


@cache
def _said_anyway(company: str) -> frozenset[tuple[str, str]]:
    return _said(next(case for case in cases() if case.company == company), {})


def _said(case: Case, own: Definitions) -> frozenset[tuple[str, str]]:
    with TemporaryDirectory() as folder:
        project = written(Path(folder), common=case.common, own=own)
    beside = known(project, case.values, case.verdicts, case.today) if own else Known()
    return frozenset((one.rule, one.message) for one in findings(project, beside))


def written(folder: Path, *, common: Definitions, own: Definitions) -> Project:
    """The project of two files, loaded as any other."""
    definitions = folder / "definitions"
    definitions.mkdir()
    yaml = YAML()
    for name, text in (("common.yaml", common), ("own.yaml", own)):
        with (definitions / name).open("w", encoding="utf-8") as file:
            yaml.dump(text, file)
    return load(definitions, variables={})


def completed(definitions: Definitions, sound: Definitions) -> Definitions:
    """The definitions with what they leave out taken from sound ones; a key that is empty is left out indeed."""
    return {
        kind: [_completed(one, sound.get(kind, {})) for one in members] if isinstance(members, list) else members
        for kind, members in definitions.items()
    }


def _completed(one: Definitions, sound: Definitions) -> Definitions:
    """A sound target keeps its number and goes the way the KPI goes."""
    whole = {key: value for key, value in {**sound, **one}.items() if value is not None}
    if "target" in whole and "target" not in one and "direction" in one:
        whole["target"] = {**whole["target"], "type": {"up": "at_least", "down": "at_most"}[one["direction"]]}
    return whole


def known(
    project: Project,
    values: Mapping[str, tuple[float, ...]],
    verdicts: Mapping[str, str],
    today: date | None,
) -> Known:
    """What rules know beside the definitions: the values are those of the months up to June 2025."""
    return Known(
        days={} if today is None else dict.fromkeys(project.kpis, today),
        series={name: tuple(_points(project, name, series)) for name, series in values.items()},
        verdicts={tuple(link.split("->")): said for link, said in verdicts.items()},
        has_data=bool(values or verdicts),
    )


def _points(project: Project, name: str, values: tuple[float, ...]) -> Iterator[Point]:
    target = project.kpis[name].target
    low = target.values[-1].value if isinstance(target, AtLeast) else None
    high = target.values[-1].value if isinstance(target, AtMost) else None
    if isinstance(target, Within):
        low, high = target.values[-1].low, target.values[-1].high
    for back, value in zip(range(len(values) - 1, -1, -1), values, strict=True):
        months = LATEST.year * 12 + LATEST.month - 1 - back
        yield Point(date(months // 12, months % 12 + 1, 1), value, low, high)


@cache
def _of_company(file: Path) -> tuple[Case, ...]:
    read = YAML(typ="safe", pure=True).load(file)
    sound = read["sound"]
    return tuple(
        Case(
            company=file.stem,
            name=one["name"],
            why=one["why"],
            expects=one.get("expects"),
            definitions=completed(one["set"], sound),
            common=completed(read["company"], sound),
            values={name: tuple(series) for name, series in one.get("values", {}).items()},
            verdicts=one.get("verdicts", {}),
            today=one.get("today"),
            is_of_held_out_company=read.get("held_out", False),
        )
        for one in read["cases"]
    )
