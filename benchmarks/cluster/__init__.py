"""Rows in a lakehouse: the same KPIs by DuckDB, Sail and Spark, and what more rows, segments and metrics would cost."""
