"""Folders that say something of the rows in them: year=2024/month=05 gives every row a year and a month."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from urllib.parse import unquote

from sqlglot import expressions as exp

from kpi_pipeline.errors import DataError
from kpi_pipeline.ingest.tables import kind_of
from kpi_pipeline.plan import Executor
from kpi_pipeline.sources.file import FileConnector

NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
"""What such folders are called where the value is unknown."""

Partition = tuple[tuple[str, str | None], ...]
"""The names and values of a file's folders, outermost first; None for unknown."""


def partition_of(connector: FileConnector, name: str) -> Partition:
    """The columns that a file's folders give its rows.

    >>> connector = FileConnector(type="file", path="data/**/*.csv")
    >>> partition_of(connector, "data/year=2024/city=S%C3%A3o Paulo/a.csv")
    (('year', '2024'), ('city', 'São Paulo'))
    """
    if connector.hive is False:
        return ()
    pairs = [folder.partition("=") for folder in PurePosixPath(name).parts[:-1]]
    found = tuple((key, None if value == NO_VALUE else unquote(value)) for key, sign, value in pairs if key and sign)
    if connector.hive and not found:
        raise DataError(
            f"{name} lies in no folder such as year=2024, and the source says `hive: true`.\n"
            "Hint: move it into one, or narrow the source's path to the folders that are meant."
        )
    names = [key.lower() for key, _ in found]
    for key in names:
        if names.count(key) > 1:
            raise DataError(
                f"Two folders of {name} are called '{key}=…'.\nHint: rename one of them, or write `hive: false`."
            )
    return found


def refuse_conflicts(
    executor: Executor,
    name: str,
    partition: Partition,
    relation: exp.Expr,
    columns: Sequence[tuple[str, exp.Expr, str]],
) -> None:
    """A column that is in the file, too, must say there what the folder says.

    Args:
        executor: Where the file was landed.
        name: The file's.
        partition: What its folders say.
        relation: Its rows.
        columns: Name, value and type of each column in it.
    """
    own = {column.lower(): (column, value, kind) for column, value, kind in columns}
    for key, said in partition:
        if key.lower() not in own:
            continue
        column, value, kind = own[key.lower()]
        wanted = exp.null() if said is None else exp.TryCast(this=exp.Literal.string(said), to=kind_of(kind))
        differs = exp.NullSafeNEQ(this=value.copy(), expression=wanted)
        other = executor.rows(
            exp.select(exp.cast(value.copy(), "VARCHAR")).from_(relation.copy()).where(differs).limit(1)
        )
        if other:
            raise DataError(
                f"{name} has a column '{column}' with the value {_shown(other[0][0])}, and lies in the folder "
                f"'{key}={NO_VALUE if said is None else said}'.\n"
                "Hint: rename the column or the folder; `hive: false` takes the file's column alone."
            )


def _shown(value: object) -> str:
    return "unknown" if value is None else f"'{value}'"
