"""Tests that share what takes long to set up run on one worker: otherwise every worker sets it up."""

from __future__ import annotations

import pytest


@pytest.mark.xdist_group("groups")
def test_xdist_hears_of_groups(request: pytest.FixtureRequest) -> None:
    """It tells its scheduler by the name of a test; where it cannot, tests pass all the same, and take longer."""
    if getattr(request.config.option, "loadgroup", False):
        assert request.node.nodeid.endswith("@groups")
