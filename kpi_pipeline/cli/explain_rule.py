"""`kpi check --explain CODE`: what a rule looks for, why, and what it calls bad and good."""

from __future__ import annotations

from kpi_pipeline.cli.shown import console
from kpi_pipeline.errors import QueryError, did_you_mean, listed
from kpi_pipeline.load import RULES
from kpi_pipeline.load.rules_page import rule_text


def explain_rule(code: str) -> None:
    """Prints one rule.

    Raises:
        QueryError: there is no rule of that code.
    """
    rules = {rule.code: rule for rule in RULES}
    rule = rules.get(code.upper())
    if rule is None:
        near = did_you_mean(code.upper(), rules) or f"the codes are {listed(sorted(rules))}"
        raise QueryError(f"There is no rule '{code}'.\nHint: {near}")
    console().print(rule_text(rule), highlight=False, markup=False)
