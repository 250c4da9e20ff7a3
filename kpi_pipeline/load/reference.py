"""The page about the definition files, made from the nouns: `python -m kpi_pipeline.load.reference`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from inspect import getdoc
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from kpi_pipeline.calendar import YearEnd
from kpi_pipeline.load.kinds import KINDS
from kpi_pipeline.markdown import markdown_table
from kpi_pipeline.names import Condition, Expression, Name, Named, Noun, Share
from kpi_pipeline.periods import OF_DAYS, DayGrain, FirstDay, LastDay, Window

_OPENING = """
# The definition files

<!-- Made by `python -m kpi_pipeline.load.reference`; edit the nouns in kpi_pipeline/ instead. -->

Every `.yaml` file below `definitions/` may hold any of the keys below, each once a file; a project's files may be split
in any way. Names are unique within their kind. Unknown keys are errors. `kpi check` says what is wrong, with file, line
and a way out; `kpi schema -o schema.json` writes the same as JSON Schema, for editors.

Words used for types:

* **name**: lower-case letters, digits and `_`, beginning with a letter, at most 60 characters.
* **SQL**: a DuckDB expression over the columns of the model. Quote it where it holds a comma, ` #` or `: `.
* **day**: `2010-09-30`; `2010-09`, `2010-Q3`, `2010-W39` and `2010` stand for their first day.
* **length of time**: a number and a unit, such as `28 days`, `4 weeks`, `1 year`.
* **share**: `10%` or `0.1`.
* **path**: relative to the project's folder, the one that holds `definitions/`.

