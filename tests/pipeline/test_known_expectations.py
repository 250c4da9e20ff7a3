"""An expectation that there is none of is an error of the definitions, told before anything runs."""

from __future__ import annotations

import pytest

from kpi_pipeline import load_project
from kpi_pipeline.errors import DefinitionError
from tests.project import Shop


def test_unknown_expectation_is_refused_at_its_place(shop: Shop) -> None:
    shop.edit(
        "definitions/sources.yaml",
        "- {type: not_null, columns: [invoice], name: invoice_given}",
        "- {type: expectation, expectation: expect_column_value_lengths_to_equal_to, arguments: {column: invoice}}",
    )
    project = load_project(shop.root / "definitions")
    with pytest.raises(DefinitionError, match=r"sources\.yaml:10:9 .*\n.*mean 'expect_column_value_lengths_to_equal'"):
        project.check()
