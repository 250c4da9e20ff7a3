"""Many projects of many teams in one code location, a component each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.execution.api import create_execution_plan
from dagster._core.op_concurrency_limits_counter import GlobalOpConcurrencyLimitsCounter
from dagster._core.test_utils import instance_for_test
from dagster.components.testing import DefsFolderSandbox, create_defs_folder_sandbox

from kpi_pipeline.load import load
from kpi_pipeline.orchestration.build import definitions_at
from kpi_pipeline.orchestration.component import KpiProject
from kpi_pipeline.orchestration.keys import names
from kpi_pipeline.orchestration.pool import pool_of
from tests.orchestration.conftest import ALL, LINES, SHOP, VISITS, Outcome

pytestmark = pytest.mark.filterwarnings("ignore:`parse_obj_as`", "ignore::dagster.BetaWarning")
TWENTY = [f"shop_{number:02d}" for number in range(20)]
MAIL = "notify:\n    - {on: [restated], to: {type: log}}"


def begun(root: Path, *, settings: str = "", warehouse: str = "warehouse.duckdb") -> Path:
    """The files of a project, named as all others are; its definitions."""
    text = SHOP.replace("warehouse: warehouse.duckdb", f"warehouse: {warehouse}\n  {settings}")
    for name, said in (("definitions/shop.yaml", text), ("lines/2024.csv", LINES), ("visits.csv", VISITS)):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(said, encoding="utf-8")
    return root / "definitions"


def joined(sandbox: DefsFolderSandbox, prefix: str, definitions: Path) -> None:
    """A project of a team as a component; everything is tagged with the team, and its sources are owned by it."""
    changed: list[dict[str, Any]] = [
        {"target": "*", "operation": "merge", "attributes": {"tags": {"team": prefix}}},
        {"target": f"group:{prefix}/sources", "attributes": {"owners": [f"team:{prefix}_people"]}},
    ]
    sandbox.scaffold_component(
        component_cls=KpiProject,
        defs_path=prefix,
        defs_yaml_contents={
            "type": "kpi_pipeline.orchestration.component.KpiProject",
            "attributes": {"definitions": str(definitions), "prefix": prefix},
            "post_processing": {"assets": changed},
        },
    )


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dg.Definitions, Path]]:
    """Twenty projects that differ in nothing but their folders and prefixes."""
    root = tmp_path_factory.mktemp("many")
    with create_defs_folder_sandbox() as sandbox:
        for name in TWENTY:
            joined(sandbox, name, begun(root / name, settings=MAIL))
        with sandbox.build_all_defs() as loaded:
            yield loaded, root


def test_twenty_projects_share_no_name(many: tuple[dg.Definitions, Path]) -> None:
    loaded, _ = many
    dg.Definitions.validate_loadable(loaded)
    specs = list(loaded.resolve_all_asset_specs())
    assert names(one.key for one in specs) == {f"{prefix}/{name}" for prefix in TWENTY for name in ALL}
    groups = {(one.group_name or "").split("/")[0] for one in specs}
    assert groups == set(TWENTY), "no group holds assets of two projects"
    assert {one.group_name for one in specs if one.key.path[0] == "shop_07"} == {
        f"shop_07/{group}" for group in ("sources", "models", "metrics", "grow", "indicators", "published")
    }
    repository = loaded.get_repository_def()
    assert {one.name for one in repository.schedule_defs} == {f"{prefix}_schedule" for prefix in TWENTY}
    assert {one.name for one in repository.sensor_defs} == {f"{prefix}_notify" for prefix in TWENTY}
    assert {one for one in repository.job_names if not one.startswith("__")} == {f"{prefix}_job" for prefix in TWENTY}
    steps = [one for one in loaded.resolve_asset_graph().assets_defs if one.is_executable]
    assert len({one.op.name for one in steps}) == len({one.op.pool for one in steps}) == len(TWENTY)


def test_owners_and_tags_of_a_team_are_added_in_defs_yaml(many: tuple[dg.Definitions, Path]) -> None:
    specs = {"/".join(one.key.path): one for one in many[0].resolve_all_asset_specs()}
    assert list(specs["shop_03/raw/visits"].owners) == ["team:shop_03_people"]
    assert list(specs["shop_03/metric/sales"].owners) == ["team:commercial", "ann@example.org"]
    assert specs["shop_03/kpi/monthly_visitors"].tags["team"] == "shop_03"
    assert specs["shop_03/kpi/monthly_visitors"].tags["goal"] == "grow"


def test_a_run_of_one_touches_no_other(many: tuple[dg.Definitions, Path]) -> None:
    loaded, root = many
    before = written(root)
    with dg.DagsterInstance.ephemeral() as instance:
        ran = Outcome(loaded.resolve_job_def("shop_04_job").execute_in_process(instance=instance, raise_on_error=False))
        assert ran.success
        assert ran.materialized == {f"shop_04/{name}" for name in ALL}
        assert all(asset.startswith("shop_04/") for asset, _ in ran.checks)
        assert names(instance.all_asset_keys()) == ran.materialized
    assert {name.split("/")[0] for name in written(root) - before} == {"shop_04"}


def written(root: Path) -> set[str]:
    """All files there are."""
    return {file.relative_to(root).as_posix() for file in root.rglob("*") if file.is_file()}


def test_a_pool_is_a_warehouse(tmp_path: Path) -> None:
    shop = load(begun(tmp_path / "shop"))
    assert pool_of(shop) == f"{tmp_path}/shop/warehouse.duckdb".lstrip("/")
    shared = load(begun(tmp_path / "books", warehouse="../shop/warehouse.duckdb"))
    assert pool_of(shared) == pool_of(shop), "two projects that write to one file wait for each other"
    (tmp_path / "link").symlink_to(tmp_path / "shop")
    assert pool_of(load(tmp_path / "link" / "definitions")) == pool_of(shop)
    assert pool_of(load(begun(tmp_path / "a shop"))).endswith("/a%20shop/warehouse.duckdb")


def test_runs_wait_for_those_of_their_own_warehouse_only(tmp_path: Path) -> None:
    """As the queue sees it with the settings we ship, which name no pool."""
    places = {"uk": begun(tmp_path / "uk"), "fr": begun(tmp_path / "fr")}
    both = dg.Definitions.merge(*(definitions_at(folder, prefix=name) for name, folder in places.items()))
    pools = {"granularity": "run", "default_limit": 1}
    with instance_for_test(overrides={"concurrency": {"pools": pools}}, temp_dir=str(tmp_path)) as instance:

        def queued(name: str) -> dg.DagsterRun:
            job = both.resolve_job_def(name)
            return instance.create_run_for_job(job, execution_plan=create_execution_plan(job))

        first, second, other = queued("uk_job"), queued("uk_job"), queued("fr_job")
        runs = [first, second, other]

        def counter() -> GlobalOpConcurrencyLimitsCounter:
            known = instance.event_log_storage.get_pool_limits()
            return GlobalOpConcurrencyLimitsCounter(
                instance,
                runs,
                [],
                {one.name for one in known},
                known,
                pool_granularity=instance.get_concurrency_config().pool_config.pool_granularity,
            )

        counter()  # begins the pools with the default limit, as the daemon's first look does
        at_work = counter()
        assert not at_work.is_blocked(first)
        at_work.update_counters_with_launched_item(first)
        assert (at_work.is_blocked(second), at_work.is_blocked(other)) == (True, False)
