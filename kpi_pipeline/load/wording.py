"""What a value should have been, in plain words: every message of pydantic said the way this project speaks."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_core import ErrorDetails

from kpi_pipeline.errors import Place, Problem, did_you_mean, listed
from kpi_pipeline.load.tree import Items, Scalar, Written

LOOKS_LIKE = {
    "currency": "three capital letters, such as GBP",
    "expectation": "the name of a Great Expectations expectation, such as expect_column_values_to_be_unique",
}


@dataclass(frozen=True)
class Misfit:
    """A value that does not fit: the error, where it is, and what the schema expects there."""

    error: ErrorDetails
    path: str
    """The way from the definition to the value, such as target.values[0].from; empty for the definition itself."""
    key: str
    """The key that is missing or unknown, if that is the trouble."""
    node: Written
    place: Place
    expected: dict[str, Any]
    around: dict[str, Any]

    @property
    def kind(self) -> str:
        """What pydantic calls the error."""
        return self.error["type"]

    @property
    def context(self) -> dict[str, Any]:
        """What pydantic adds to it, such as a bound."""
        return self.error.get("ctx", {})

    @property
    def written(self) -> str:
        """The value as it stands in the file."""
        if isinstance(self.node, Scalar):
            return f"'{self.node.written}'" if self.node.text is not None else "empty"
        return "a list" if isinstance(self.node, Items) else "a mapping of keys"

    @property
    def empty(self) -> bool:
        """Whether nothing is written there."""
        return isinstance(self.node, Scalar) and self.node.text is None

    @property
    def required(self) -> bool:
        """Whether the key may not be left out."""
        return self.path.rsplit(".", 1)[-1] in self.around.get("required", ())

    @property
    def choices(self) -> tuple[str, ...]:
        """The values allowed here, where there is a list of them."""
        return tuple(str(one) for one in self.expected.get("enum", ()))


def sentence(misfits: Sequence[Misfit], subject: str) -> Problem:
    """One problem for all that pydantic says about one place."""
    first = misfits[0]
    if first.key:
        return _about_key(first, subject)
    here = f"{subject}: '{first.path}'" if first.path else subject
    if first.empty and first.kind != "value_error":
        return Problem(f"{here} is empty.", first.place, _hint_for_nothing(first, _filled(first, "a value")))
    if len(misfits) > 1:
        return _about_alternatives(misfits, here)
    for kinds, say in SENTENCES:
        if first.kind in kinds:
            message, hint = say(first)
            return Problem(f"{here}{message}.", first.place, hint)
    return Problem(f"{here} is {first.written}: {_lower(first.error['msg'])}.", first.place, _hint_for(first))


def _about_key(misfit: Misfit, subject: str) -> Problem:
    within = f"{subject}: '{misfit.path}'" if misfit.path else subject
    if misfit.kind == "missing":
        return Problem(
            f"{within} has no '{misfit.key}'.", misfit.place, _hint_for_nothing(misfit, f"add '{misfit.key}'")
        )
    known = tuple(misfit.around.get("properties", ()))
    near = did_you_mean(misfit.key, known)
    hint = near or (f"known keys here are {listed(known, most=30)}" if known else None)
    return Problem(f"{within} has the key '{misfit.key}', which is not known.", misfit.place, hint)


def _about_alternatives(misfits: Sequence[Misfit], here: str) -> Problem:
    """Several ways to write the value were tried and none fits."""
    ways = [_expected(misfit) for misfit in misfits]
    return Problem(
        f"{here} is {misfits[0].written}, which is none of the ways to write it.",
        misfits[0].place,
        "write " + ", or ".join(dict.fromkeys(ways)),
    )


def _expected(misfit: Misfit) -> str:
    if misfit.kind in ("literal_error", "enum"):
        return str(misfit.context["expected"])
    if misfit.kind == "greater_than_equal":
        return f"a number of at least {misfit.context['ge']}"
    if misfit.kind == "value_error":
        text = str(misfit.context["error"])
        return re.split(r"; (?:write|write it like) ", text)[-1]
    return _lower(misfit.error["msg"])


def _hint_for(misfit: Misfit) -> str | None:
    key = misfit.key or misfit.path.rsplit(".", 1)[-1]
    if misfit.choices:
        return f"write one of {listed(misfit.choices, most=20)}"
    described = _described(misfit)
    return f"'{key}' is {described}" if described else None


def _described(misfit: Misfit) -> str:
    """What the key means, in words that go on after "is"; empty where only a whole sentence says it."""
    described = str(misfit.expected.get("description", ""))
    return described if described and "\n" not in described and not described[0].isupper() else ""


def _hint_for_nothing(misfit: Misfit, way_out: str) -> str:
    """What to write where nothing is written."""
    if misfit.choices:
        return f"write one of {listed(misfit.choices, most=20)}"
    described = _described(misfit)
    return f"{way_out}: {described}" if described else way_out


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:].rstrip(".")


Said = tuple[str, str | None]
"""The rest of the sentence after the subject, and the hint."""


def _not_allowed(misfit: Misfit) -> Said:
    choices = misfit.choices or tuple(re.findall(r"'([^']*)'", str(misfit.context.get("expected", ""))))
    value = misfit.node.text if isinstance(misfit.node, Scalar) else None
    near = did_you_mean(value.lower(), choices) if value else None
    return f" is {misfit.written}, which is not one of {listed(choices, most=20)}", near


def _unknown_type(misfit: Misfit) -> Said:
    choices = re.findall(r"'([^']*)'", str(misfit.context["expected_tags"]))
    near = did_you_mean(str(misfit.context["tag"]), choices)
    return f" has the type '{misfit.context['tag']}', which is not one of {listed(choices, most=20)}", near


def _no_type(misfit: Misfit) -> Said:
    tags = tuple(misfit.expected.get("discriminator", {}).get("mapping", ()))
    return " has no 'type'", f"add 'type', one of {listed(tags, most=20)}"


def _our_own_words(misfit: Misfit) -> Said:
    text = str(misfit.context["error"])
    if isinstance(misfit.node, Scalar) and misfit.node.text and misfit.node.text != misfit.node.written:
        text = text.replace(misfit.node.text, misfit.node.written)
    if text.startswith("could not convert string to float"):
        return f" is {misfit.written}, which is not a share", "write it like 10% or 0.1"
    what, _, hint = text.partition("; ")
    return f": {what}", hint or _name_hint(misfit)


def _name_hint(misfit: Misfit) -> str | None:
    text = misfit.node.text if isinstance(misfit.node, Scalar) else None
    if not text:
        return None
    if text == "company":
        return "the company is not a team; leave the key out where everybody is meant"
    return "'all' stands for the total in the published tables" if text == "all" else None


def _not_text(misfit: Misfit) -> Said:
    return f" is {misfit.written}, not a single text", "quote it if it begins with [ or {"


def _not_list(misfit: Misfit) -> Said:
    return f" is {misfit.written}, not a list", f"write it in brackets: [{_bare(misfit)}]"


def _bare(misfit: Misfit) -> str:
    return misfit.node.written if isinstance(misfit.node, Scalar) and misfit.node.written else "..."


def _not_mapping(misfit: Misfit) -> Said:
    if "discriminator" in misfit.expected:
        return f" is {misfit.written}, not a mapping of keys", "write its keys, the first of them 'type'"
    known = tuple(misfit.expected.get("properties", ()))
    if known[:1] == ("name",):
        return f" is {misfit.written}, not a name", f"write a name, or these keys: {listed(known)}"
    hint = f"write it with its keys: {listed(known)}" if known else "write it as key: value"
    return f" is {misfit.written}, not a mapping of keys", hint


def _not_number(misfit: Misfit) -> Said:
    plain = re.sub(r"[,_ ']", "", _bare(misfit))
    hint = f"write {plain}" if re.fullmatch(r"-?\d+(\.\d+)?", plain) else None
    return f" is {misfit.written}, which is not a number", hint


def _not_whole(misfit: Misfit) -> Said:
    return f" is {misfit.written}, which is not a whole number", None


def _not_bool(misfit: Misfit) -> Said:
    return f" is {misfit.written}, which is neither true nor false", "write true or false"


def _not_date(misfit: Misfit) -> Said:
    return f" is {misfit.written}, which is not a date", "write 2010-09-30, 2010-09, 2010-Q3, 2010-W39 or 2010"


def _not_window(misfit: Misfit) -> Said:
    return f" is {misfit.written}, which is not a length of time", "write it like '28 days', '4 weeks' or '1 year'"


def _out_of_bounds(misfit: Misfit) -> Said:
    words = {"gt": "greater than", "ge": "at least", "lt": "less than", "le": "at most"}
    asked = " and ".join(f"{words[key]} {bound:g}" for key, bound in misfit.context.items() if key in words)
    return f" is {misfit.written}; it must be {asked}", None


def _too_short(misfit: Misfit) -> Said:
    what = "a value" if isinstance(misfit.node, Scalar) else "at least one member"
    return " is empty", _filled(misfit, what)


def _filled(misfit: Misfit, what: str) -> str:
    return f"write {what}" if misfit.required else f"write {what}, or take the key away"


def _looks_wrong(misfit: Misfit) -> Said:
    key = misfit.path.rsplit(".", 1)[-1]
    like = LOOKS_LIKE.get(key) or _hint_for(misfit) or f"it must match {misfit.context.get('pattern')}"
    return f" is {misfit.written}, which does not look as it must", like


def _one_letter(misfit: Misfit) -> Said:
    return f" is {misfit.written}, which is too long", f"at most {misfit.context.get('max_length')} characters"


SENTENCES: tuple[tuple[frozenset[str], Callable[[Misfit], Said]], ...] = (
    (frozenset({"enum", "literal_error"}), _not_allowed),
    (frozenset({"union_tag_invalid"}), _unknown_type),
    (frozenset({"union_tag_not_found"}), _no_type),
    (frozenset({"value_error"}), _our_own_words),
    (frozenset({"string_type"}), _not_text),
    (frozenset({"list_type", "tuple_type"}), _not_list),
    (frozenset({"dict_type", "model_type", "model_attributes_type"}), _not_mapping),
    (frozenset({"float_parsing", "float_type", "finite_number"}), _not_number),
    (frozenset({"int_parsing", "int_type", "int_from_float"}), _not_whole),
    (frozenset({"bool_parsing", "bool_type"}), _not_bool),
    (frozenset({"date_type", "date_parsing", "date_from_datetime_parsing"}), _not_date),
    (frozenset({"dataclass_type", "dataclass_exact_type"}), _not_window),
    (frozenset({"greater_than", "greater_than_equal", "less_than", "less_than_equal"}), _out_of_bounds),
    (frozenset({"too_short", "string_too_short"}), _too_short),
    (frozenset({"string_pattern_mismatch"}), _looks_wrong),
    (frozenset({"string_too_long"}), _one_letter),
)
