"""The columns a model's SQL gives and uses, followed through its tables, WITHs and subqueries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, ScopeType, traverse_scope

from kpi_pipeline.errors import did_you_mean, listed
from kpi_pipeline.load.fault import Fault
from kpi_pipeline.load.model_sql import tables_of
from kpi_pipeline.load.sql import SqlError, position, query
from kpi_pipeline.models import Model
from kpi_pipeline.names import TableRef
from kpi_pipeline.project import Project

Columns = Mapping[TableRef, tuple[str, ...]]
ALWAYS_THERE = frozenset({"rowid"})


def model_columns(project: Project, columns: Columns) -> Columns:
    """The given columns, and those of every model that follow from them; a model of unknown columns is left out.

    >>> from pathlib import Path
    >>> from kpi_pipeline.project import Settings
    >>> sales = Model(name="sales", sql="SELECT price * 2 AS amount FROM raw.lines", agg_time_dimension="day")
    >>> project = Project(Path(), Settings(name="shop"), models={"sales": sales})
    >>> model_columns(project, {TableRef("raw", "lines"): ("price",)})[TableRef("model", "sales")]
    ('amount',)
    """
    known = dict(columns)
    todo = [model for model in project.models.values() if TableRef("model", model.name) not in known]
    while todo:
        found = {model.name: names for model in todo if (names := _given_by(model, known)) is not None}
        if not found:
            break
        known.update({TableRef("model", name): names for name, names in found.items()})
        todo = [model for model in todo if model.name not in found]
    return known


def _given_by(model: Model, known: Columns) -> tuple[str, ...] | None:
    if model.table:
        return next((_of_table(table, known) for table in tables_of(model)), None)
    try:
        scopes = traverse_scope(query(model.sql or ""))
    except SqlError:
        return None
    return _output(scopes[-1], known) if scopes else None


def unknown_in_model(model: Model, known: Columns) -> Iterator[Fault]:
    """A fault for each column of a model's SQL that none of the tables it reads has."""
    try:
        tree = query(model.sql or "")
    except SqlError:
        return
    scopes = {id(scope.expression): scope for scope in traverse_scope(tree)}
    for column in tree.find_all(exp.Column):
        select = column.parent_select
        scope = scopes.get(id(select))
        if select is not None and scope is not None and not isinstance(column.this, exp.Star):
            yield from _unknown(column, model.sql or "", select, scope, known)


def _unknown(column: exp.Column, text: str, select: exp.Select, scope: Scope, known: Columns) -> Iterator[Fault]:
    visible: dict[str, tuple[str, ...] | None] = {}
    for one in _around(scope):
        for name, source in one.sources.items():
            visible.setdefault(name.lower(), _of_source(source, known))
    wanted, qualifier = column.name.lower(), column.table.lower()
    if qualifier in visible:
        names = visible[qualifier]
        if names is not None and wanted not in _lower(names) | ALWAYS_THERE:
            yield _fault(column, text, names, f"'{column.table}' has no column '{column.name}'")
        return
    if any(names is None for names in visible.values()):
        return
    every = tuple(name for names in visible.values() for name in names or ())
    aliases = _other_aliases(column, select)
    first = column.parts[0].name.lower()
    if first not in _lower(every) | aliases | ALWAYS_THERE:
        written = column.sql(dialect="duckdb")
        yield _fault(column, text, every, f"uses the column {written}, which none of its tables has")


def _other_aliases(column: exp.Column, select: exp.Select) -> frozenset[str]:
    """The names a query gives to its other columns; DuckDB lets a column use them."""
    own: exp.Expr = column
    while own.parent is not select and own.parent is not None:
        own = own.parent
    named = (part for part in select.selects if isinstance(part, exp.Alias) and part is not own)
    return frozenset(part.alias.lower() for part in named)


def _fault(column: exp.Column, text: str, names: tuple[str, ...], message: str) -> Fault:
    return Fault(message, *position(column.this, text), nearest_column(column.name, names))


def nearest_column(name: str, names: tuple[str, ...]) -> str:
    """The hint for a column that is not there."""
    by_lower = {one.lower(): one for one in names}
    near = did_you_mean(name.lower(), by_lower)
    if near is None:
        return f"the columns are {listed(names)}" if names else "the table has no columns"
    written = by_lower[near.split("'")[1]]
    shown = written if written.isidentifier() else f'"{written}"'
    return f"did you mean {shown}?"


def _around(scope: Scope) -> Iterator[Scope]:
    """The scope itself, and those whose tables its subquery may use too."""
    one: Scope | None = scope
    while one is not None:
        yield one
        one = one.parent if one.scope_type in (ScopeType.SUBQUERY, ScopeType.UDTF) else None


def _of_source(source: exp.Expr | Scope, known: Columns) -> tuple[str, ...] | None:
    if isinstance(source, Scope):
        return _output(source, known)
    return _of_table(source, known) if isinstance(source, exp.Table) else None


def _of_table(table: exp.Table, known: Columns) -> tuple[str, ...] | None:
    if table.args.get("pivots") or table.alias_column_names:
        return None
    return known.get(TableRef(table.db.lower(), table.name.lower()))


def _output(scope: Scope, known: Columns) -> tuple[str, ...] | None:
    """The columns a query gives; None where that cannot be told from the text."""
    tree = scope.expression
    if isinstance(tree, exp.SetOperation):
        names = _output(scope.set_operation_scopes[0], known)
    elif isinstance(tree, exp.Select):
        names = _selected(tree, scope, known)
    else:
        return None
    outer = tree.parent
    renamed = tuple(outer.alias_column_names) if isinstance(outer, exp.DerivedTable | exp.CTE | exp.Subquery) else ()
    return (*renamed, *names[len(renamed) :]) if names is not None else None


def _selected(tree: exp.Select, scope: Scope, known: Columns) -> tuple[str, ...] | None:
    names: list[str] = []
    for part in tree.selects:
        if isinstance(part, exp.Columns) or part.find(exp.Columns):
            return None
        if not part.is_star:
            names.append(part.alias_or_name)
            continue
        starred = _starred(part, scope, known)
        if starred is None:
            return None
        names.extend(starred)
    return tuple(names)


def _starred(part: exp.Expr, scope: Scope, known: Columns) -> tuple[str, ...] | None:
    star = part.this if isinstance(part, exp.Column) else part
    qualifier = part.table.lower() if isinstance(part, exp.Column) else ""
    names: list[str] = []
    for name, (_, source) in scope.selected_sources.items():
        if qualifier and name.lower() != qualifier:
            continue
        found = _of_source(source, known)
        if found is None:
            return None
        names.extend(one for one in found if one.lower() not in _lower(tuple(names)))
    left_out = {one.name.lower() for one in star.args.get("except_") or ()}
    renamed = {one.this.name.lower(): one.alias for one in star.args.get("rename") or ()}
    return tuple(renamed.get(one.lower(), one) for one in names if one.lower() not in left_out)


def _lower(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(name.lower() for name in names)
