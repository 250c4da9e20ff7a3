"""Database: a table, or the rows of a query, of a database that keeps its own types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, SecretStr, model_validator

from kpi_pipeline.names import Noun

if TYPE_CHECKING:
    from sqlglot import expressions as exp

Driver = Literal["postgresql", "sqlite", "snowflake", "bigquery"]
DIALECTS: dict[Driver, str] = {
    "postgresql": "postgres",
    "sqlite": "sqlite",
    "snowflake": "snowflake",
    "bigquery": "bigquery",
}
"""What sqlglot calls the SQL of each driver."""


class Chunks(Noun):
    """Parts of a large table that are read at the same time, all of them as the table was at one moment."""

    count: int = Field(ge=2, le=32, description="how many parts, each with a connection of its own")
    column: str | None = Field(
        default=None,
        description="the number, day or moment whose range is cut into parts; by default a table is cut by where its "
        "rows lie on the disk",
    )


class DatabaseConnector(Noun):
    """A table or query of a database, read through its ADBC driver; nothing is ever written there."""

    type: Literal["database"] = Field(description="the kind of connector")
    driver: Driver = Field(description="the kind of database; each is an extra, such as `kpi-pipeline[postgres]`")
    uri: SecretStr | None = Field(
        default=None,
        description='how to connect: "${ERP_URL}", never written out; for sqlite the path of the file',
    )
    options: dict[str, SecretStr] = Field(
        default_factory=dict,
        description="what the driver asks for beside it, such as adbc.bigquery.sql.project_id",
    )
    table: str | None = Field(default=None, description="such as public.invoices")
    query: str | None = Field(default=None, description="a SELECT in the database's own SQL, in place of `table`")
    chunks: Chunks | None = Field(default=None, description="postgresql: parts to be read at the same time")

    @model_validator(mode="after")
    def _says_which_rows(self) -> Self:
        if (self.table is None) == (self.query is None):
            raise ValueError("a database's rows come from a 'table' or a 'query': write one of the two")
        if self.uri is None and (self.driver == "postgresql" or not self.options):
            raise ValueError("'uri' says how to connect: write it like \"${ERP_URL}\" and set that variable")
        if self.driver == "sqlite" and self.options:
            raise ValueError("a sqlite file is named by 'uri' alone, its path; it has no 'options'")
        self.rows_wanted()
        if self.chunks and self.driver != "postgresql":
            raise ValueError(f"'chunks' are for postgresql; the driver of {self.driver} reads without them")
        if self.chunks and self.query and self.chunks.column is None:
            raise ValueError("a query is cut into 'chunks' by a 'column': say by which")
        return self

    @property
    def dialect(self) -> str:
        """What sqlglot calls the database's SQL."""
        return DIALECTS[self.driver]

    @property
    def where(self) -> str:
        """The table, or that it is a query, for people."""
        return self.table or f"a query on {self.driver}"

    def rows_wanted(self) -> exp.Table | exp.Subquery:
        """The table or query as what a SELECT is from, every name in it quoted as it must be.

        Raises:
            ValueError: it is neither the name of a table nor one SELECT.
        """
        # NOTE: sqlglot takes a quarter of a second to import; commands that read no database do without it.
        import sqlglot
        from sqlglot import expressions as exp
        from sqlglot.errors import SqlglotError

        if self.table is not None:
            parts = _name_parts(self.table)
            names = [exp.to_identifier(part, quoted=True) for part in parts]
            return exp.Table(**dict(zip(("this", "db", "catalog"), reversed(names), strict=False)))
        try:
            statements = sqlglot.parse(self.query or "", dialect=self.dialect)
        except SqlglotError as problem:
            said = str(problem).splitlines()[0]
            raise ValueError(f"'query' cannot be read: {said}") from None
        if len(statements) != 1 or not isinstance(statements[0], exp.Query):
            raise ValueError("'query' must be one SELECT: the pipeline reads, and changes nothing there")
        return statements[0].subquery("rows_wanted")


def _name_parts(table: str) -> list[str]:
    """The parts of a table's name; a part in double quotes may hold dots."""
    parts, part, inside = [], "", False
    for letter in table.strip():
        if letter == '"':
            inside = not inside
        elif letter == "." and not inside:
            parts.append(part)
            part = ""
        else:
            part += letter
    parts.append(part)
    if inside or len(parts) > 3 or not all(parts):
        raise ValueError(f"'{table}' does not name a table; write it like invoices or public.invoices")
    return parts
