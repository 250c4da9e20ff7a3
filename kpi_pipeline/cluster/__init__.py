"""Where rows that no single machine holds are reduced: Apache Spark, spoken to through Spark Connect.

The only room that imports pyspark.
"""

import warnings

with warnings.catch_warnings():
    # NOTE: pyspark 4.2 warns of pandas 3 when it is imported; rows come and go as Arrow, never as pandas.
    warnings.simplefilter("ignore", FutureWarning)
    from kpi_pipeline.cluster.lakehouse import InLakehouse
    from kpi_pipeline.cluster.spark import Spark, Traffic

__all__ = ["InLakehouse", "Spark", "Traffic"]
