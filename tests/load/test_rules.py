"""Each rule of `kpi check` finds what it is for, leaves sound definitions alone, and can be silenced with a reason."""

from __future__ import annotations

import pytest

from kpi_pipeline.load import RULES, findings

KEYS = {
    "goal": "grow",
    "team": "service",
    "owner": "ann",
    "target": "{type: at_least, table: targets}",
    "review": "{every: month, last: 2010-11-30}",
    "scorecards": "[sales]",
}
TEAM = "teams: [{name: service}]\n"
GOAL = "statement: s, agreed_by: [sales]"
OBJECTIVE = f"{GOAL}, owner: ann, framework: okr, ambition: 7, period: {{from: 2010-10-01, to: 2010-12-31}}"


def kpi(name: str = "k", **keys: str | None) -> str:
    """A KPI that no rule has anything to say about, but for the keys that are other ones, or left out (None)."""
    written = {key: value for key, value in {**KEYS, **keys}.items() if value is not None}
    inside = ", ".join(f"{key}: {value}" for key, value in written.items())
    return f"  - {{name: {name}, metric: orders, direction: up, grain: week, {inside}}}\n"


def test_codes_are_told_apart():
    codes = [rule.code for rule in RULES]

    assert len(set(codes)) == len(codes)
    assert set("GTONMAWPERVLBHXUI") <= set(codes)


def test_sound_definitions(project):
    assert findings(project(TEAM + "kpis:\n" + kpi())) == ()


CASES = [
    ("T", TEAM + "kpis:\n" + kpi(target=None), "KPI 'k' has neither a target nor a benchmark.", "KPI k"),
    ("G", TEAM + "kpis:\n" + kpi(goal=None), "KPI 'k' serves no goal.", "KPI k"),
    ("O", TEAM + "kpis:\n" + kpi(owner=None), "KPI 'k' has no owner.", "KPI k"),
    ("O", f"goals: [{{name: g, {GOAL}}}]\n{TEAM}kpis:\n" + kpi(goal="g"), "Goal 'g' has no owner.", "goal g"),
    ("R", TEAM + "kpis:\n" + kpi(review="{every: month}"), "KPI 'k' was never reviewed.", "KPI k"),
    ("R", TEAM + "kpis:\n" + kpi(review=None), "KPI 'k' has no review.", "KPI k"),
    ("V", TEAM + "kpis:\n" + kpi(scorecards=None), "KPI 'k' is on no scorecard.", "KPI k"),
    ("N", TEAM + "kpis:\n" + kpi() + kpi("l") + kpi("m"),
     "Team 'service' has 3 KPIs for goal 'grow': k, l, m.", "goal grow"),
    ("B", "goals: [{name: g, statement: s, owner: ann}]\n" + TEAM + "kpis:\n" + kpi(goal="g"),
     "Goal 'g' is agreed by nobody.", "goal g"),
    ("B", "goals: [{name: g, statement: s, owner: ann, agreed_by: [ann]}]\n" + TEAM + "kpis:\n" + kpi(goal="g"),
     "Goal 'g' is agreed by its owner 'ann' only.", "goal g"),
    ("U", f"goals: [{{name: g, {GOAL}, owner: ann}}]", "No KPI serves goal 'g', and no goal below it.", "goal g"),
    ("N", f"goals: [{{name: g, {OBJECTIVE}}}]", "Objective 'g' has 0 key results.", "goal g"),
    ("U", "metrics: [{name: m, type: simple, model: order_lines, agg: count}]",
     "Metric 'm' is used by no KPI and no other metric.", "metric m"),
    ("U", "models: [{name: m, table: raw.targets, agg_time_dimension: d}]",
     "Model 'm' is used by no metric and no other model.", "model m"),
    ("U", "sources: [{name: s, connector: {type: file, path: a}}]",
     "Source 's' is read by no model and holds no targets.", "source s"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "text", "message", "subject"), CASES)
def test_a_rule_finds(project, code, text, message, subject):
    (finding,) = findings(project(text))

    assert (finding.rule, finding.message, finding.subject) == (code, message, subject)
    assert finding.level == "warning"
    assert finding.hint
    assert finding.place.file in ("definitions/it.yaml", "definitions/base.yaml")


def test_neither_owner_nor_team(project):
    (finding,) = findings(project("kpis:\n" + kpi(owner=None, team=None, ignore="{N: one more}")))

    assert finding.message == "KPI 'k' has no owner and no team."


def test_a_benchmark_is_enough_for_now(project):
    text = TEAM + "kpis:\n" + kpi(target=None, benchmark="{value: 5, source: trade association}")

    assert findings(project(text)) == ()


@pytest.mark.parametrize(("results", "found"), [(2, 1), (3, 0), (5, 0), (6, 1)])
def test_an_objective_has_three_to_five_key_results(project, results, found):
    objective = f"goals: [{{name: g, {OBJECTIVE}}}]\n"
    text = objective + TEAM + "kpis:\n" + "".join(kpi(f"k{number}", goal="g") for number in range(results))

    assert len(findings(project(text))) == found


@pytest.mark.parametrize("silent", ["goal", "kpi"])
def test_too_many_can_be_excused_on_the_goal_or_on_a_kpi(project, silent):
    excuse = '{N: "until June"}'
    goal = f"goals: [{{name: g, {GOAL}, owner: ann{', ignore: ' + excuse if silent == 'goal' else ''}}}]\n"
    first = kpi(goal="g", ignore=excuse if silent == "kpi" else None)

    assert findings(project(goal + TEAM + "kpis:\n" + first + kpi("l", goal="g") + kpi("m", goal="g"))) == ()


def test_ignore_silences_its_rule_only(project):
    ignored = "metrics: [{name: m, type: simple, model: order_lines, agg: count, ignore: {%s: people look it up}}]"

    assert findings(project(ignored % "U")) == ()
    assert [one.rule for one in findings(project(ignored % "T"))] == ["U", "I"]


def test_a_model_that_another_model_reads_is_used(project):
    loaded = project(
        """
        models:
          - {name: a, sql: SELECT * FROM model.b, agg_time_dimension: d}
          - {name: b, table: raw.invoice_lines, agg_time_dimension: d}
        metrics: [{name: m, type: simple, model: a, agg: count, ignore: {U: looked up}}]
        """
    )

    assert findings(loaded) == ()


def test_a_finding_reads_well(project):
    (finding,) = findings(project("goals: [{name: g, statement: s, owner: ann, agreed_by: [sales]}]"))

    assert str(finding) == (
        "definitions/it.yaml:1:9  warning U: No KPI serves goal 'g', and no goal below it.\n"
        "Hint: say with a KPI how far it is reached, or take it away"
    )
