"""What no SQL of definitions and questions may do: look at anything but rows, or be nested without end.

The engine refuses files, networks and extensions by itself once the sources are staged (`Warehouse.shut`); this is the
first of the two locks, and the one that says where the trouble stands.
"""

from __future__ import annotations

import re

from sqlglot import expressions as exp

DEEPEST = 60
"""How deep an expression may be nested; a chain of alike operators, such as `a AND b AND c`, counts once."""

FORBIDDEN = frozenset({
    "add_parquet_key", "alias", "arrow_scan", "checkpoint", "copy_database", "current_catalog", "current_connection_id",
    "current_database", "current_query", "current_query_id", "current_role", "current_schema", "current_schemas",
    "current_setting", "current_transaction_id", "current_user", "force_checkpoint", "from_substrait",
    "from_substrait_json", "get_block_size", "getenv", "getvariable", "glob", "import_database", "in_search_path",
    "json_deserialize_sql", "json_execute_serialized_sql", "json_serialize_plan", "json_serialize_sql", "pandas_scan",
    "parse_duckdb_log_message", "platform", "query", "query_table", "seq_scan", "session_user", "set_config", "setval",
    "sleep_ms", "sniff_csv", "stats", "truncate_duckdb_logs", "user", "version", "which_secret", "write_log",
})  # fmt: skip
FORBIDDEN_FAMILIES = re.compile(
    r"(read|parquet|duckdb|pragma|pg|inet|has|python|sqlite|postgres|mysql|iceberg|delta|st_read|enable|disable|http"
    r"|create|destroy|register|deregister)_.+|.+_scan(_dumb)?|__internal_.+|has_.+_privilege"
)
"""Functions that read files, settings, the environment or the catalogue, run other SQL, wait, or write."""
ALLOWED = frozenset({"create_sort_key"})

FORBIDDEN_NODES: tuple[type[exp.Expr], ...] = (
    exp.CurrentUser,
    exp.CurrentRole,
    exp.SessionUser,
    exp.CurrentVersion,
    exp.CurrentSchema,
    exp.CurrentSchemas,
    exp.CurrentDatabase,
    exp.CurrentCatalog,
    exp.ReadCSV,
    exp.ReadParquet,
)


def looks_elsewhere(node: exp.Expr) -> str | None:
    """What a part of a query calls, if it looks at something else than rows; None where it does not.

    >>> import sqlglot
    >>> looks_elsewhere(sqlglot.parse_one("getenv('HOME')", read="duckdb"))
    'getenv()'
    >>> looks_elsewhere(sqlglot.parse_one("upper(country)", read="duckdb"))
    """
    if isinstance(node, exp.Anonymous):
        name = node.name.lower()
    elif isinstance(node, FORBIDDEN_NODES):
        return node.sql(dialect="duckdb").lower()
    else:
        return None
    forbidden = name in FORBIDDEN or (FORBIDDEN_FAMILIES.fullmatch(name) and name not in ALLOWED)
    return f"{name}()" if forbidden else None


def too_deep(tree: exp.Expr) -> bool:
    """Whether a query or expression is nested deeper than anybody writes.

    >>> import sqlglot
    >>> too_deep(sqlglot.parse_one(" AND ".join(["a"] * 300), read="duckdb")), too_deep(exp.paren(exp.column("a")))
    (False, False)
    """
    level = [tree]
    for _ in range(DEEPEST):
        level = [below for one in level for below in _below(one)]
        if not level:
            return False
    return True


def _below(node: exp.Expr) -> list[exp.Expr]:
    """The parts of a node; those of a chain of alike operators are all on one level."""
    found: list[exp.Expr] = []
    alike = [node]
    while alike:
        for part in alike.pop().iter_expressions():
            if isinstance(part, exp.Binary) and type(part) is type(node):
                alike.append(part)
            else:
                found.append(part)
    return found
