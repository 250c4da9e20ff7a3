"""The settings of deploy/ as Dagster itself reads them, where its packages for Docker and Kubernetes are installed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from dagster._config import process_config
from ruamel.yaml import YAML

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"


def settings(name: str) -> Mapping[str, Any]:
    """What the run launcher is configured with."""
    found: Mapping[str, Any] = YAML(typ="safe").load((DEPLOY / name).read_text(encoding="utf-8"))
    return found["run_launcher"]["config"]  # type: ignore[no-any-return]


def context() -> Mapping[str, Any]:
    """What the code server of the manifests says of its runs."""
    text = (DEPLOY / "kubernetes/project.yaml").read_text(encoding="utf-8")
    [code] = [one for one in YAML(typ="safe").load_all(text) if one["kind"] == "Deployment"]
    [container] = code["spec"]["template"]["spec"]["containers"]
    [given] = [one["value"] for one in container["env"] if one["name"] == "DAGSTER_CONTAINER_CONTEXT"]
    found: Mapping[str, Any] = json.loads(given)
    return found


def test_docker_takes_the_settings() -> None:
    docker = pytest.importorskip("dagster_docker")
    taken = process_config(docker.DockerRunLauncher.config_type(), settings("dagster.docker.yaml"))
    assert taken.success, taken.errors
    containers = pytest.importorskip("docker.models.containers")
    known = {*containers.RUN_CREATE_KWARGS, *containers.RUN_HOST_CONFIG_KWARGS, "stop_timeout"}
    assert set(settings("dagster.docker.yaml")["container_kwargs"]) <= known


def test_kubernetes_takes_the_settings_and_makes_a_job_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    k8s = pytest.importorskip("dagster_k8s")
    launcher = pytest.importorskip("dagster_k8s.launcher")
    jobs = pytest.importorskip("dagster_k8s.job")
    contexts = pytest.importorskip("dagster_k8s.container_context")
    client = pytest.importorskip("kubernetes.client")
    taken = process_config(k8s.K8sRunLauncher.config_type(), settings("kubernetes/dagster.yaml"))
    assert taken.success, taken.errors
    monkeypatch.setattr(launcher, "load_kubernetes_config", lambda **_: None)
    launching = k8s.K8sRunLauncher(**taken.value)
    of_all = contexts.K8sContainerContext(
        env_secrets=launching.env_secrets,
        service_account_name=launching.service_account_name,
        volumes=launching.volumes,
        volume_mounts=launching.volume_mounts,
        run_k8s_config=jobs.UserDefinedDagsterK8sConfig.from_dict(launching.run_k8s_config),
    )
    both = of_all.merge(contexts.K8sContainerContext.create_from_config(context()))
    made = jobs.construct_dagster_k8s_job(
        both.get_k8s_job_config("kpi:1", launching), ["run"], "a-run", user_defined_k8s_config=both.run_k8s_config
    )
    pod = client.ApiClient().sanitize_for_serialization(made)["spec"]["template"]["spec"]
    [container] = pod["containers"]
    assert {one["name"]: one["mountPath"] for one in container["volumeMounts"]} == {
        "project": "/srv/kpi", "storage": "/var/lib/kpi/dagster/storage", "tmp": "/tmp",
    }  # fmt: skip
    assert {one["name"] for one in pod["volumes"]} == {"project", "storage", "tmp"}
    assert [next(iter(one)) for one in container["envFrom"]] == ["secretRef", "configMapRef", "secretRef"]
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert (pod["securityContext"]["runAsNonRoot"], pod["serviceAccountName"]) == (True, "kpi-project")
