"""The page about the published tables, made from the contract: `python -m kpi_pipeline.publish.reference`."""

from __future__ import annotations

from kpi_pipeline.markdown import markdown_table
from kpi_pipeline.publish.contract import SCHEMA_VERSION, TABLES
from kpi_pipeline.publish.stable_views import AS_OF_QUERY
from kpi_pipeline.publish.table import Table
from kpi_pipeline.publish.view import View
from kpi_pipeline.publish.views import STABLE_VIEWS

_OPENING = f"""
# The published tables

<!-- Made by `python -m kpi_pipeline.publish.reference`; edit kpi_pipeline/publish/contract.py instead. -->

These tables are the contract with BI tools, version {SCHEMA_VERSION}: a change of a name, of a type, or of whether a
value may be missing is breaking and raises `snapshot.schema_version`. They lie in the default schema of the published
DuckDB file, in the schema `kpi` of a PostgreSQL server, and as `<run>/<table>.parquet` in the Parquet folder, where the
file `latest` names the run to read. Open the DuckDB file read-only; a connection sees one snapshot, and the next one
when it reconnects. In PostgreSQL VARCHAR is `text`, DOUBLE is `double precision`, and keys are declared.

## How to read them
* Days are DATE and business days; moments are TIMESTAMPTZ in UTC. A period includes its `period_start` and ends before
  its `period_end`.
* The total is the segment `all` of the breakdown `all`. Do not add it to the segments, and do not add up segments where
  people or orders can be in several: the total is computed from the rows.
* A value that cannot be computed is missing, never 0. NaN and infinity are never published.
* Where `numerator` and `denominator` are given, roll a ratio up as `sum(numerator) / sum(denominator)`.
* While `is_complete` is false the period is in progress: its value will still change.
* Amounts are in the currency of the KPI; `percent` is a share, so 0.25 is 25 %.
""".strip()

_WIDE = """
### kpi_wide_day, kpi_wide_week, kpi_wide_month, ...
One row a period, one column a KPI of that grain, totals only. Made from the project's own names, so they change with
its definitions.

### `<model>_<grain>`
One row a period and segment, with the model's dimensions and metrics as columns, one breakdown beside the other: the
rows of a breakdown have NULL in the dimensions they are not broken down by, so filter on `breakdown` before adding up.
Made from the project's own names as well.
""".strip()

_AS_OF = f"""
### kpi_as_of(moment)
`kpi_value` as it was published at a moment (without comparisons and projections):

```sql
SELECT * FROM kpi_as_of(TIMESTAMPTZ '2011-03-01 00:00:00+00');
```

It needs the published file to be the current database: open it, or `ATTACH` it and `USE` it. In PostgreSQL it is a
function of the schema: `SELECT * FROM kpi.kpi_as_of('2011-03-01 00:00:00+00')`. On Parquet, write the query it stands
for, with the moment put in:

```sql
{AS_OF_QUERY};
```
""".strip()


def reference_markdown() -> str:
    """All tables and views with their columns, types and meanings, as one page."""
    parts = [
        _OPENING,
        "## Tables",
        *(_table_section(table) for table in TABLES),
        "## Views",
        *(_view_section(view) for view in STABLE_VIEWS),
        _WIDE,
        _AS_OF,
    ]
    return "\n\n".join(parts) + "\n"


def _table_section(table: Table) -> str:
    key = f" Key: {', '.join(f'`{name}`' for name in table.key)}." if table.key else ""
    rows = (
        (f"`{column.name}`", column.type.value, "yes" if column.nullable else "", column.comment)
        for column in table.columns
    )
    return f"### {table.name}\n{table.comment}.{key}\n\n" + markdown_table(
        ("column", "type", "may be missing", "meaning"), rows
    )


def _view_section(view: View) -> str:
    rows = ((f"`{name}`", words) for name, words in view.columns.items())
    return f"### {view.name}\n{view.comment}.\n\n" + markdown_table(("column", "meaning"), rows)


if __name__ == "__main__":
    print(reference_markdown(), end="")
