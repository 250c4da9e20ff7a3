"""Spark's types by the names that DuckDB has for them: definitions speak DuckDB's SQL, wherever it is carried out."""

from __future__ import annotations

from pyspark.sql import types as spark

_NAMES: dict[type[spark.DataType], str] = {
    spark.BooleanType: "BOOLEAN",
    spark.ByteType: "TINYINT",
    spark.ShortType: "SMALLINT",
    spark.IntegerType: "INTEGER",
    spark.LongType: "BIGINT",
    spark.FloatType: "FLOAT",
    spark.DoubleType: "DOUBLE",
    spark.StringType: "VARCHAR",
    spark.CharType: "VARCHAR",
    spark.VarcharType: "VARCHAR",
    spark.BinaryType: "BLOB",
    spark.DateType: "DATE",
    spark.TimestampType: "TIMESTAMP WITH TIME ZONE",
    spark.TimestampNTZType: "TIMESTAMP",
    spark.NullType: '"NULL"',
}


def named_as_duckdb(kind: spark.DataType) -> str:
    """The type's name in DuckDB; that of Spark where DuckDB has none.

    >>> named_as_duckdb(spark.DecimalType(10, 2)), named_as_duckdb(spark.ArrayType(spark.LongType()))
    ('DECIMAL(10,2)', 'BIGINT[]')
    """
    if isinstance(kind, spark.DecimalType):
        return f"DECIMAL({kind.precision},{kind.scale})"
    if isinstance(kind, spark.ArrayType):
        return f"{named_as_duckdb(kind.elementType)}[]"
    if isinstance(kind, spark.StructType):
        fields = ", ".join(f'"{one.name}" {named_as_duckdb(one.dataType)}' for one in kind.fields)
        return f"STRUCT({fields})"
    return _NAMES.get(type(kind), kind.simpleString().upper())
