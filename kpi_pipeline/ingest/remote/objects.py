"""S3, Google Cloud Storage and Azure through pyarrow: what is listed, and how a file comes over."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from kpi_pipeline.errors import DataError
from kpi_pipeline.ingest.remote.nouns import Entry, settled
from kpi_pipeline.ingest.remote.trouble import OtherVersion
from kpi_pipeline.sources.file import WILDCARDS, FileConnector

PIECE = 8 << 20
CONNECT_SECONDS, ANSWER_SECONDS, RETRY_SECONDS = 10.0, 60.0, 15.0


@dataclass(frozen=True)
class ObjectStore:
    """A bucket or container and the files in it that the pattern matches."""

    system: Any
    """pyarrow's file system."""
    address: str
    """What the address begins with, up to the bucket: s3://."""
    pattern: str
    """bucket/folder/*.csv"""
    said: str = ""
    """The part of the pattern that the beginning of the address already says."""

    def entries(self) -> list[Entry]:
        from pyarrow.fs import FileSelector, FileType

        folder, deep = fixed_folder(self.pattern)
        if folder == self.pattern:
            found = self.system.get_file_info([self.pattern])
        else:
            try:
                found = self.system.get_file_info(FileSelector(folder, recursive=deep))
            except OSError as problem:
                if "no such file or directory" not in str(problem).lower():
                    raise
                return []
        wanted = re.compile(as_regex(self.pattern))
        return [
            Entry(
                *(self.address + one.path.removeprefix(self.said), one.path, int(one.size), int(one.mtime_ns or 0)),
                tag=settled(int(one.mtime_ns or 0)),
            )
            for one in found
            if one.type == FileType.File and wanted.fullmatch(one.path)
        ]

    def fetch(self, entry: Entry, target: Path) -> None:
        with self.system.open_input_stream(entry.key) as stream, target.open("wb") as out:
            shutil.copyfileobj(stream, out, PIECE)
        now = self.system.get_file_info([entry.key])[0]
        if (now.size, int(now.mtime_ns or 0)) != (entry.size, entry.modified_ns):
            raise OtherVersion(entry.name)


def open_objects(connector: FileConnector) -> ObjectStore:
    """The store that a path such as s3://bucket/*.csv leads to; who we are comes from the environment."""
    scheme, _, rest = connector.path.partition("://")
    address = f"{scheme}://"
    match connector.store:
        case "s3":
            return ObjectStore(_s3(connector), address, rest)
        case "gcs":
            return ObjectStore(_gcs(connector), address, rest)
        case _:
            container, _, path = rest.partition("/")
            container, at, host = container.partition("@")
            system = _azure(connector, host.partition(".")[0])
            if at:
                return ObjectStore(system, f"{address}{container}@{host}/", f"{container}/{path}", f"{container}/")
            return ObjectStore(system, address, rest)


def fixed_folder(pattern: str) -> tuple[str, bool]:
    """The part of a pattern before its first wildcard, and whether folders below it are to be looked into.

    >>> fixed_folder("sales/2024/*.csv"), fixed_folder("sales/**/*.csv"), fixed_folder("sales/a.csv")
    (('sales/2024', False), ('sales', True), ('sales/a.csv', False))
    """
    parts = pattern.split("/")
    first = next((at for at, part in enumerate(parts) if WILDCARDS & set(part)), len(parts))
    return "/".join(parts[:first]), first < len(parts) - 1 or parts[-1] == "**"


def as_regex(pattern: str) -> str:
    """A pattern with wildcards as a regular expression: * stays within a folder, ** does not.

    >>> bool(re.fullmatch(as_regex("b/**/*.csv"), "b/x/y/a.csv")), bool(re.fullmatch(as_regex("b/*.csv"), "b/x/a.csv"))
    (True, False)
    """
    pieces = re.split(r"(\*\*/|\*\*|\*|\?|\[!?[^/]+?\])", pattern)
    known = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(
        known.get(piece) or (piece.replace("[!", "[^") if re.fullmatch(r"\[!?[^/]+\]", piece) else re.escape(piece))
        for piece in pieces
    )


def _s3(connector: FileConnector) -> Any:
    from pyarrow.fs import AwsStandardS3RetryStrategy, S3FileSystem

    return S3FileSystem(
        anonymous=connector.anonymous,
        region=connector.region,
        endpoint_override=connector.endpoint,
        connect_timeout=CONNECT_SECONDS,
        request_timeout=ANSWER_SECONDS,
        retry_strategy=AwsStandardS3RetryStrategy(max_attempts=3),
    )


def _gcs(connector: FileConnector) -> Any:
    from pyarrow.fs import GcsFileSystem

    own = urlsplit(connector.endpoint) if connector.endpoint else None
    return GcsFileSystem(
        anonymous=connector.anonymous,
        endpoint_override=own.netloc if own else None,
        scheme=own.scheme if own else None,
        retry_time_limit=timedelta(seconds=RETRY_SECONDS),
    )


def _azure(connector: FileConnector, account: str) -> Any:
    """The account is that of the address, abfss://container@account.dfs.core.windows.net/path, where it says one."""
    from pyarrow.fs import AzureFileSystem

    account = account or connector.account or os.environ.get("AZURE_STORAGE_ACCOUNT", "")
    if not account:
        raise DataError(
            f"{connector.path} does not say which storage account the container is in.\n"
            "Hint: write `account` in the connector, or set AZURE_STORAGE_ACCOUNT."
        )
    given = {
        "account_key": os.environ.get("AZURE_STORAGE_KEY"),
        "sas_token": os.environ.get("AZURE_STORAGE_SAS_TOKEN"),
    }
    if given["account_key"]:
        given["sas_token"] = None
    if connector.endpoint:
        own = urlsplit(connector.endpoint)
        given |= {
            "blob_storage_authority": own.netloc,
            "dfs_storage_authority": own.netloc,
            "blob_storage_scheme": own.scheme,
            "dfs_storage_scheme": own.scheme,
        }
    return AzureFileSystem(account, **{key: value for key, value in given.items() if value})
