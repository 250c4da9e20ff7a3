"""Rows that dlt reads, and what it remembers from one load to the next."""

from __future__ import annotations

import gc
import json
import os
import threading
import warnings
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from kpi_pipeline.errors import DataError, DefinitionError
from kpi_pipeline.ingest import accept
from kpi_pipeline.sources import Source
from tests.ingest.conftest import Bench

pytest.importorskip("dlt", reason="the extra dlt is not installed")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

SHOP = """
import json
from pathlib import Path
import dlt

@dlt.resource(name="orders", primary_key="id")
def orders(at=dlt.sources.incremental("at", initial_value=0), upto=3):
    for n in json.loads((Path(__file__).parent / "ids.json").read_text()):
        if n >= at.last_value:
            yield {"id": n, "at": n, "customer": {"name": "x"}}

@dlt.source
def shop():
    return [orders(), dlt.resource([{"id": 7}], name="customers")]
"""


@pytest.fixture(autouse=True)
def _no_connection_is_left() -> Iterator[None]:
    """dlt leaves its connections to the garbage collector, which would tell of them in whatever test runs then."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def loaded_by(resource: str, **rest: Any) -> Source:
    connector = {"type": "dlt", "resource": resource} | rest.pop("connector", {})
    return Source.model_validate({"name": "orders", "connector": connector, **rest})


def test_only_what_is_new_is_read_and_added(bench: Bench) -> None:
    bench.write("shop.py", SHOP)
    bench.write("ids.json", "[1, 2, 3]")
    source = loaded_by("shop:orders", load={"mode": "append"})
    assert bench.load(source).rows_read == 3
    assert bench.raw("id, customer, _source_file")[0] == (1, '{"name": "x"}', "dlt:orders")
    assert not bench.load(source).changed
    bench.write("ids.json", "[1, 2, 3, 4]")
    lost = bench.stage(source)
    assert lost.rows_read == 1, "staged and never accepted, as by a run that was killed"
    staged = bench.stage(source)
    accept(staged, bench.warehouse)
    assert (staged.rows_read, bench.raw("count(*)")) == (1, [(4,)])
    assert bench.load(source, full=True).rows_read == 4
    assert bench.raw("count(*)") == [(4,)]
    merge = loaded_by("shop:orders", load={"mode": "merge", "key": ["id"]})
    bench.load(merge)
    bench.write("ids.json", "[4, 5]")
    assert (bench.load(merge).rows_read, bench.raw("count(*)")) == (1, [(5,)])
    assert os.environ["RUNTIME__DLTHUB_TELEMETRY"] == "false"


def test_one_resource_of_several_is_named(bench: Bench) -> None:
    bench.write("shop.py", SHOP)
    bench.load(loaded_by("shop:shop", connector={"name": "customers"}))
    assert bench.raw("id") == [(7,)]
    for connector, said in (
        ({}, "makes a source of several resources: 'orders', 'customers'.\nHint: say which by `name`"),
        ({"name": "customer"}, "makes no resource 'customer'.\nHint: did you mean 'customers'"),
        ({"resource": "shop:json"}, "shop.py has no function 'json'|makes"),
    ):
        with pytest.raises((DefinitionError, DataError), match=said):
            bench.load(loaded_by("shop:shop", connector=connector))


class Pages(BaseHTTPRequestHandler):
    """An interface with pages of two orders each, for whoever has the key."""

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        page = int(parse_qs(asked.query).get("page", ["1"])[0])
        if self.headers.get("Authorization") != "Bearer k3y-of-the-shop":
            self.send_error(403)
            return
        body = {"orders": [{"id": 2 * page + n, "total": 1.5} for n in range(2)] if page <= 3 else []}
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: Any) -> None:
        return


@pytest.fixture
def interface() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_web_api_is_read_page_by_page(bench: Bench, interface: str) -> None:
    def api(token: str) -> Source:
        config = {
            "client": {"base_url": interface, "auth": {"type": "bearer", "token": token}},
            "resources": [{"name": "orders", "endpoint": {
                "path": "orders", "data_selector": "orders", "paginator": {"type": "page_number", "base_page": 1, "total_path": None},
            }}],
        }  # fmt: skip
        return loaded_by("dlt.sources.rest_api:rest_api_source", connector={"arguments": {"config": config}})

    assert bench.load(api("k3y-of-the-shop")).rows_read == 6
    assert bench.raw("id, total")[-1] == (7, 1.5)
    with pytest.raises(DataError, match="403") as found:
        bench.load(api("wr0ng-k3y"))
    assert "wr0ng-k3y" not in str(found.value)
