"""What YAML makes of SQL and prose, and what we say to it."""

from __future__ import annotations

import re

import pytest

from kpi_pipeline.load.tree import Fields, Scalar
from kpi_pipeline.load.yaml_file import read_yaml

TRAPS = [
    pytest.param(
        "metrics: [{name: m, type: simple, model: order_lines, agg: sum, expr: coalesce(price, 0)}]",
        "1:71  YAML splits 'expr: coalesce(price, 0)' at the comma.",
        'quote SQL that has a comma: expr: "coalesce(price, 0)"',
        id="a comma in SQL in braces",
    ),
    pytest.param(
        "metrics: [{name: m, type: simple, model: order_lines, agg: sum, expr: coalesce(price, greatest(quantity, "
        "0), 0)}]",
        "1:71  YAML splits 'expr: coalesce(price, greatest(quantity, 0), 0)' at the comma.",
        'expr: "coalesce(price, greatest(quantity, 0), 0)"',
        id="several commas are one problem",
    ),
    pytest.param(
        "kpis: [{name: k, metric: orders, direction: up, grain: week, "
        "annotations: [{period: 2010-04, text: Ash cloud, no deliveries}]}]",
        "YAML splits 'text: Ash cloud, no deliveries' at the comma.",
        'quote text that has a comma: text: "Ash cloud, no deliveries"',
        id="a comma in prose in braces",
    ),
    pytest.param(
        "people: [{name: bob, team:sales}]",
        "1:22  'team:sales' has no blank after its colon.",
        "write 'team: sales'",
        id="a colon without a blank in braces",
    ),
    pytest.param(
        "sources: [{name: s, connector: {type: file, path: s.csv}, null_values: [top (old, new)]}]",
        "YAML splits 'top (old, new)' at the comma.",
        'quote text that has a comma: "top (old, new)"',
        id="a comma in a list",
    ),
    pytest.param(
        "metrics:\n  - {name: m, type: simple, model: order_lines, agg: count}\n"
        "  - name: n\n    type: simple\n    model: order_lines\n    agg: count\n    filter: !price = 1",
        "7:13  '!price = 1' begins with !, which YAML takes for a tag.",
        "write 'filter: not price = 1', or quote the value",
        id="an exclamation mark",
    ),
    pytest.param(
        "metrics:\n  - name: n\n    type: simple\n    model: order_lines\n    agg: count\n    filter: ! price",
        "6:13  '! price' begins with !",
        "write 'filter: not price'",
        id="an exclamation mark that would only have vanished",
    ),
    pytest.param(
        "metrics: [{name: n, type: simple, model: order_lines, agg: count, filter: !price, unit: count}]",
        "This file is not readable as YAML",
        "a value that begins with ! is a tag to YAML",
        id="an exclamation mark in braces",
    ),
    pytest.param(
        "metrics:\n  - name: n\n    type: simple\n    model: order_lines\n    agg: count\n    filter: country = 'a #1'",
        "6:13  ' #' ends the value of 'filter' at: country = 'a",
        "quote the whole value",
        id="a # in SQL",
    ),
    pytest.param(
        "goals:\n  - name: first\n    statement: We are #1 in gifts",
        "3:16  ' #' ends the value of 'statement' at: We are",
        "quote the whole value",
        id="a # in prose",
    ),
    pytest.param(
        "people:\n  - {name: bob, email: ${MAIL}}",
        "2:25  This file is not readable as YAML: expected ',' or '}', but got '{'.",
        'quote what comes from the environment: url: "${URL}"',
        id="the environment in braces",
    ),
    pytest.param(
        "metrics:\n  - name: n\n    filter: 'a' = country",
        "3:17  This file is not readable as YAML",
        "a value that begins with a quote ends at the next one",
        id="a value that begins with a quote",
    ),
    pytest.param("teams:\n\t- name: a", "2:1  This file", "indent with blanks, never with tabs", id="a tab"),
    pytest.param(
        "goals:\n  - statement: Sales: up",
        "2:21  This file is not readable as YAML: mapping values are not allowed here.",
        "quote a value that has a colon followed by a blank",
        id="a colon in prose",
    ),
    pytest.param(
        "goals:\n  - name: a\n      statement: b",
        "3:16  This file",
        "indented further than the key above it",
        id="indented too far",
    ),
    pytest.param(
        "metrics:\n  - name: n\n    expr: *",
        "3:12  This file is not readable as YAML: a * begins an alias.",
        "quote it",
        id="a star",
    ),
    pytest.param("metrics:\n  - expr: *all", "undefined alias 'all'", "begins with * is an alias", id="an alias"),
    pytest.param("metrics:\n  - expr: @x", "cannot start any token", "has a meaning in YAML", id="an at sign"),
    pytest.param("metrics:\n  - filter: > 5", "2:15  This file", "a block of text", id="a greater-than sign"),
    pytest.param("metrics:\n  - expr: - price", "not allowed here", "begins with - or ?", id="a minus"),
    pytest.param(
        "teams: [{name: a}",
        "1:8  This file is not readable as YAML: a quote or bracket that is opened here is never closed.",
        "close it",
        id="never closed",
    ),
    pytest.param("teams: [{name: 'a}]", "1:16  This file", "close it", id="a quote never closed"),
    pytest.param(
        'sources:\n  - name: s\n    connector: {type: file, path: "s.csv}\n    columns:\n      Day: {type: date, '
        'format: "%d/%m/%Y"}',
        "3:35  This file is not readable as YAML: a quote that is opened here is never closed in its line.",
        "close it",
        id="a quote closed by that of another line",
    ),
    pytest.param(
        "kpis: [{name: k, metric: orders, direction: up, grain: week, target: {type: at_least, values: "
        "[{from: 2010, value: 1,260,000}], provenance: us}}]",
        "YAML splits 'value: 1, 260, 000' at the comma.",
        "write a number without commas: value: 1260000",
        id="a comma in a number",
    ),
    pytest.param(
        "metrics:\n  - {name: m, expr: tags[1]}", "got '['", "inside braces and brackets, quote", id="brackets"
    ),
    pytest.param(
        "teams: []\n---\ngoals: []",
        "2:1  This file is not readable as YAML: a second document begins here.",
        "one document a file",
        id="two documents",
    ),
    pytest.param("- a\nteams: []", "2:1  This file", "compare its indentation", id="a list and a mapping"),
    pytest.param("teams:\n  - name: a\n  name", "could not find expected ':'", "has no colon", id="no colon"),
    pytest.param("teams: [{name: a\x07}]", "This file is not readable as YAML", None, id="a bell"),
    pytest.param(
        "teams: [{name: a, name: b}]",
        "1:19  The key 'name' is written twice.",
        "it is first at definitions/it.yaml:1:10; keep one of the two",
        id="a key twice",
    ),
    pytest.param("teams: [{[a]: b, name: a}]", "1:10  A key must be plain text.", "are quoted", id="a list as key"),
    pytest.param(
        "teams: [&a {name: x, label: *a}]", "1:9  This anchor contains itself.", None, id="an anchor in itself"
    ),
    pytest.param(
        "metric: []",
        "1:1  'metric' is not something a definition file holds.",
        "did you mean 'metrics'?",
        id="an unknown key at the top",
    ),
    pytest.param(
        "xyz: []", "'xyz' is not something", "known keys: 'project', 'sources'", id="a far-off key at the top"
    ),
    pytest.param(
        "- name: a",
        "1:1  A definition file begins with a key such as 'metrics:'.",
        "known keys: 'project'",
        id="a list at the top",
    ),
    pytest.param("teams: {name: a}", "1:8  'teams' is a list.", "begin each team with '- '", id="no list"),
    pytest.param(
        "teams: [a]", "1:9  The team number 1 in this list is not a mapping of keys.", "'- name: ...'", id="a bare name"
    ),
    pytest.param("links: [a]", "The link number 1 in this list", "{from: leads, to: sales, ...}", id="a bare link"),
]


