"""What stands in a lakehouse: its columns, its files, and which days their rows are of; the rows themselves stay."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame
from pyspark.sql.connect.session import SparkSession
from sqlglot import expressions as exp

from kpi_pipeline.cluster.reached import reached
from kpi_pipeline.engines import SparkEngine
from kpi_pipeline.errors import DataError
from kpi_pipeline.ingest import FileThere, Looked, Reached
from kpi_pipeline.names import TableRef
from kpi_pipeline.redaction import redacted, without
from kpi_pipeline.reduce import spark_view
from kpi_pipeline.sources import LakehouseConnector
from kpi_pipeline.sql_parts import sql_call, sql_table

if TYPE_CHECKING:
    from kpi_pipeline.cluster.spark import Spark

LOGS = {"delta": "_delta_log", "iceberg": "metadata"}
"""The folder in which a table format writes down what is in the table."""
PLAIN = frozenset({"parquet", "orc", "csv", "json", "text", "avro", "hive"})
"""Kinds of tables of a catalog that are files and nothing else."""
FILE = "_kpi_file"
MOST_NAMED = 500
"""So many files are named in a question; of more of them, the question is asked of all."""


class InLakehouse:
    """A source whose rows stay where they are; `root` is the project's folder, for paths that start there."""

    def __init__(
        self,
        spark: Spark,
        session: SparkSession,
        engine: SparkEngine,
        source: str,
        connector: LakehouseConnector,
        root: str,
    ) -> None:
        self._spark = spark
        self._session = session
        self._engine = engine
        self._connector = connector
        self._table = TableRef("raw", source)
        self._with_files = TableRef("temp", f"{source}_files")
        self._tells_files: bool | None = None
        self._path = f"{root}/{connector.path}" if connector.is_relative else connector.path

    def lay(self) -> None:
        """Has the name that the source has in SQL stand for its rows.

        Once a session, for the cluster lists all files whenever it is told where they are: so all that is asked of them
        is asked of these names.
        """
        if self._tells_files is None:
            with self._read():
                self._lay()

    def _lay(self) -> None:
        rows = self._rows()
        try:
            self._spark.show(self._with_files, rows.selectExpr("*", f"_metadata.file_path AS {FILE}"))
            rows, self._tells_files = self._session.table(spark_view(self._with_files)).drop(FILE), True
        except PySparkException:
            # NOTE: Sail does not tell files, nor do tables that are not made of any.
            self._tells_files = False
        self._spark.show(self._table, rows)

    def columns(self) -> dict[str, str]:
        """Names and DuckDB's names of the types of its columns."""
        self.lay()
        return self._spark.table_columns(self._table)

    def look(self) -> Looked:
        """Which files it is made of; where the cluster does not tell them, what its format wrote down of the table."""
        with self._read():
            return self._looked()

    def _looked(self) -> Looked:
        if self._path is not None and (log := LOGS.get(self._connector.format)):
            # NOTE: not by data files, which stay as they are where a row is deleted or changed beside them.
            found = sorted(f"{self._named(name)} {mark}" for name, mark in self._listed([f"{self._path}/{log}"]))
            return Looked(None, "\n".join(found))
        if not self._is_files:
            return Looked(None)
        self.lay()
        names = {self._named(one): one for one in self._session.table(spark_view(self._table)).inputFiles()}
        folders = [self._path] if self._path is not None else sorted({_folder(one) for one in names.values()})
        marks = {self._named(name): mark for name, mark in self._listed(folders)} if names else {}
        # NOTE: a file that is listed under another name than it is read by counts by its name alone.
        return Looked({name: FileThere(full, marks.get(name, "")) for name, full in names.items()})

    @property
    def _is_files(self) -> bool:
        """Whether its rows are those of its files, and nothing beside these takes rows away or adds some."""
        if self._connector.table is None:
            return True
        told = self._session.sql(f"DESCRIBE TABLE EXTENDED {self._connector.table}").collect()
        return any(one[0] == "Provider" and str(one[1]).lower() in PLAIN for one in told)

    def reach(self, day: exp.Expr | None, files: Mapping[str, FileThere] | None) -> list[Reached]:
        """How many rows there are, and of which days: a row a file, or one row where the cluster does not tell files.

        `files` narrows it to these; nothing comes where that cannot be. `day` is None where no column says it.
        """
        dated = day if day is not None else exp.cast(exp.null(), "DATE")
        file = exp.column(FILE)
        query = exp.select(
            *(file, exp.Count(this=exp.Star()), sql_call("count", dated)),
            *(sql_call("min", dated.copy()), sql_call("max", dated.copy())),
        ).from_(sql_table(self._with_files))
        self.lay()
        with self._read():
            if not self._tells_files:
                if files is not None and self._path is None:
                    return []
                self._spark.show(self._with_files, self._some(files).selectExpr("*", f"CAST(NULL AS STRING) AS {FILE}"))
            elif files is not None and len(files) <= MOST_NAMED:
                query = query.where(file.copy().isin(*_spelled(files.values())))
            found = self._spark.rows(query.group_by(file.copy()))
        return [Reached(self._named(name) if name else None, *rest) for name, *rest in found]

    def newest(self, day: exp.Expr, today: date) -> date | None:
        """The newest day that is not in the future; where all are, the first of them."""
        past = exp.Filter(this=sql_call("max", day), expression=exp.Where(this=day.copy() <= exp.convert(today)))
        first = sql_call("min", day.copy())
        query = exp.select(exp.Coalesce(this=past, expressions=[first])).from_(sql_table(self._table))
        with self._read():
            found: date | None = self._spark.rows(query)[0][0]
        return found

    @contextmanager
    def _read(self) -> Iterator[None]:
        """Says which source it is that cannot be read."""
        try:
            with reached(self._engine):
                yield
        except PySparkException as problem:
            said = redacted(without(str(problem).splitlines()[0], self._engine.secrets))
            raise DataError(
                f"Source '{self._table.name}' cannot be read at {self._connector.where}: {said}\n"
                f"Hint: is that what the cluster at {self._engine.where} calls it, may it read there, and does it know "
                "the format? CSV and JSON are loaded, with a connector of `type: file`."
            ) from None

    def _rows(self) -> DataFrame:
        if self._connector.table is not None:
            return self._session.table(self._connector.table)
        return self._session.read.format(self._connector.format).load(self._path)

    def _some(self, files: Mapping[str, FileThere] | None) -> DataFrame:
        """The rows of some files, or of all."""
        if files is None or self._path is None:
            return self._rows()
        read = self._session.read.format("parquet").option("basePath", _before_wildcards(self._path))
        return read.load([unquote(one.full) for one in files.values()])

    def _listed(self, folders: Sequence[str]) -> Iterable[tuple[str, str]]:
        """The files below some folders, and what tells two versions of one apart: its size and when it was written."""
        read = self._session.read.format("binaryFile").option("recursiveFileLookup", "true")
        found = read.load(list(folders)).select("path", "modificationTime", "length").toArrow()
        self._spark.traffic.came(found.num_rows, found.nbytes)
        return [(one["path"], f"{one['length']} {one['modificationTime'].isoformat()}") for one in found.to_pylist()]

    def _named(self, file: str) -> str:
        """A file by what follows the table's folder, however the cluster begins its name."""
        name = unquote(file)
        if self._path is None:
            return re.sub(r"^[a-z][a-z0-9+.-]*:", "", name).lstrip("/")
        folder = urlsplit(_before_wildcards(self._path)).path.strip("/")
        return name.partition(f"{folder}/")[2] or name


def _folder(file: str) -> str:
    """The folder that a file is in."""
    return unquote(file).rpartition("/")[0]


def _before_wildcards(path: str) -> str:
    """The folder below which the files are, such as /lake/sales of /lake/sales/year=20*/."""
    parts: list[str] = []
    for part in path.split("/"):
        if set(part) & set("*?[{"):
            break
        parts.append(part)
    return "/".join(parts)


def _spelled(files: Iterable[FileThere]) -> list[str]:
    """The names of files in the ways in which a cluster may write them."""
    names = [one.full for one in files]
    return sorted({form for name in names for form in (name, unquote(name), name.replace(":///", ":/", 1))})
