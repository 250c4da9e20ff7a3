"""Expectations of Great Expectations by their names, and what is wrong with a name or its arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kpi_pipeline.checks import CheckBase, ExpectationCheck
from kpi_pipeline.errors import Place, Problem, did_you_mean
from kpi_pipeline.quality.gx import quietly
from kpi_pipeline.quality.plan import CannotCheck


def expectation_problem(check: CheckBase, place: Place | None = None) -> Problem | None:
    """What is wrong with a check of type `expectation`, if anything: an unknown name, arguments that do not fit.

    Great Expectations is imported for such checks only; all other types are known to be right.
    """
    if not isinstance(check, ExpectationCheck):
        return None
    mostly = {"mostly": 1 - check.tolerate} if check.tolerate else {}
    with quietly() as gx:
        try:
            built(gx, check.expectation, {**mostly, **check.arguments})
        except CannotCheck as problem:
            sentence, _, hint = str(problem).partition("; did you mean")
            return Problem(f"Check '{check.title}': {sentence}.", place, f"did you mean{hint}" if hint else None)
    return None


def built(gx: Any, name: str, arguments: Mapping[str, Any], **about: Any) -> Any:
    """The expectation of that name with these arguments; CannotCheck says what is wrong with them."""
    known = known_expectations(gx)
    if name not in known:
        hint = did_you_mean(name, known)
        raise CannotCheck(f"Great Expectations has no '{name}'" + (f"; {hint}" if hint else ""))
    try:
        return known[name](**arguments, **about)
    except (TypeError, ValueError) as problem:
        raise CannotCheck(f"its arguments do not fit: {_arguments_wrong(problem)}") from None


def known_expectations(gx: Any) -> dict[str, Any]:
    """The classes of all expectations that Great Expectations comes with, by name."""
    classes = (getattr(gx.expectations, name) for name in dir(gx.expectations) if name.startswith("Expect"))
    return {str(one.expectation_type): one for one in classes if hasattr(one, "expectation_type")}


def _arguments_wrong(problem: TypeError | ValueError) -> str:
    """What is wrong, argument by argument."""
    errors = getattr(problem, "errors", None)
    if errors is None:
        return str(problem)
    return ", ".join(f"'{'.'.join(str(part) for part in one['loc'])}' {one['msg']}" for one in errors())
