"""Files in object stores and on web servers, against servers that the tests start on this machine."""

from __future__ import annotations

import os
import re
import threading
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from kpi_pipeline.errors import DataError
from kpi_pipeline.ingest import forget_files
from kpi_pipeline.ingest.files import find_files
from kpi_pipeline.ingest.remote import objects
from kpi_pipeline.sources import Source
from tests.ingest.conftest import Bench, orders

SECRET = "a-very-secret-key"  # pragma: allowlist secret


@dataclass
class Bucket:
    """A bucket of a server on this machine, and how a source reads it."""

    connector: dict[str, Any]
    system: Any

    def put(self, name: str, content: str) -> None:
        with self.system.open_output_stream(f"sales/{name}") as stream:
            stream.write(content.encode())

    def source(self, pattern: str, **rest: Any) -> Source:
        scheme = self.connector["scheme"]
        kept = {key: value for key, value in self.connector.items() if key != "scheme"} | rest.pop("connector", {})
        return orders(f"{scheme}://{pattern}", connector=kept, **rest)


@pytest.fixture(scope="module")
def environment() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        patch.setattr(objects, "RETRY_SECONDS", 0.1)
        patch.setattr("kpi_pipeline.ingest.remote.trouble.WAITS", {"http": (0.01, 0.01, 0.01)})
        patch.setattr("kpi_pipeline.ingest.remote.trouble.ONCE_MORE", ())
        yield patch


@pytest.fixture(scope="module")
def s3(environment: pytest.MonkeyPatch) -> Iterator[Bucket]:
    server = pytest.importorskip("moto.server").ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    endpoint = "http://{}:{}".format(*server.get_host_and_port())
    connector = {"scheme": "s3", "endpoint": endpoint, "region": "us-east-1"}
    system = objects.open_objects(orders("s3://sales/*.csv", connector=without(connector, "scheme")).files).system
    urllib.request.urlopen(urllib.request.Request(f"{endpoint}/sales", method="PUT")).close()
    yield Bucket(connector, system)
    server.stop()
    server._server.server_close()


@pytest.fixture(scope="module")
def gcs(environment: pytest.MonkeyPatch) -> Iterator[Bucket]:
    server = pytest.importorskip("gcp_storage_emulator.server").create_server("127.0.0.1", 0, in_memory=True)
    server.start()
    port = server._api._httpd.server_port
    connector = {"scheme": "gs", "endpoint": f"http://127.0.0.1:{port}", "anonymous": True}
    system = objects.open_objects(orders("gs://sales/*.csv", connector=without(connector, "scheme")).files).system
    body = urllib.request.Request(
        f"http://127.0.0.1:{port}/storage/v1/b?project=p",
        data=b'{"name": "sales"}',
        headers={"Content-Type": "application/json"},
    )
    urllib.request.urlopen(body).close()
    yield Bucket(connector, system)
    server.stop()


@pytest.fixture(params=["s3", "gcs"])
def bucket(request: pytest.FixtureRequest) -> Bucket:
    found: Bucket = request.getfixturevalue(request.param)
    for one in found.system.get_file_info(objects_of("sales")):
        if one.is_file:
            found.system.delete_file(one.path)
    return found


def objects_of(folder: str) -> Any:
    from pyarrow.fs import FileSelector

    return FileSelector(folder, recursive=True)


def without(connector: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in connector.items() if name != key}


def names(bench: Bench, source: Source) -> list[str]:
    found = find_files(bench.project(), source)
    return [one.name.partition("://")[2] for one in found]


def test_patterns_folders_and_what_is_left_behind(bench: Bench, bucket: Bucket) -> None:
    for name in ("a.csv", "year=2023/b.csv", "year=2024/m=1/c.csv", "year=2024/d.txt"):
        bucket.put(name, "id\n1\nx,y\n")
    assert names(bench, bucket.source("sales/*.csv")) == ["sales/a.csv"]
    assert names(bench, bucket.source("sales/*/?.csv")) == ["sales/year=2023/b.csv"]
    assert names(bench, bucket.source("sales/**/[!a].csv")) == ["sales/year=2023/b.csv", "sales/year=2024/m=1/c.csv"]
    assert names(bench, bucket.source("sales/year=2024/d.txt")) == ["sales/year=2024/d.txt"]
    staged = bench.load(bucket.source("sales/year=*/**/*.csv", load={"mode": "append"}))
    assert (staged.rows_read, staged.rows_loaded, staged.rows_quarantined) == (4, 2, 2)
    assert [row[0].partition("://")[2] for row in bench.raw("_source_file")] == [
        "sales/year=2023/b.csv",
        "sales/year=2024/m=1/c.csv",
    ]
    assert bench.raw("year, m") == [(2023, None), (2024, 1)]
    assert not list(bench.root.rglob("*fetched*/*"))


