"""From the tree of one definition to its frozen noun; what does not fit is said in plain sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from kpi_pipeline.errors import Place, Problem
from kpi_pipeline.load.kinds import Kind
from kpi_pipeline.load.tree import Fields, Items, Written
from kpi_pipeline.load.wording import Misfit, sentence
from kpi_pipeline.load.yaml_file import as_value
from kpi_pipeline.names import Noun

FREE_FORM = "arguments"
"""The key whose content is not ours: its values are what YAML says they are, not text."""

Schema = dict[str, Any]


def to_noun(kind: Kind, node: Written, subject: str) -> tuple[Noun | None, tuple[Problem, ...]]:
    """The noun, or None and everything that keeps it from being one."""
    try:
        return kind.adapter.validate_python(_values(node)), ()
    except ValidationError as problem:
        schema = kind.adapter.json_schema(by_alias=True)
        found = [_located(error, node, schema) for error in problem.errors(include_url=False)]
        return None, tuple(_told(found, subject))


def _values(node: Written) -> object:
    if isinstance(node, Items):
        return [_values(member) for member in node.members]
    if isinstance(node, Fields):
        return {key.text: _free(value) if key.text == FREE_FORM else _values(value) for key, value in node.entries}
    return node.text


def _free(node: Written) -> object:
    if isinstance(node, Items):
        return [_free(member) for member in node.members]
    if isinstance(node, Fields):
        return {key.text: _free(value) for key, value in node.entries}
    return as_value(node)


def _located(error: ErrorDetails, node: Written, schema: Schema) -> Misfit:
    """Finds the place in the tree that an error of pydantic speaks of, and what the schema expects there.

    Its location mixes keys with the tags of unions, so each step is tried against the tree.
    """
    here, expected, path = node, _resolved(schema, schema), ""
    around = expected
    place, fresh = node.place, True
    steps: Sequence[int | str] = error["loc"]
    for number, step in enumerate(steps):
        last = number == len(steps) - 1
        if isinstance(here, Fields) and isinstance(step, str):
            if fresh and "discriminator" in expected and here.text("type") == step:
                expected, fresh = _tagged(expected, step, schema), False
                continue
            key = here.key(step)
            if key is None:
                if last and error["type"] == "missing":
                    return Misfit(error, path, step, here, here.place, _property(expected, step, schema), expected)
                break
            if last and error["type"] == "extra_forbidden":
                return Misfit(error, path, step, here, key.place, {}, expected)
            value = here.get(step)
            assert value is not None
            here, place, fresh = value, value.place, True
            around, expected = expected, _property(expected, step, schema)
            path = f"{path}.{step}" if path else step
        elif isinstance(here, Items) and isinstance(step, str) and "items" in _property(expected, step, schema):
            # NOTE: a list in the place of a thing is short for the one key of it that holds a list.
            expected = _property(expected, step, schema)
        elif isinstance(here, Items) and isinstance(step, int) and step < len(here.members):
            here, fresh = here.members[step], True
            place = here.place
            expected = _resolved(expected.get("items", {}), schema)
            path = f"{path}[{step}]"
        else:
            break
    if error["type"] == "union_tag_invalid" and isinstance(here, Fields) and (tag := here.get("type")):
        place = tag.place
    return Misfit(error, path, "", here, place, expected, around)


def _told(misfits: Sequence[Misfit], subject: str) -> Iterator[Problem]:
    """One problem a place: the branches of a union that all failed are one thing to the reader.

    A list of which no member fits is called too short as well; what is wrong with the members is enough.
    """
    told: set[tuple[Place, str]] = set()
    for misfit in misfits:
        if misfit.kind == "too_short" and any(one.path.startswith(f"{misfit.path}[") for one in misfits):
            continue
        spot = (misfit.place, misfit.key or misfit.path)
        if spot in told:
            continue
        told.add(spot)
        together = [one for one in misfits if (one.place, one.key or one.path) == spot]
        yield sentence(together, subject)


def _resolved(schema: Schema, root: Schema) -> Schema:
    """The part of a JSON schema that describes keys or members, behind references and alternatives."""
    if reference := schema.get("$ref"):
        return _resolved(root["$defs"][str(reference).rsplit("/", 1)[1]], root)
    for branch in schema.get("anyOf", ()):
        if branch.get("type") != "null":
            found = _resolved(branch, root)
            if len(schema["anyOf"]) == 2 or {"properties", "discriminator", "items"} & found.keys():
                return {**found, "description": schema.get("description", found.get("description", ""))}
    return schema


def _tagged(schema: Schema, tag: str, root: Schema) -> Schema:
    reference = schema["discriminator"]["mapping"].get(tag)
    return _resolved({"$ref": reference}, root) if reference else {}


def _property(schema: Schema, key: str, root: Schema) -> Schema:
    found = schema.get("properties", {}).get(key, schema.get("additionalProperties", {}))
    return _resolved(found, root) if isinstance(found, dict) else {}
