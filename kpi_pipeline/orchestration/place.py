"""Where the assets of a project stand: at the top, or below a prefix that keeps several projects apart.

Everything else in this room speaks of assets by the names of the pipeline, such as `kpi/orders`; the prefix is put
before them on the way to Dagster and taken away on the way back, here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import dagster as dg

from kpi_pipeline.project import Project


@dataclass(frozen=True)
class Asked:
    """The assets and checks that are to be computed, without the prefix."""

    assets: frozenset[dg.AssetKey]
    checks: frozenset[dg.AssetCheckKey]

    @property
    def everything(self) -> frozenset[dg.AssetKey]:
        """The assets, and those of which only a check is asked for."""
        return self.assets | {one.asset_key for one in self.checks}


@dataclass(frozen=True)
class Place:
    """A prefix; none by default."""

    prefix: str = ""

    def called(self, project: Project) -> str:
        """What the names of the project's step, job, schedule and sensors begin with."""
        return self.prefix or project.settings.name

    def put(self, asset: dg.AssetKey) -> dg.AssetKey:
        """The key as Dagster has it.

        >>> Place("shop").put(dg.AssetKey(["kpi", "orders"])).to_user_string()
        'shop/kpi/orders'
        """
        return asset.with_prefix(self.prefix) if self.prefix else asset

    def spec(self, spec: dg.AssetSpec, *, own: Collection[dg.AssetKey]) -> dg.AssetSpec:
        """The asset as Dagster has it; what it is made from may be somebody else's, which has no prefix of ours."""
        if not self.prefix:
            return spec
        deps = [self.put(one.asset_key) if one.asset_key in own else one.asset_key for one in spec.deps]
        return spec.replace_attributes(key=self.put(spec.key), deps=deps, group_name=f"{self.prefix}/{spec.group_name}")

    def check(self, spec: dg.AssetCheckSpec) -> dg.AssetCheckSpec:
        """The check as Dagster has it."""
        return spec.replace_key(dg.AssetCheckKey(self.put(spec.asset_key), spec.name))

    def lineage(self, columns: Mapping[str, dg.TableColumnLineage]) -> dict[str, dg.TableColumnLineage]:
        """The columns that values come from, as Dagster has them."""
        return {
            name: dg.TableColumnLineage(
                {
                    column: [dg.TableColumnDep(self.put(one.asset_key), one.column_name) for one in deps]
                    for column, deps in each.deps_by_column.items()
                }
            )
            for name, each in columns.items()
        }

    def asked(self, assets: Collection[dg.AssetKey], checks: Collection[dg.AssetCheckKey]) -> Asked:
        """What Dagster asks for, by our own names."""
        return Asked(
            frozenset(map(self._taken, assets)),
            frozenset(dg.AssetCheckKey(self._taken(one.asset_key), one.name) for one in checks),
        )

    def _taken(self, asset: dg.AssetKey) -> dg.AssetKey:
        return dg.AssetKey(list(asset.path)[1:]) if self.prefix else asset