def test_only_what_changed_is_fetched_and_a_cut_run_goes_on(
    bench: Bench, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[str] = []
    lost = ("c.csv",)
    real = objects.ObjectStore.fetch

    def fetch(store: objects.ObjectStore, entry: Any, target: Any) -> None:
        if entry.name.endswith(lost):
            raise OSError("curl says: connection lost")
        fetched.append(entry.name.rpartition("/")[2])
        real(store, entry, target)

    monkeypatch.setattr(objects.ObjectStore, "fetch", fetch)
    monkeypatch.setattr("kpi_pipeline.ingest.remote.nouns.SETTLES_NS", -(10**12))
    monkeypatch.setattr(download_module(), "AT_ONCE", 1)
    source = bucket.source("sales/*.csv", load={"mode": "append"})
    for name in ("a.csv", "b.csv", "c.csv"):
        bucket.put(name, f"id\n{ord(name[0])}\n")
    with pytest.raises(DataError, match=r"c\.csv of source 'orders' cannot be read: it cannot be reached"):
        bench.load(source)
    lost = ()
    bench.load(source)
    assert sorted(fetched) == ["a.csv", "b.csv", "c.csv"]
    assert not bench.load(source).changed
    bucket.put("b.csv", "id\n7\n8\n")
    assert bench.load(source).rows_read == 2
    assert fetched[3:] == ["b.csv"]
    assert bench.raw("id") == [(7,), (8,), (97,), (99,)]
    assert bench.load(source, full=True).rows_read == 4
    assert len(fetched) == 7


def download_module() -> Any:
    import sys

    return sys.modules["kpi_pipeline.ingest.remote.download"]


def test_a_young_file_is_looked_at_again_since_stores_tell_seconds_only(bench: Bench, bucket: Bucket) -> None:
    bucket.put("a.csv", "id\n1\n")
    source = bucket.source("sales/a.csv")
    bench.load(source)
    bucket.put("a.csv", "id\n2\n")
    assert bench.load(source).changed
    assert bench.raw("id") == [(2,)]


def test_a_file_replaced_while_it_is_fetched_is_not_used(
    bench: Bench, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put("a.csv", "id\n1\n")
    real = objects.ObjectStore.entries

    def entries(store: objects.ObjectStore) -> Any:
        found = real(store)
        bucket.put("a.csv", "id\n1\n2\n")
        return found

    monkeypatch.setattr(objects.ObjectStore, "entries", entries)
    with pytest.raises(DataError, match=r"sales/a\.csv of source 'orders' changed while it was being fetched"):
        bench.load(bucket.source("sales/*.csv"))


def test_what_is_not_there_is_said(bench: Bench, bucket: Bucket) -> None:
    for pattern in ("sales/none/*.csv", "sales/none.csv", "nothing/*.csv"):
        with pytest.raises(DataError, match=r"no file matches|no such bucket"):
            bench.load(bucket.source(pattern))


def test_s3_without_the_right_to_read_names_the_variables_and_no_secret(
    bench: Bench, s3: Bucket, environment: pytest.MonkeyPatch
) -> None:
    s3.put("a.csv", "id\n1\n")

    def let_in(times: str) -> None:
        """Of the server's next requests so many are not asked who they are."""
        request = urllib.request.Request(f"{s3.connector['endpoint']}/moto-api/reset-auth", times.encode())
        request.add_header("Content-Type", "text/plain")
        urllib.request.urlopen(request).close()

    let_in("0")
    try:
        with pytest.raises(DataError, match=r"(?s)we are not let in\.\nHint: set AWS_ACCESS_KEY_ID") as refused:
            bench.load(s3.source("sales/*.csv"))
        assert SECRET not in str(refused.value)
    finally:
        let_in("inf")


def test_a_server_that_is_not_there(bench: Bench, environment: pytest.MonkeyPatch) -> None:
    connector = {"endpoint": "http://127.0.0.1:9", "region": "us-east-1"}
    with pytest.raises(
        DataError, match=r"(?s)s3://sales/\*\.csv of source 'orders' cannot be read: it cannot be reached"
    ):
        bench.load(orders("s3://sales/*.csv", connector=connector))


@dataclass
class Web:
    """A web server, what it answers next and what it was asked."""

    url: str = ""
    content: bytes = b"id\n1\n"
    etag: str | None = '"1"'
    modified: str | None = None
    fails: list[int] = field(default_factory=list)
    cuts: int = 0
    no_head: bool = False
    no_length: bool = False
    asked: list[str] = field(default_factory=list)
    user: str | None = None


@pytest.fixture
def web(environment: pytest.MonkeyPatch) -> Iterator[Web]:
    state = Web()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked.append(self.command)
            state.user = self.headers.get("Authorization")
            if state.fails or (self.command == "HEAD" and state.no_head):
                self.send_error(state.fails.pop(0) if state.fails else 405)
                return
            self.send_response(200)
            if not state.no_length:
                self.send_header("Content-Length", str(len(state.content)))
            if state.etag:
                self.send_header("ETag", state.etag)
            if state.modified:
                self.send_header("Last-Modified", state.modified)
            self.end_headers()
            if self.command == "GET":
                cut = state.cuts > 0
                state.cuts -= cut
                self.wfile.write(state.content[:3] if cut else state.content)

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}/files/orders.csv"
    yield state
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_web_file_is_fetched_again_only_when_its_etag_changes(bench: Bench, web: Web) -> None:
    source = orders(f"{web.url}?token={SECRET}")
    bench.load(source)
    assert bench.raw("id, _source_file") == [(1, web.url)]
    web.content, web.asked = b"id\n2\n", []
    assert not bench.load(source).changed
    assert web.asked == ["HEAD"]
    web.etag = '"2"'
    assert bench.load(source).changed
    assert bench.raw("id") == [(2,)]
    web.etag, web.asked = '"3"', []
    assert not bench.load(source).changed
    assert not bench.load(source).changed
    assert web.asked == ["HEAD", "GET", "HEAD"]
    dumped = bench.warehouse.rows("SELECT * FROM state.source_file") + bench.warehouse.rows("FROM raw.orders")
    assert SECRET not in str(dumped)


def test_a_web_file_without_signs_of_its_version_is_known_by_content(bench: Bench, web: Web) -> None:
    web.etag, web.no_head = None, True
    assert bench.load(orders(web.url)).changed
    assert not bench.load(orders(web.url)).changed
    web.content = b"id\n3\n4\n"
    assert bench.load(orders(web.url)).changed
    web.no_head, web.modified = False, "Mon, 06 May 2024 10:00:00 GMT"
    bench.load(orders(web.url))
    web.asked = []
    assert not bench.load(orders(web.url)).changed
    assert web.asked == ["HEAD"]


def test_a_web_file_of_unsaid_size_is_read_again_once_it_is_forgotten(bench: Bench, web: Web) -> None:
    web.no_length, web.content = True, b"id,name\n1,a\nx,b\n"
    source = orders(web.url, personal=["name"], columns={"id": {"type": "integer"}})
    bench.load(source)
    assert not bench.load(source).changed
    assert forget_files(bench.project(), source, bench.warehouse) == ()
    assert bench.load(source).changed
    assert (bench.raw("id"), bench.quarantined("line")) == ([(1,)], [(3,)])


def test_what_may_pass_is_tried_again_and_what_may_not_is_not(bench: Bench, web: Web) -> None:
    web.fails, web.cuts = [503, 502], 1
    bench.load(orders(web.url))
    assert bench.raw("id") == [(1,)]
    web.fails, web.asked = [404], []
    with pytest.raises(DataError, match="there is no such bucket, container or file"):
        bench.load(orders(web.url))
    assert web.asked == ["HEAD"]
    web.etag, web.cuts = '"9"', 9
    with pytest.raises(DataError, match=r"(?s)cannot be reached.*incomplete: 3 of 5 bytes"):
        bench.load(orders(web.url))
    assert bench.raw("id") == [(1,)]


def test_name_and_password_go_into_a_header_and_nowhere_else(bench: Bench, web: Web) -> None:
    address = web.url.replace("http://", f"http://me:{SECRET}@")
    bench.load(orders(address))
    assert web.user is not None
    assert web.user.startswith("Basic ")
    assert bench.raw("_source_file") == [(web.url,)]
    web.fails = [403, 403]
    with pytest.raises(DataError, match="we are not let in") as refused:
        bench.load(orders(address))
    assert SECRET not in str(refused.value)


if "AZURITE" in os.environ:  # an emulator of Azure's blob service that somebody started; no package brings one

    def test_azure(bench: Bench, environment: pytest.MonkeyPatch) -> None:
        """AZURITE=http://127.0.0.1:10000, AZURE_STORAGE_ACCOUNT and AZURE_STORAGE_KEY are those of the emulator."""
        connector = {"scheme": "az", "endpoint": os.environ["AZURITE"]}
        system = objects.open_objects(orders("az://sales/*.csv", connector=without(connector, "scheme")).files).system
        system.create_dir("sales")
        azure = Bucket(connector, system)
        test_patterns_folders_and_what_is_left_behind(bench, azure)
        account = os.environ["AZURE_STORAGE_ACCOUNT"]
        long = f"sales@{account}.dfs.core.windows.net/a.csv"
        found = names(bench, orders(f"abfss://{long}", connector={"endpoint": os.environ["AZURITE"]}))
        assert found == [long]
        environment.setenv("AZURE_STORAGE_KEY", "QUJD")
        with pytest.raises(DataError, match=r"(?s)not let in.*AZURE_STORAGE_KEY"):
            bench.load(azure.source("sales/*.csv"))


def test_downloads_are_for_their_owner_only(bench: Bench, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    modes: list[str] = []
    real = download_module()._fetch

    def fetch(file: Any, path: Any) -> None:
        real(file, path)
        modes.append(oct(path.parent.stat().st_mode & 0o777))

    monkeypatch.setattr(download_module(), "_fetch", fetch)
    bench.load(orders(web.url))
    assert modes == ["0o700"]
    assert re.fullmatch(r".*warehouse\.duckdb\.fetched/orders", str(download_folder(bench)))
    assert not download_folder(bench).exists()


def download_folder(bench: Bench) -> Any:
    return download_module().folder_of(bench.project(), orders())
