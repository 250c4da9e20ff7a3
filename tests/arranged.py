"""The shop with one KPI in five goals of all frameworks, and an objective of three key results that is over."""

from __future__ import annotations

from tests.project import Shop

GOALS = """\
people:
  - {name: bob, team: commercial, manager: ana}
goals:
  - name: strong_january
    statement: January ends with 1500 EUR a week
    framework: okr
    ambition: 7
    team: commercial
    owner: ana
    period: {from: 2024-01-01, to: 2024-01-28}
  - name: bobs_year
    statement: Bob sells for 1500 EUR a week
    framework: mbo
    team: commercial
    owner: bob
    agreed_by: [bob, ana]
    agreed_on: 2024-01-01
  - name: february_only
    statement: In February nothing matters but sales
    framework: omtm
    team: commercial
    owner: ana
    period: {from: 2024-02-05, to: 2024-03-03}
  - {name: money, statement: The shop earns, framework: balanced_scorecard, perspective: financial, owner: ana}
links:
  - {from: weekly_revenue, to: weekly_average_sale, lag: 1 week, because: of the example}
"""
SERVES = "goals: [{goal: grow}, {goal: strong_january}, {goal: bobs_year}, {goal: february_only}, {goal: money}]"


def arrange(shop: Shop) -> Shop:
    """Writes the goals, and lets the KPIs serve them."""
    shop.write("definitions/frameworks.yaml", GOALS)
    file = shop.root / "definitions" / "kpis.yaml"
    text = file.read_text(encoding="utf-8").replace("goal: grow", SERVES, 1)
    text = text.replace("    goal: grow", "    goals: [{goal: grow}, {goal: strong_january}, {goal: money}]", 1)
    text = text.replace("    goal: calm", "    goals: [{goal: calm}, {goal: strong_january}]", 1)
    file.write_text(text, encoding="utf-8")
    return shop
