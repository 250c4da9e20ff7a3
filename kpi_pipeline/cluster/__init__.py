"""Where rows that no single machine holds are reduced: Apache Spark, spoken to through Spark Connect.

The only room that imports pyspark.
"""

import os
import warnings

os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # what a connection fails by is said by our own messages

with warnings.catch_warnings():
    # NOTE: pyspark 4.2 warns of pandas 3 when it is imported; rows come and go as Arrow, never as pandas.
    warnings.simplefilter("ignore", FutureWarning)
    from kpi_pipeline.cluster.lakehouse import InLakehouse
    from kpi_pipeline.cluster.spark import Spark

__all__ = ["InLakehouse", "Spark"]
