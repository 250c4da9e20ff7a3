"""The clusters that tests share: one of each kind, begun when the first test asks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cluster import servers


@pytest.fixture(scope="session", params=["spark", "sail"])
def remote(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server; Apache Spark first, then Sail."""
    kind = {"spark": servers.spark, "sail": servers.sail}[request.param]
    with kind(tmp_path_factory.mktemp(request.param)) as address:
        yield address
