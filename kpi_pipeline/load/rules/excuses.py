"""I: an excuse from a rule that says no reason, or is not needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from kpi_pipeline.errors import did_you_mean, listed
from kpi_pipeline.links import Link
from kpi_pipeline.load.kinds import BY_KEY
from kpi_pipeline.load.rules.base import Example, Remark, Rule, called, nothing
from kpi_pipeline.load.rules.known import Known
from kpi_pipeline.names import Named
from kpi_pipeline.project import Project

NAMED = ("sources", "models", "metrics", "teams", "people", "goals", "kpis")
CODE = "I"
FEWEST_WORDS = 2

Subject = tuple[str, str]
"""The kind and the name of a definition."""


def excuses_from(rules: Sequence[Rule]) -> Rule:
    """The rule about `ignore`: what the other rules would say without it decides whether it is needed."""
    return Rule(
        CODE,
        "warning",
        "ignored without need or reason",
        nothing,
        reason="An excuse is a decision, and the next reader has to be able to judge it: `ok` says nothing. One "
        "that is no longer needed hides the next thing that goes wrong in the same place.",
        bad=Example('kpis:\n  - {name: orders_a_month, metric: orders, target: , ignore: {T: "ok"}}'),
        good=Example(
            "kpis:\n"
            "  - {name: orders_a_month, metric: orders, target: ,\n"
            '     ignore: {T: "a new shop, the target comes with the first full year"}}'
        ),
        look_at_data=partial(_look, {rule.code: rule for rule in rules}),
    )


def _look(rules: dict[str, Rule], project: Project, known: Known) -> Iterator[Remark]:
    bare = _with_excuses(project, lambda _, __: {})
    found: dict[str, frozenset[Subject]] = {}
    for kind, about in _subjects(project):
        for code, reason in about.ignore.items():
            said = f"'ignore: {{{code}: ...}}' of {BY_KEY[kind].singular} '{called(about)}'"
            remark = partial(Remark, kind, about, key="ignore")
            rule = rules.get(code)
            if rule is None:
                near = did_you_mean(code.upper(), rules) or f"the codes are {listed(sorted(rules))}"
                yield remark(f"{said} names no rule.", near)
                continue
            if len(reason.split()) < FEWEST_WORDS:
                yield remark(
                    f"{said} gives the reason '{reason}'.",
                    "say in a few words why the rule does not apply, so that the next reader can judge it",
                )
            if (rule.needs_values and not known.has_data) or (rule.look_at_data and not known.days):
                continue  # who has not looked cannot say that there is nothing
            if code not in found:
                found[code] = _found(rule, bare, known)
            if (kind, called(about)) not in found[code] and not _is_counted_out(rule, kind, about, project, known):
                yield remark(f"{said} is not needed: rule {code} finds nothing there.", "take it away")


def _found(rule: Rule, project: Project, known: Known) -> frozenset[Subject]:
    """What a rule speaks about where nothing is excused."""
    return frozenset((one.kind, called(one.about)) for one in rule.remarks(project, known))


def _is_counted_out(rule: Rule, kind: str, about: Named | Link, project: Project, known: Known) -> bool:
    """Whether a rule that counts would say something else if this one were counted, too."""
    name = called(about)
    counted = _with_excuses(project, lambda one, other: {} if (one, called(other)) == (kind, name) else other.ignore)
    return _said(rule, counted, known) != _said(rule, project, known)


def _said(rule: Rule, project: Project, known: Known) -> frozenset[str]:
    return frozenset(one.message for one in rule.remarks(project, known))


def _subjects(project: Project) -> Iterator[tuple[str, Named | Link]]:
    """Everything that may be excused from a rule."""
    for kind in NAMED:
        for noun in getattr(project, kind).values():
            yield kind, noun
    for link in project.links:
        yield "links", link


def _with_excuses(project: Project, excuses: Callable[[str, Named | Link], Mapping[str, str]]) -> Project:
    """The project with other excuses."""
    changed: dict[str, Any] = {
        kind: {
            name: noun.model_copy(update={"ignore": dict(excuses(kind, noun))})
            for name, noun in getattr(project, kind).items()
        }
        for kind in NAMED
    }
    changed["links"] = tuple(one.model_copy(update={"ignore": dict(excuses("links", one))}) for one in project.links)
    return replace(project, **changed)
