"""Does one KPI come before another? Pure functions of series of numbers; they know nothing of KPIs, tables or files.

The nouns and the names of inputs are light. Testing needs scipy and statsmodels, whose import costs more than a second
of processor time, so those who have something to test import it there and then:

    from kpi_pipeline.evidence.protocol import test          # a Claim -> Tested
    from kpi_pipeline.evidence.verdict import judge_all      # many Tested -> as many Evidence
    from kpi_pipeline.evidence.discover import discover      # series by name -> Discovery
"""

from kpi_pipeline.evidence.inputs import PROTOCOL_VERSION, input_hash
from kpi_pipeline.evidence.nouns import Candidate, Claim, Evidence, Reason, Series, Tested, Window

__all__ = [
    "PROTOCOL_VERSION",
    "Candidate",
    "Claim",
    "Evidence",
    "Reason",
    "Series",
    "Tested",
    "Window",
    "input_hash",
]
