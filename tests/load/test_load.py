"""A folder of files becomes one project that knows where everything is written."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from kpi_pipeline.errors import DefinitionError, Place
from kpi_pipeline.load import load
from kpi_pipeline.metrics import Simple
from kpi_pipeline.periods import Grain


def test_the_base_is_sound(project):
    loaded = project()

    assert loaded.settings.name == "shop"
    assert list(loaded.metrics) == ["net_sales", "orders"]
    assert loaded.kpis["weekly_sales"].grain is Grain.week
    assert loaded.kpis["weekly_sales"].target.values[0].from_ == date(2010, 1, 1)
    assert loaded.links[0].to == "weekly_sales"


def test_files_may_be_split_any_way(write):
    folder = write(
        {
            "project.yml": "project: {name: shop}",
            "teams/sales.yaml": "teams: [{name: sales}]",
            "teams/deep/er/service.yaml": "teams: [{name: service}]\npeople:\ngoals: []",
            "nothing.yaml": "# only a comment\n",
            ".checkpoints/teams.yaml": "teams: [{name: sales}]",
            "notes.txt": "teams: [",
        },
    )

    assert list(load(folder).teams) == ["service", "sales"]


def test_root_is_the_parent_of_the_folder_and_not_the_working_directory(write, base, monkeypatch):
    folder = write({"base.yaml": base})
    monkeypatch.chdir(folder.parent)

    loaded = load(Path("definitions"))

    assert loaded.root == folder.parent.resolve()
    assert loaded.path("data/x.csv") == folder.parent.resolve() / "data" / "x.csv"


def test_places_are_those_of_things_keys_and_members(project):
    loaded = project(
        """
        metrics:
          - name: revenue
            type: simple
            model: order_lines
            agg: sum
            expr: "price * 2"
        """
    )

    assert loaded.place("metrics", "revenue") == Place("definitions/it.yaml", 2, 5)
    assert loaded.place("metrics", "revenue", "expr") == Place("definitions/it.yaml", 6, 11)
    assert loaded.place("metrics", "revenue", "expr", "text") == Place("definitions/it.yaml", 6, 12)
    assert loaded.place("metrics", "revenue", "label") == loaded.place("metrics", "revenue")
    assert loaded.place("kpis", "weekly_sales", "breakdowns", "1", "0") == Place("definitions/base.yaml", 24, 23)
    assert loaded.place("project", "timezone") == Place("definitions/base.yaml", 1, 33)
    assert loaded.place("links", "weekly_orders->weekly_sales", "lag").line == 39


def test_values_stay_what_was_written(project):
    """YAML 1.1 would make no, on, 12:30 and 010 into something else."""
    loaded = project(
        """
        teams:
          - {name: norway, label: NO, description: on}
          - {name: night_shift, label: 12:30, description: 010}
        sources:
          - name: answers
            connector: {type: file, path: a.csv}
            null_values: [no, off, "null", ~x]
            checks:
              - {type: expectation, expectation: expect_table_row_count_to_equal, arguments: {value: 10, strict: true}}
        """
    )

    assert (loaded.teams["norway"].label, loaded.teams["norway"].description) == ("NO", "on")
    assert (loaded.teams["night_shift"].label, loaded.teams["night_shift"].description) == ("12:30", "010")
    assert loaded.sources["answers"].null_values == ("no", "off", "null", "~x")
    assert loaded.sources["answers"].checks[0].arguments == {"value": 10, "strict": True}


def test_a_name_alone_is_an_input_metric_or_a_dimension(project):
    loaded = project("metrics: [{name: per_order, type: ratio, numerator: net_sales, denominator: orders}]")

    assert [one.name for one in loaded.metrics["per_order"].inputs] == ["net_sales", "orders"]


def test_sql_below_a_bar_keeps_its_lines(project):
    loaded = project(
        """
        models:
          - name: big_lines
            sql: |
              SELECT price -- ' #' is no comment here: #1
              FROM model.order_lines
            agg_time_dimension: sold_at
        """
    )

    assert loaded.models["big_lines"].sql.splitlines()[1] == "FROM model.order_lines"


class TestEnvironment:
    def test_values_come_from_it(self, project):
        loaded = project('people: [{name: bob, email: "${MAIL}"}]', variables={"MAIL": "bob@shop.example, {evil: yes}"})

        assert loaded.people["bob"].email == "bob@shop.example, {evil: yes}"

    def test_mail_and_publishing_targets_may_be_missing(self, project):
        text = "project: {name: shop, publish: {parquet: '${FOLDER}'}}\npeople: [{name: bob, email: 'mailto:${MAIL}'}]"

        loaded = project(files={"it.yaml": text})

        assert loaded.settings.publish.parquet is None
        assert loaded.people["bob"].email is None

    @pytest.mark.parametrize(
        ("text", "message", "hint"),
        [
            ("teams: [{name: service, label: '${LABEL}'}]", "variable LABEL is not set", "export LABEL="),
            ("teams: [{name: '${NAEM}'}]", "variable NAEM is not set", "did you mean 'NAME'"),
            ("teams: [{name: service, label: '${2 x}'}]", "does not name an environment variable", "WAREHOUSE_URL"),
        ],
    )
    def test_others_may_not(self, problems, text, message, hint):
        (problem,) = problems(text, variables={"NAME": "service"})

        assert message in problem.message
        assert hint in problem.hint

    def test_is_utf_8(self, problems):
        (problem,) = problems("teams: [{name: service, label: '${NAME}'}]", variables={"NAME": "B\udce4r"})

        assert problem.message == "The environment variable 'NAME' is not UTF-8."

    def test_no_message_shows_a_value_of_it(self, problems):
        (problem,) = problems("teams: [{name: '${NAME}'}]", variables={"NAME": "S3cret!"})

        assert "S3cret" not in str(problem)
        assert "'${NAME}' is not a name" in problem.message


class TestTheProjectKey:
    def test_is_there(self, problems):
        (problem,) = problems(files={"a.yaml": "teams: [{name: sales}]"})

        assert problem.message == "No file in definitions has the key 'project'."
        assert str(problem.place) == "definitions/project.yaml:1:1"

    def test_is_there_once(self, problems):
        (problem,) = problems("project: {name: shop}")

        assert problem.message == "'project' is written more than once."
        assert problem.hint == "it is first at definitions/base.yaml:1:10; keep one"

    def test_may_be_in_a_file_that_cannot_be_read(self, problems):
        (problem,) = problems(files={"a.yaml": "project: {name: shop", "b.yaml": "teams: [{name: sales}]"})

        assert "never closed" in problem.message


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(DefinitionError, match="There is no folder definitions in"):
        load(tmp_path / "definitions")


def test_a_file_that_is_not_text(write, base):
    folder = write({"base.yaml": base})
    (folder / "latin.yaml").write_bytes("teams: [{name: a, label: Café}]".encode("latin-1"))

    with pytest.raises(DefinitionError, match=r"latin.yaml:1:1  This file is not UTF-8 text \(byte \d+\)"):
        load(folder)


def test_names_in_a_file_that_cannot_be_read_are_not_called_undefined(problems, base):
    found = problems(
        files={
            "base.yaml": base,
            "broken.yaml": "metrics:\n  - name: margin\n    filter: 'a' = b\n",
            "kpis.yaml": "kpis: [{name: k, metric: margin, direction: up, grain: week}]",
        }
    )

    assert [problem.place.file for problem in found] == ["definitions/broken.yaml"]


def test_the_shipped_definitions_load():
    loaded = load(Path(__file__).parents[2] / "definitions")

    assert loaded.kpis
    assert all(metric.model in loaded.models for metric in loaded.metrics.values() if isinstance(metric, Simple))
