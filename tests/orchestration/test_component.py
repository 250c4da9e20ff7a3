"""A project as a component of somebody else's, and what is loaded from the command line."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest
from dagster.components.testing import create_defs_folder_sandbox
from ruamel.yaml import YAML

from kpi_pipeline.errors import KpiError
from kpi_pipeline.orchestration import dev
from kpi_pipeline.orchestration.component import KpiProject
from kpi_pipeline.orchestration.definitions import LOCATION, PREFIX, defs
from kpi_pipeline.orchestration.keys import names
from tests.orchestration.conftest import ALL, Shop


@pytest.mark.filterwarnings("ignore:`parse_obj_as`", "ignore::dagster.BetaWarning")  # Dagster's own reading of YAML
def test_a_defs_yaml_is_enough(shop: Shop) -> None:
    attributes = {"definitions": str(shop.root / "definitions")}
    with create_defs_folder_sandbox() as sandbox:
        path = sandbox.scaffold_component(
            component_cls=KpiProject,
            defs_yaml_contents={"type": "kpi_pipeline.orchestration.component.KpiProject", "attributes": attributes},
        )
        with sandbox.load_component_and_build_defs(defs_path=path) as (component, loaded):
            assert isinstance(component, KpiProject)
            assert names(spec.key for spec in loaded.resolve_all_asset_specs()) == ALL


def test_the_command_line_loads_the_project_it_is_told(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LOCATION, str(shop.root / "definitions"))
    loaded = defs()
    assert names(spec.key for spec in loaded.resolve_all_asset_specs()) == ALL
    assert loaded.executor is dg.in_process_executor
    monkeypatch.setenv(PREFIX, "uk")
    assert names(spec.key for spec in defs().resolve_all_asset_specs()) == {f"uk/{name}" for name in ALL}


def test_every_error_in_the_yaml_is_told_with_its_place(shop: Shop) -> None:
    shop.edit("metric: visitors,", "metric: visitor,")
    wanted = r"definitions/shop.yaml:\d+:\d+  KPI 'monthly_visitors'"
    with pytest.raises(dg.DagsterInvalidDefinitionError, match=wanted):
        _ = shop.definitions


def test_history_is_kept_in_the_project_with_its_own_settings(tmp_path: Path) -> None:
    home = dev.prepared_home(tmp_path)
    assert home == tmp_path / ".dagster_home"
    assert "telemetry:\n  enabled: false" in (home / "dagster.yaml").read_text()
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    assert (dev.prepared_home(tmp_path) / "dagster.yaml").read_text() == "telemetry: {enabled: false}\n"


def test_a_taken_port_is_said_at_once(shop: Shop) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(KpiError, match="cannot listen on 127"):
            dev.dev(shop.root / "definitions", port=taken.getsockname()[1])


def test_the_settings_at_the_root_are_the_ones_we_ship() -> None:
    root = Path(__file__).parents[2]
    begun = (root / "kpi_pipeline/starter/templates/dagster.yaml.jinja").read_text()
    assert YAML().load(begun) == YAML().load(root / "dagster.yaml"), "a project that `kpi init` begins has them, too"
    assert (root / "dagster.yaml").read_text() == (root / "kpi_pipeline/orchestration/dagster.yaml").read_text()
