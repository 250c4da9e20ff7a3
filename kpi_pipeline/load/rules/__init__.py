"""The rules of `kpi check`, one a file: definitions that work, but are known to go wrong."""

from __future__ import annotations

from kpi_pipeline.load.kinds import BY_KEY
from kpi_pipeline.load.rules.activity import ACTIVITY
from kpi_pipeline.load.rules.agreed_by_nobody import AGREED_BY_NOBODY
from kpi_pipeline.load.rules.agreements import AGREEMENTS
from kpi_pipeline.load.rules.base import Example, Finding, Remark, Rule, called
from kpi_pipeline.load.rules.excuses import excuses_from
from kpi_pipeline.load.rules.far_from_history import FAR_FROM_HISTORY
from kpi_pipeline.load.rules.known import NOTHING_KNOWN, Known, Point
from kpi_pipeline.load.rules.lone_proxy import LONE_PROXY
from kpi_pipeline.load.rules.never_reviewed import NEVER_REVIEWED
from kpi_pipeline.load.rules.no_goal import NO_GOAL
from kpi_pipeline.load.rules.no_owner import NO_OWNER
from kpi_pipeline.load.rules.no_target import NO_TARGET
from kpi_pipeline.load.rules.objectives import OBJECTIVES
from kpi_pipeline.load.rules.on_no_scorecard import ON_NO_SCORECARD
from kpi_pipeline.load.rules.one_metric import ONE_METRIC
from kpi_pipeline.load.rules.only_rises import ONLY_RISES
from kpi_pipeline.load.rules.only_slow_and_lagging import ONLY_SLOW_AND_LAGGING
from kpi_pipeline.load.rules.perspectives import PERSPECTIVES
from kpi_pipeline.load.rules.tied_to_pay import TIED_TO_PAY
from kpi_pipeline.load.rules.too_many import TOO_MANY
from kpi_pipeline.load.rules.too_many_for_a_team import TOO_MANY_FOR_A_TEAM
from kpi_pipeline.load.rules.unsupported_link import UNSUPPORTED_LINK
from kpi_pipeline.load.rules.unused import UNUSED
from kpi_pipeline.load.rules.vague_words import VAGUE_WORDS
from kpi_pipeline.project import Project

ON_DEFINITIONS = (
    NO_GOAL,
    NO_TARGET,
    NO_OWNER,
    AGREED_BY_NOBODY,
    TOO_MANY,
    TOO_MANY_FOR_A_TEAM,
    ACTIVITY,
    VAGUE_WORDS,
    LONE_PROXY,
    ONLY_SLOW_AND_LAGGING,
    NEVER_REVIEWED,
    ON_NO_SCORECARD,
    UNSUPPORTED_LINK,
    ONLY_RISES,
    FAR_FROM_HISTORY,
    OBJECTIVES,
    TIED_TO_PAY,
    AGREEMENTS,
    ONE_METRIC,
    PERSPECTIVES,
    UNUSED,
)
RULES = (*ON_DEFINITIONS, excuses_from(ON_DEFINITIONS))


def findings(project: Project, known: Known = NOTHING_KNOWN) -> tuple[Finding, ...]:
    """What the rules find, rule by rule, without what a definition is excused from by `ignore: {CODE: reason}`."""
    return tuple(
        _finding(rule, remark, project)
        for rule in RULES
        for remark in rule.remarks(project, known)
        if rule.code not in remark.about.ignore
    )


def _finding(rule: Rule, remark: Remark, project: Project) -> Finding:
    name = called(remark.about)
    path = (remark.kind, name, *((remark.key,) if remark.key else ()))
    subject = f"{BY_KEY[remark.kind].singular} {name}"
    return Finding(rule.code, rule.level, subject, remark.message, remark.hint, project.place(*path))


__all__ = ["NOTHING_KNOWN", "RULES", "Example", "Finding", "Known", "Point", "Rule", "findings"]
