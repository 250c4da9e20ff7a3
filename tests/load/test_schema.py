"""The JSON Schema that editors use accepts what the loader accepts."""

from __future__ import annotations

import json

from kpi_pipeline.load import json_schema
from kpi_pipeline.load.kinds import KINDS


def test_every_top_level_key_is_optional():
    schema = json_schema()

    assert set(schema["properties"]) == {kind.key for kind in KINDS}
    assert "required" not in schema
    assert schema["additionalProperties"] is False


def test_it_is_json():
    assert json.loads(json.dumps(json_schema()))["$schema"].startswith("https://json-schema.org/")


def test_keys_are_those_of_the_files():
    link = json_schema()["$defs"]["Link"]

    assert {"from", "to", "lag"} <= set(link["properties"])
    assert {"const": 0} in link["properties"]["lag"]["anyOf"]


def test_a_name_alone_is_enough_where_it_is():
    definitions = json_schema()["$defs"]

    assert "string" in definitions["InputMetric"]["anyOf"][0]["type"]
    assert "string" in definitions["Dimension"]["anyOf"][0]["type"]


def test_texts_may_look_like_numbers_and_shares_like_texts():
    definitions = json_schema()["$defs"]

    assert definitions["Team"]["properties"]["label"]["type"] == ["string", "number", "boolean"]
    assert definitions["StatusRules"]["anyOf"][1]["properties"]["at_risk_within"]["type"] == ["number", "string"]
    assert definitions["NotNull"]["properties"]["tolerate"]["type"] == ["number", "string"]


def test_choices_are_listed():
    assert json_schema()["$defs"]["Grain"]["enum"] == ["hour", "day", "week", "month", "quarter", "year"]