@pytest.mark.parametrize(("text", "message", "hint"), TRAPS)
def test_each_trap_has_its_own_hint(problems, text, message, hint):
    (problem,) = problems(text)

    assert re.search(re.escape(message), f"{problem.place.line}:{problem.place.column}  {problem.message}")
    assert problem.place.file == "definitions/it.yaml"
    assert hint is None or hint in problem.hint


def test_the_project_is_a_mapping(problems):
    (problem, missing) = problems(files={"it.yaml": "project: shop"})

    assert problem.message == "'project' is a mapping of keys."
    assert missing.message == "No file in definitions has the key 'project'."


def test_real_comments_stay_comments(project):
    loaded = project(
        """
        teams:
          - name: service   # the desk's own
            label: Don't panic # (see above
          - {name: finance, label: a} # and (so on
        """
    )

    assert loaded.teams["service"].label == "Don't panic"


def test_anchors_that_hold_anchors_fill_no_memory() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    tree, problems = read_yaml("\n".join(lines), "definitions/bomb.yaml")
    assert tree is None
    assert "100,000 values" in str(problems[0])


@pytest.mark.parametrize("text", ["[" * 500, "".join(" " * n + "a:\n" for n in range(900))])
def test_brackets_without_end_are_a_message(text: str) -> None:
    tree, problems = read_yaml(text, "definitions/deep.yaml")
    assert tree is None
    assert "nested too deeply" in str(problems[0])


def test_characters_written_in_halves_are_put_together_and_half_a_one_is_refused() -> None:
    tree, problems = read_yaml('a: "\\ud83d\\ude00"', "definitions/a.yaml")
    assert isinstance(tree, Fields)
    assert isinstance(face := tree.get("a"), Scalar)
    assert (face.text, problems) == ("\N{GRINNING FACE}", ())
    for text in ('a: "x\\ud800y"', '"\\udc00": a', 'a: "\\ude00\\ud83d"'):
        _, [problem] = read_yaml(text, "definitions/a.yaml")
        assert "is half a character" in problem.message
        assert problem.place is not None
