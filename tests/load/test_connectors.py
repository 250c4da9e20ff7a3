"""Sources that are no files: what `kpi check` refuses of them, and where."""

from __future__ import annotations

from pathlib import Path

import pytest

from kpi_pipeline.errors import DefinitionError
from kpi_pipeline.load import load

PYTHON = """
from erp import rows

def orders(first, last=None, *, since=None):
    return []

def plain():
    return []

orders_of_shop = orders
"""


@pytest.mark.parametrize(
    ("connector", "load_as", "said"),
    [
        ("{type: database, driver: postgresql, uri: x}", "", "a database's rows come from a 'table' or a 'query'"),
        ("{type: database, driver: postgresql, table: t}", "", "'uri' says how to connect"),
        ("{type: database, driver: oracle, uri: x, table: t}", "", "sources.orders.connector.driver|'oracle'"),
        ("{type: database, driver: postgresql, uri: x, table: a..b}", "", "'a..b' does not name a table"),
        ("{type: database, driver: postgresql, uri: x, query: DELETE FROM t}", "", "'query' must be one SELECT"),
        ("{type: database, driver: postgresql, uri: x, query: SELECT 1; SELECT 2}", "", "'query' must be one SELECT"),
        ("{type: database, driver: postgresql, uri: x, query: SELECT FROM WHERE}", "", "'query' cannot be read"),
        ("{type: database, driver: sqlite, uri: x, table: t, chunks: {count: 2}}", "", "'chunks' are for postgresql"),
        ("{type: database, driver: postgresql, uri: x, query: SELECT 1, chunks: {count: 2}}", "", "cut into 'chunks' by a 'column'"),
        ('{type: database, driver: postgresql, uri: "postgresql://kpi:s3cret@erp/x", table: t}', "", "'connector.uri' holds a password"),
        ("{type: database, driver: sqlite, uri: x, table: t}", "{mode: append}", "'mode: append' of a database needs a 'cursor'"),
        ("{type: database, driver: sqlite, uri: x, table: t}", "{mode: full, cursor: at, lookback: 3 days}", "'lookback' goes before the newest 'cursor'"),
        ("{type: database, driver: sqlite, uri: x, table: t}", "{mode: full, deletions: compare_keys}", "'deletions' goes with 'mode: merge'"),
        ("{type: file, path: a.csv}", "{mode: append, cursor: at, lookback: 3 days}", "'lookback' is not for files"),
        ("{type: python, function: 'connectors:orders', arguments: {first: 1}}", "{mode: merge, key: [id], deletions: compare_keys}", "asks a database for its keys"),
        ("{type: dlt, resource: 'connectors:orders'}", "{mode: merge, key: [id], cursor: at, lookback: 3 days}", "'lookback' is not for dlt"),
        ("{type: python, function: connectors.orders}", "", "'connectors.orders' does not name a function"),
        ("{type: python, function: 'connector:orders'}", "", "there is no file connector.py in the project"),
        ("{type: python, function: 'connectors:oders'}", "", "connectors.py has no function 'oders'.\nHint: did you mean 'orders'"),
        ("{type: python, function: 'connectors:orders'}", "", r"'orders' \(connectors.py:4\) is not given 'first'"),
        ("{type: python, function: 'connectors:orders', arguments: {first: 1, las: 2}}", "", "takes no argument 'las'.\nHint: did you mean 'last'"),
        ("{type: python, function: 'connectors:plain'}", "{mode: append, cursor: at}", "takes no `since`, but what it gives is appended"),
        ("{type: dlt, resource: 'broken:orders'}", "", "broken.py cannot be read, line 1"),
        ("{type: asset, asset: erp invoices}", "", "'erp invoices' is not the key of an asset"),
        ("{type: ftp, path: x}", "", "'ftp'"),
    ],
)  # fmt: skip
def test_it_is_refused(tmp_path: Path, connector: str, load_as: str, said: str) -> None:
    write(tmp_path, connector, load_as)
    with pytest.raises(DefinitionError, match=said) as found:
        load(tmp_path / "definitions", variables={})
    assert "definitions/shop.yaml:" in str(found.value)
    assert "Hint: " in str(found.value) or "write" in str(found.value) or "'" in str(found.value)
    assert "s3cret" not in str(found.value)


@pytest.mark.parametrize(
    ("connector", "load_as"),
    [
        ('{type: database, driver: postgresql, uri: "${ERP_URL}", table: public.orders, chunks: {count: 4}}', "{mode: append, cursor: at, lookback: 6 hours}"),
        ('{type: database, driver: postgresql, uri: "postgresql://kpi:${ERP_PASSWORD}@erp/x", query: SELECT * FROM orders;}', "{mode: merge, key: [id], cursor: at, deletions: compare_keys}"),
        ('{type: database, driver: bigquery, options: {adbc.bigquery.sql.project_id: "${PROJECT}"}, table: a.b.c}', ""),
        ("{type: python, function: 'connectors:orders', arguments: {first: 1}}", "{mode: append, cursor: at}"),
        ("{type: python, function: 'connectors:rows'}", ""),
        ("{type: python, function: 'connectors:orders_of_shop'}", ""),
        ("{type: dlt, resource: 'dlt.sources.rest_api:rest_api_source', name: orders, arguments: {config: {resources: [orders]}}}", "{mode: append}"),
        ("{type: asset, asset: erp/orders}", "{mode: merge, key: [id], deleted_when: gone}"),
    ],
)  # fmt: skip
def test_it_is_taken(tmp_path: Path, connector: str, load_as: str) -> None:
    write(tmp_path, connector, load_as)
    secrets = {"ERP_URL": "postgresql://kpi:s3cret@erp/x", "ERP_PASSWORD": "s3cret", "PROJECT": "p-s3cret"}
    project = load(tmp_path / "definitions", variables=secrets)
    source = project.sources["orders"]
    assert "s3cret" not in repr(source) + source.model_dump_json()
    assert source.connector.where


def write(root: Path, connector: str, load_as: str) -> None:
    (root / "definitions").mkdir()
    (root / "connectors.py").write_text(PYTHON, encoding="utf-8")
    (root / "broken.py").write_text("def orders(:\n", encoding="utf-8")
    loaded = f"\n    load: {load_as}" if load_as else ""
    text = f"project: {{name: shop}}\nsources:\n  - name: orders\n    connector: {connector}{loaded}\n"
    (root / "definitions" / "shop.yaml").write_text(text, encoding="utf-8")
