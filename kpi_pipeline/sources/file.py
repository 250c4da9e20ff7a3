"""File: CSV, Parquet, JSON or Excel, on this machine or in an object store."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from kpi_pipeline.names import Noun

FORMATS = {
    ".csv": "csv", ".tsv": "csv", ".tab": "csv", ".txt": "csv",
    ".parquet": "parquet", ".pq": "parquet",
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json",
    ".xlsx": "excel", ".xlsm": "excel", ".xlsb": "excel", ".xls": "excel", ".ods": "excel",
}  # fmt: skip
PACKINGS = {
    ".gz": "gzip", ".zst": "zstd", ".bz2": "bz2", ".lz4": "lz4", ".br": "brotli", ".xz": "xz", ".zip": "zip",
}  # fmt: skip
STORES = {
    "s3": "s3", "s3a": "s3", "gs": "gcs", "gcs": "gcs", "az": "azure", "abfs": "azure", "abfss": "azure",
    "http": "http", "https": "http",
}  # fmt: skip
"""What reads the paths that begin with these words and ://."""
ONLY_WITH = {"delimiter": ("csv",), "skip_rows": ("csv", "excel"), "sheet": ("excel",), "range": ("excel",),
             "header_rows": ("excel",)}  # fmt: skip
"""Keys that mean something with some formats only."""
ONLY_AT = {"endpoint": ("s3", "gcs", "azure"), "region": ("s3",), "anonymous": ("s3", "gcs"), "account": ("azure",)}
"""Keys that mean something with some stores only."""
RANGE = r"([A-Z]{1,3})([1-9]\d{0,6})(?::([A-Z]{1,3})([1-9]\d{0,6})?)?"
"""B3, B3:F or B3:F200."""
WILDCARDS = frozenset("*?[")


