"""What a KPI says of its target and status must fit its grain and be something that can be computed."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import expressions as exp

from kpi_pipeline.arithmetic import IN_WORDS, beyond_arithmetic
from kpi_pipeline.errors import Problem, did_you_mean, listed
from kpi_pipeline.kpis import Kpi
from kpi_pipeline.load.sql import SqlError, expression
from kpi_pipeline.periods import first_day_named
from kpi_pipeline.project import Project
from kpi_pipeline.status import DAY_COLUMNS, RULE_COLUMNS, StatusRule
from kpi_pipeline.targets import AtLeast, AtMost

CONDITIONS = (
    exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.Is, exp.And, exp.Or, exp.Not, exp.Boolean,
)  # fmt: skip
COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between)


def unfit_targets(project: Project) -> Iterator[Problem]:
    """Targets that add up over no longer period, and status rules that are no conditions over a period's row."""
    for kpi in project.kpis.values():
        yield from _accumulates(project, kpi)
        for number, rule in enumerate(kpi.status.rules):
            place = project.place("kpis", kpi.name, "status", str(number), "when")
            if place is None or place == project.place("kpis", kpi.name, "status"):
                place = project.place("kpis", kpi.name, "status", "rules", str(number), "when")
            if wrong := _wrong(rule):
                message, hint = wrong
                yield Problem(f"KPI '{kpi.name}': the status rule '{rule.when}' {message}.", place, hint)


def _accumulates(project: Project, kpi: Kpi) -> Iterator[Problem]:
    target = kpi.target
    if not isinstance(target, AtLeast | AtMost) or target.accumulate is None:
        return
    if target.accumulate.rank <= kpi.grain.rank:
        yield Problem(
            f"KPI '{kpi.name}' has periods of a {kpi.grain}, so its target cannot add up over a {target.accumulate}.",
            project.place("kpis", kpi.name, "target", "accumulate"),
            "name a longer period, or take 'accumulate' away",
        )


def _wrong(rule: StatusRule) -> tuple[str, str] | None:
    """What is wrong with a rule, and a way out."""
    try:
        tree = expression(rule.when)
    except SqlError as problem:
        return f"cannot be read: {problem}", "write a condition, such as attainment >= 0.9 and value > 0"
    for column in tree.find_all(exp.Column):
        if column.name.lower() not in RULE_COLUMNS or column.table:
            near = did_you_mean(column.name.lower(), list(RULE_COLUMNS))
            return f"looks at '{column.sql()}', which a period's row does not have", near or listed(RULE_COLUMNS)
    if text := _no_day(tree):
        return f"compares with '{text}'", "only days are texts: period_start >= '2010-06-01'"
    without_days = tree.transform(lambda node: exp.Null() if isinstance(node, exp.Literal) and node.is_string else node)
    if (part := beyond_arithmetic(without_days)) is not None:
        return f"uses {part.sql(dialect='duckdb')}", f"a rule may use {IN_WORDS}"
    if not isinstance(tree.unnest(), CONDITIONS):
        return "is no condition", "compare it with something, such as attainment >= 0.9"
    return None


def _no_day(tree: exp.Expr) -> str | None:
    """A text that is no day, or that is not compared with one; None where every text is."""
    for literal in tree.find_all(exp.Literal):
        if not literal.is_string:
            continue
        compared = literal.find_ancestor(*COMPARISONS)
        days = compared and any(column.name.lower() in DAY_COLUMNS for column in compared.find_all(exp.Column))
        try:
            first_day_named(str(literal.this))
        except ValueError:
            return str(literal.this)
        if not days:
            return str(literal.this)
    return None