`${NAME}` in a value takes it from the environment.
""".strip()

_HEADS = ("key", "type", "default", "meaning")
_BY_KEY = {
    "warehouse": "path",
    "duckdb": "path",
    "parquet": "path",
    "scorecard": "path",
    "path": "path",
    "timezone": "time zone",
    "lag": "length of time or `0`",
}
"""The types of keys whose annotation says less than their meaning does."""
_PLAIN = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "`true`, `false`",
    Window: "length of time",
    SecretStr: "text",
    YearEnd: "last day of a year",
}
_KNOWN = (
    (Name, "name"), (Condition, "SQL"), (Expression, "SQL"), (Share, "share"),
    (FirstDay, "day"), (LastDay, "day"), (DayGrain, ", ".join(f"`{one.value}`" for one in OF_DAYS)),
)  # fmt: skip
_PLURAL = {"name": "names", "text": "texts", "list of texts": "lists of texts"}
_WORDS_FOR_PEOPLE = ("label", "description", "ignore")

Hint = Any
"""What stands behind the colon of a field."""


def reference_markdown() -> str:
    """All keys with their types, defaults and meanings, as one page."""
    told: set[type[Noun]] = set()
    return "\n\n".join([_OPENING, *(_section(kind.key, kind.noun, told) for kind in KINDS)]) + "\n"


def _section(key: str, hint: Hint, told: set[type[Noun]]) -> str:
    """A top-level key, and below it every noun that its members hold and that no earlier key has told of."""
    first = _family(list(_nouns(hint)))[0]
    parts = [f"## {key}", _body(first)]
    told.add(first)
    for noun in _within(hint):
        if noun not in told:
            parts += [f"### {_title(noun)}", _body(noun)]
            told.add(noun)
    return "\n\n".join(parts)


def _body(noun: type[Noun]) -> str:
    """What a noun is, its kinds if it has several, and its keys; a kind leaves out those that all kinds share."""
    says = (getdoc(noun) or "").split("\n\n")
    parts = [" ".join(part.split()) for part in says]
    if kinds := _kinds(noun):
        parts.append(f"`type` says the kind: {', '.join(_linked(one) for one in kinds)}. All have these keys:")
    parts.append(markdown_table(_HEADS, _rows(noun)))
    return "\n\n".join(parts)


def _rows(noun: type[Noun]) -> Iterator[tuple[str, str, str, str]]:
    """Keys in the order people write them: the name, the kind, its own; last the words for people."""
    hints = get_type_hints(noun, include_extras=True)
    base = _base(noun)
    shared = set(base.model_fields) if base else set()
    names = sorted(
        (name for name in noun.model_fields if name not in shared),
        key=lambda name: 1 if issubclass(noun, Named) and name in _WORDS_FOR_PEOPLE else -1 if name == "type" else 0,
    )
    for name in names:
        field = noun.model_fields[name]
        key = field.alias or name
        yield f"`{key}`", _BY_KEY.get(key) or _words(hints[name]), _default(field), field.description or ""


def _words(hint: Hint) -> str:
    """A type as an author calls it."""
    for known, word in _KNOWN:
        if hint == known:
            return word
    origin: Hint = get_origin(hint)
    inside = get_args(hint)
    if origin is None:
        return _word(hint)
    if origin is Annotated:
        return _words(inside[0])
    if origin is Literal:
        return ", ".join(f"`{one}`" for one in inside)
    if origin is tuple:
        one = _words(inside[0])
        return f"list of {_PLURAL.get(one, one)}"
    if origin is dict:
        return "mapping" if inside[1] in (str, Any) else f"mapping to {_words(inside[1])}"
    return _either([one for one in inside if one is not type(None)])


def _word(kind: Hint) -> str:
    if _is_noun(kind):
        return _linked(kind)
    return ", ".join(f"`{one.value}`" for one in kind) if issubclass(kind, StrEnum) else _PLAIN[kind]


def _either(kinds: Sequence[Hint]) -> str:
    """One of several types; of several kinds of one thing, the thing."""
    if all(_is_noun(one) for one in kinds):
        return " or ".join(_linked(one) for one in _family(list(kinds))[:1])
    return " or ".join(_words(one) for one in kinds)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    default = field.get_default(call_default_factory=True, validated_data={})
    match default:
        case None | "" | () | {}:
            return ""
        case Noun():
            return "its defaults"
        case bool():
            return f"`{str(default).lower()}`"
        case ((),):
            return "`[[]]`"
        case tuple():
            return f"`[{', '.join(str(one) for one in default)}]`"
        case float():
            return f"`{default:g}`"
        case _:
            return f"`{default}`"


def _within(hint: Hint) -> list[type[Noun]]:
    """The nouns a type speaks of and all that stand in them, in the order in which a reader meets them."""
    found: dict[type[Noun], None] = {}

    def visit(seen: Hint) -> None:
        for noun in _family(list(_nouns(seen))):
            if noun not in found:
                found[noun] = None
                for inner in get_type_hints(noun, include_extras=True).values():
                    visit(inner)

    visit(hint)
    return list(found)


def _nouns(hint: Hint) -> Iterator[type[Noun]]:
    """Every noun that a type names."""
    if _is_noun(hint):
        yield hint
    for inner in get_args(hint):
        yield from _nouns(inner)


def _family(nouns: list[type[Noun]]) -> list[type[Noun]]:
    """The nouns, with what they share in front where they are kinds of one thing."""
    bases = [base for one in nouns if (base := _base(one))]
    return list(dict.fromkeys([*bases, *nouns]))


def _base(noun: type[Noun]) -> type[Noun] | None:
    """What a kind is a kind of, such as check."""
    return next((base for base in noun.__mro__[1:] if _is_noun(base) and base.__name__.endswith("Base")), None)


def _kinds(noun: type[Noun]) -> list[type[Noun]]:
    """The kinds of a thing, in the order of the tuple that lists them."""
    met = [inner for kind in KINDS for inner in _all_nouns(kind.noun)]
    return [one for one in dict.fromkeys(met) if _base(one) is noun]


def _all_nouns(hint: Hint) -> Iterator[type[Noun]]:
    for noun in _nouns(hint):
        yield noun
        for inner in get_type_hints(noun, include_extras=True).values():
            yield from _all_nouns(inner)


def _is_noun(hint: Hint) -> bool:
    return isinstance(hint, type) and issubclass(hint, Noun)


def _title(noun: type[Noun]) -> str:
    """A kind by its `type`; anything else by its name, in words."""
    if _base(noun) and "type" in noun.model_fields:
        return str(get_args(noun.model_fields["type"].annotation)[0])
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in noun.__name__)
    return words.removesuffix(" base").strip()


def _linked(noun: type[Noun]) -> str:
    title = _title(noun)
    top = next((kind.key for kind in KINDS if _family(list(_nouns(kind.noun)))[0] is noun), title.replace(" ", "-"))
    return f"[{title}](#{top})"


if __name__ == "__main__":
    print(reference_markdown(), end="")
