"""Which columns of a model hold personal values: those made from personal columns of its sources, under any name.

What is masked must not depend on what a query calls it. Where the SQL leaves it open, the column counts as personal.
"""

from __future__ import annotations

from collections.abc import Iterator

import sqlglot
from sqlglot import expressions as exp

from kpi_pipeline.models import Model
from kpi_pipeline.project import Project

TELLS_NOTHING = (exp.Count, exp.Is)
"""What gives nothing away of the values it looks at: how many there are, and whether there is one."""


def personal_columns(project: Project, model: Model) -> frozenset[str]:
    """The names, in small letters, of a model's personal columns and of everything its SQL makes from them on the way.

    >>> from pathlib import Path
    >>> from kpi_pipeline.project import Settings
    >>> from kpi_pipeline.sources import Source
    >>> calls = Source(name="calls", connector={"type": "file", "path": "calls.csv"}, personal=("Caller",))
    >>> model = Model(name="m", sql='SELECT upper("Caller") AS who, day FROM raw.calls', agg_time_dimension="day")
    >>> sorted(personal_columns(Project(Path(), Settings(name="desk"), sources={"calls": calls}), model))
    ['caller', 'who']
    """
    tree = sqlglot.parse_one(model.sql or f"SELECT * FROM {model.table}", read="duckdb")
    found: set[str] = set()
    rows: set[str] = set()
    for table in tree.find_all(exp.Table):
        if below := _of_table(project, table):
            found |= below
            # NOTE: a table's own name is a column that holds its whole row.
            rows.add(table.alias_or_name.lower())
    while found:
        new = {name.lower() for name in _made_from(tree, frozenset(found | rows))} - found
        if not new:
            break
        found |= new
    return frozenset(found)


def _of_table(project: Project, table: exp.Table) -> frozenset[str]:
    schema, name = table.db.lower(), table.name.lower()
    if schema == "raw" and name in project.sources:
        return frozenset(column.lower() for column in project.sources[name].personal)
    if schema == "model" and name in project.models:
        return personal_columns(project, project.models[name])
    return frozenset()


def _made_from(tree: exp.Expr, names: frozenset[str]) -> Iterator[str]:
    """What a query calls the columns that are made from columns of these names."""
    for select in tree.find_all(exp.Select):
        yield from (one.alias_or_name for one in select.expressions if _reads(one, names))
    for star in tree.find_all(exp.Star):
        changed = (*(star.args.get("replace") or ()), *(star.args.get("rename") or ()))
        yield from (one.alias_or_name for one in changed if _reads(one, names))
    for union in tree.find_all(exp.SetOperation):
        for left, right in zip(union.left.selects, union.right.selects, strict=False):
            if _reads(right, names) or right.alias_or_name.lower() in names:
                yield left.alias_or_name
    for query in tree.find_all(exp.DerivedTable):
        yield from _renamed(query, names)


def _renamed(query: exp.DerivedTable, names: frozenset[str]) -> Iterator[str]:
    """The names that stand behind a query's alias, as in WITH lines(day, who) AS (SELECT ...)."""
    inner = query.this.selects if isinstance(query.this, exp.Query) else []
    starred = any(one.is_star for one in inner)
    for place, alias in enumerate(query.alias_column_names):
        if starred or place >= len(inner) or inner[place].alias_or_name.lower() in names:
            yield alias


def _reads(part: exp.Expr, names: frozenset[str]) -> bool:
    """Whether a value of one of these columns can be seen in what the expression gives."""
    return any(
        isinstance(node, exp.Column) and node.name.lower() in names
        for node in part.walk(prune=lambda node: isinstance(node, TELLS_NOTHING))
    )