class FileConnector(Noun):
    """Files matched by a path with wildcards, relative to the project's root; the suffix says the format.

    `orders.csv.gz` is CSV that is unpacked first. A path may begin with `s3://`, `gs://`, `az://`, `abfss://` or
    `https://`; who we are there is never written here but comes from the environment. Folders called `year=2024` give
    the rows in them a column `year`.
    """

    type: Literal["file"] = Field(description="the kind of connector")
    path: str = Field(min_length=1, description="such as data/invoices/*.parquet or s3://sales/**/*.csv.gz")
    format: Literal["csv", "parquet", "jsonl", "json", "excel"] | None = Field(
        default=None, description="where the suffix does not say it; json is one array of objects"
    )
    delimiter: str | None = Field(
        default=None, min_length=1, max_length=1, description="CSV: found out where not given"
    )
    encoding: str = Field(default="utf-8", description="how text is encoded, such as latin-1")
    skip_rows: int = Field(
        default=0, ge=0, description="CSV, Excel: lines above the header that are no part of the table"
    )
    sheet: str | None = Field(default=None, description="Excel: the sheet's name; the first one where not given")
    range: str | None = Field(
        default=None,
        description="Excel: where on the sheet the table is, from the header's first cell, such as B3, B3:F or B3:F200",
    )
    header_rows: int = Field(default=1, ge=1, le=5, description="Excel: rows that together name the columns")
    hive: bool | None = Field(
        default=None, description="whether folders such as year=2024 give columns; by default where there are such"
    )
    endpoint: str | None = Field(
        default=None, description="of an S3, GCS or Azure service of one's own, with http(s)://"
    )
    region: str | None = Field(default=None, description="S3: where the bucket is; by default what AWS_REGION says")
    anonymous: bool = Field(default=False, description="S3, GCS: whether a public bucket is read without credentials")
    account: str | None = Field(default=None, description="Azure: the storage account; else AZURE_STORAGE_ACCOUNT")

    @field_validator("encoding")
    @classmethod
    def _is_encoding(cls, encoding: str) -> str:
        try:
            "".encode(encoding)
        except LookupError:
            raise ValueError(f"'{encoding}' is not an encoding; write one such as utf-8, latin-1 or utf-16") from None
        return encoding

    @field_validator("path")
    @classmethod
    def _can_be_read(cls, path: str) -> str:
        scheme, found, _ = path.partition("://")
        if found and scheme.lower() not in STORES:
            known = "s3://, gs://, az://, abfss://, https://, or a path on this machine"
            raise ValueError(f"nothing here reads {scheme}://; a path begins with {known}")
        if found and STORES[scheme.lower()] == "http" and WILDCARDS & set(without_query(path)):
            raise ValueError("a web server lists no files, so a path at https:// has no wildcards; name the file")
        if found and not path.removeprefix(f"{scheme}://").strip("/"):
            raise ValueError(f"{scheme}:// must be followed by the place of the files, such as {scheme}://sales/*.csv")
        return path

    @field_validator("range")
    @classmethod
    def _is_range(cls, written: str | None) -> str | None:
        if written is not None and not re.fullmatch(RANGE, written):
            raise ValueError(f"'{written}' is no range of cells; write it like B3, B3:F or B3:F200")
        return written

    @model_validator(mode="after")
    def _keys_go_together(self) -> Self:
        form = self.format or format_of(self.path)
        last = PurePosixPath(without_query(self.path)).name
        if form is None and "." in last and not WILDCARDS & set(PurePosixPath(last).suffix):
            raise ValueError(f"the suffix of '{last}' does not say what it is; write `format: csv` or another one")
        for key, formats in ONLY_WITH.items():
            if key in self.model_fields_set and form is not None and form not in formats:
                raise ValueError(f"'{key}' goes with {' and '.join(formats)}; the files of '{last}' are {form}")
        for key, stores in ONLY_AT.items():
            if key in self.model_fields_set and self.store not in stores:
                raise ValueError(f"'{key}' goes with files at {' or '.join(stores)}, not with '{last}'")
        if self.range and self.skip_rows:
            raise ValueError("'range' already says where the table begins; leave out 'skip_rows'")
        if self.endpoint and not self.endpoint.startswith(("http://", "https://")):
            raise ValueError("'endpoint' begins with http:// or https://")
        return self

    @property
    def where(self) -> str:
        """The path as people see it: an address shows neither a password nor a token."""
        return shown(self.path)

    @property
    def store(self) -> str | None:
        """What keeps the files: s3, gcs, azure or http; None for this machine."""
        scheme, found, _ = self.path.partition("://")
        return STORES[scheme.lower()] if found else None


def format_of(name: str) -> str | None:
    """The format that a file's name says, below what it is packed with; None where it says none.

    >>> format_of("orders.csv.gz"), format_of("orders.XLSX"), format_of("orders.dat")
    ('csv', 'excel', None)
    """
    bare = PurePosixPath(without_query(name))
    if bare.suffix.lower() in PACKINGS:
        bare = bare.with_suffix("")
    return FORMATS.get(bare.suffix.lower())


def ending_of(name: str) -> str:
    """What the name of a file ends with, the packing too.

    >>> ending_of("orders.2024.csv.gz"), ending_of("orders.2024.xlsx")
    ('.csv.gz', '.xlsx')
    """
    path = PurePosixPath(name)
    return "".join(path.suffixes[-2:]) if packing_of(name) else path.suffix


def packing_of(name: str) -> str | None:
    """What a file is packed with, by its name; None for one that is not packed."""
    return PACKINGS.get(PurePosixPath(without_query(name)).suffix.lower())


def shown(path: str) -> str:
    """A web address without name, password and what follows the question mark; other paths as they are.

    >>> shown("https://me:secret@example.org/a.csv?token=1"), shown("data/a?.csv")
    ('https://example.org/a.csv', 'data/a?.csv')
    """
    return re.sub(r"^(https?://)[^/@]*@", r"\1", without_query(path), flags=re.IGNORECASE)


def without_query(path: str) -> str:
    """A web address without what follows the question mark, where tokens stand; other paths as they are."""
    return path.partition("?")[0] if path.lower().startswith(("http://", "https://")) else path
