"""The page about the rules, made from them: `python -m kpi_pipeline.load.rules_page`."""

from __future__ import annotations

from collections.abc import Iterator

from kpi_pipeline.load.rules import RULES
from kpi_pipeline.load.rules.base import Example, Rule

_OPENING = """
# The rules of kpi check

<!-- Made by `python -m kpi_pipeline.load.rules_page`; edit the rules in kpi_pipeline/load/rules/ instead. -->

`kpi check` refuses definitions that cannot work, and tells of those that work but are known to go wrong. Each of these
rules has a code; `kpi check --explain CODE` prints what stands here, and `ignore: {CODE: reason}` in a definition
excuses it, with a reason that the next reader can judge. [The linter](../explanation/linter.md) says how the rules
decide, and how often they are right. In the examples, keys that do not matter are left out, and an empty key is one
left out on purpose.
""".strip()


def rules_markdown() -> str:
    """All rules, each with its reason and examples, as one page."""
    return "\n\n".join([_OPENING, _overview(), *(_section(rule) for rule in RULES)]) + "\n"


def rule_text(rule: Rule) -> str:
    """One rule as plain text."""
    parts = (_heading(rule), rule.reason, "Bad:", _indented(rule.bad), "Good:", _indented(rule.good))
    return "\n\n".join(parts)


def _overview() -> str:
    rows = [f"| [{rule.code}](#{_anchor(rule)}) | {rule.level} | {rule.title} |" for rule in RULES]
    return "\n".join(["| code | level | what it looks for |", "| --- | --- | --- |", *rows])


def _heading(rule: Rule) -> str:
    return f"{rule.code}: {rule.title}"


def _anchor(rule: Rule) -> str:
    """The heading as pages make an anchor of it: letters, digits, _ and -, blanks as -."""
    kept = "".join(letter for letter in _heading(rule).lower() if letter.isalnum() or letter in " -_")
    return kept.replace(" ", "-")


def _section(rule: Rule) -> str:
    return (
        f"## {_heading(rule)}\n\n{rule.reason}\n\nBad:\n\n```yaml excerpt\n{_text(rule.bad)}\n```\n\n"
        f"Good:\n\n```yaml excerpt\n{_text(rule.good)}\n```"
    )


def _indented(example: Example) -> str:
    return "\n".join(f"  {line}" for line in _text(example).splitlines())


def _text(example: Example) -> str:
    """The definitions, with what is known beside them as comments."""
    return "\n".join([example.definitions, *_beside(example)])


def _beside(example: Example) -> Iterator[str]:
    for name, values in example.values.items():
        yield f"# {name}, month by month: {', '.join(f'{value:g}' for value in values)}"
    for link, verdict in example.verdicts.items():
        yield f"# the evidence on {link.replace('->', ' -> ')}: {verdict}"


if __name__ == "__main__":
    print(rules_markdown(), end="")
