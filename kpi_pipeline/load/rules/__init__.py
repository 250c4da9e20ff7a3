"""The rules of `kpi check`, one a file: definitions that work, but are known to go wrong."""

from __future__ import annotations

from kpi_pipeline.links import Link
from kpi_pipeline.load.kinds import BY_KEY, link_name
from kpi_pipeline.load.rules.base import Example, Finding, Remark, Rule
from kpi_pipeline.load.rules.known import NOTHING_KNOWN, Known, Point
from kpi_pipeline.load.rules.never_reviewed import NEVER_REVIEWED
from kpi_pipeline.load.rules.no_goal import NO_GOAL
from kpi_pipeline.load.rules.no_owner import NO_OWNER
from kpi_pipeline.load.rules.no_target import NO_TARGET
from kpi_pipeline.load.rules.on_no_scorecard import ON_NO_SCORECARD
from kpi_pipeline.load.rules.too_many import TOO_MANY
from kpi_pipeline.load.rules.unused import UNUSED
from kpi_pipeline.project import Project

RULES = (NO_GOAL, NO_TARGET, NO_OWNER, TOO_MANY, NEVER_REVIEWED, ON_NO_SCORECARD, UNUSED)


def findings(project: Project, known: Known = NOTHING_KNOWN) -> tuple[Finding, ...]:
    """What the rules find, rule by rule, without what a definition is excused from by `ignore: {CODE: reason}`."""
    return tuple(
        _finding(rule, remark, project)
        for rule in RULES
        for remark in rule.remarks(project, known)
        if rule.code not in remark.about.ignore
    )


def _finding(rule: Rule, remark: Remark, project: Project) -> Finding:
    about = remark.about
    name = link_name(about.from_, about.to) if isinstance(about, Link) else about.name
    path = (remark.kind, name, *((remark.key,) if remark.key else ()))
    subject = f"{BY_KEY[remark.kind].singular} {name}"
    return Finding(rule.code, rule.level, subject, remark.message, remark.hint, project.place(*path))


__all__ = ["NOTHING_KNOWN", "RULES", "Example", "Finding", "Known", "Point", "Rule", "findings"]
