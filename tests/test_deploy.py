"""The files of deploy/ hold together: what they start exists, secrets come from outside, nothing listens to the world."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from configparser import RawConfigParser
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

DEPLOY = Path(__file__).resolve().parents[1] / "deploy"
SYSTEMD = DEPLOY / "systemd"
KUBERNETES = DEPLOY / "kubernetes"
LAUNCHING = {"dagster.docker.yaml": "DockerRunLauncher", "kubernetes/dagster.yaml": "K8sRunLauncher"}
SERVICES = sorted(SYSTEMD.glob("*.service"))
CODE_PORT = "4000"


def yaml(name: str) -> Any:
    """A file of deploy/ that is one document."""
    return YAML(typ="safe").load((DEPLOY / name).read_text(encoding="utf-8"))


def objects(kind: str = "") -> list[dict[str, Any]]:
    """What the manifests make, of a kind or all of it."""
    files = [KUBERNETES / name for name in yaml("kubernetes/kustomization.yaml")["resources"]]
    found = [one for file in files for one in YAML(typ="safe").load_all(file.read_text(encoding="utf-8"))]
    return [one for one in found if kind in ("", one["kind"])]


def named(kind: str) -> set[str]:
    """The names of what the manifests make."""
    return {one["metadata"]["name"] for one in objects(kind)}


def read(path: Path) -> dict[str, dict[str, list[str]]]:
    """A unit's sections; a key may stand several times."""
    parser = RawConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(path.read_text(encoding="utf-8"))
    return {name: {key: value.split() for key, value in parser[name].items()} for name in parser.sections()}


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.stem)
def test_units_run_as_nobody_special_and_write_where_they_must(path: Path) -> None:
    service = read(path)["Service"]
    assert service["User"] == ["kpi"]
    for key in ("NoNewPrivileges", "PrivateTmp", "ProtectHome"):
        assert service[key] == ["yes"]
    assert service["ProtectSystem"] == ["strict"]
    allowed = (
        {"/srv/kpi", "/var/backups/kpi"} if path.stem in ("kpi-code", "kpi-run", "kpi-backup") else {"/var/lib/kpi"}
    )
    assert set(service["ReadWritePaths"]) <= allowed
    assert service["CapabilityBoundingSet"] == []
    assert "0.0.0.0" not in path.read_text(encoding="utf-8")


def test_timers_have_their_services() -> None:
    assert {one.stem for one in SYSTEMD.glob("*.timer")} == {"kpi-run", "kpi-backup"}
    assert {"kpi-run", "kpi-backup"} < {one.stem for one in SERVICES}


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze here")
def test_systemd_finds_nothing_wrong(tmp_path: Path) -> None:
    for path in SYSTEMD.iterdir():
        # NOTE: it wants the programs to be there, too.
        text = re.sub(r"/opt/kpi/bin/[\w-]+", "/bin/true", path.read_text(encoding="utf-8"))
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", *sorted(map(str, tmp_path.iterdir()))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, [line for line in done.stderr.splitlines() if "kpi-" in line]) == (0, [])


def test_compose_keeps_secrets_outside_and_the_web_page_here() -> None:
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    compose = YAML(typ="safe").load(text)
    services = compose["services"]
    assert set(services) == {"postgres", "code", "daemon", "webserver"}
    assert re.findall(r"PASSWORD: (.*)", text) == ["${POSTGRES_PASSWORD:?set POSTGRES_PASSWORD}"]
    assert [one for service in services.values() for one in service.get("ports", ())] == ["127.0.0.1:3000:3000"]
    for name, service in services.items():
        assert service["healthcheck"]["test"], name
        assert name == "postgres" or (service["cap_drop"], service["read_only"]) == (["ALL"], True)
        for other, how in (service.get("depends_on") or {}).items():
            assert (other in services, how["condition"]) == (True, "service_healthy")
        volumes = [one.split(":")[0] for one in service["volumes"] if not one.startswith(("$", ".", "/"))]
        assert set(volumes) <= set(compose["volumes"])
    writers = {name for name, one in services.items() if any(v.endswith(":/srv/kpi") for v in one["volumes"])}
    assert writers == {"code"}, "one service runs, and so writes"


def test_dockerfile_copies_what_is_there_and_ends_as_nobody_special() -> None:
    lines = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").splitlines()
    let_in = [one[1:] for one in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines() if one.startswith("!")]
    for line in (one for one in lines if one.startswith("COPY") and "--from" not in one):
        *sources, _ = [word for word in line.split()[1:] if not word.startswith("--")]
        for source in sources:
            assert (DEPLOY.parent / source).exists(), source
            assert source.removeprefix("./") in let_in, source
    assert "USER 10001:10001" in lines
    assert any(one.startswith("HEALTHCHECK") for one in lines)
    for line in (one for one in lines if one.startswith("FROM")):
        assert re.fullmatch(r"FROM python:3\.\d+-slim-bookworm( AS \w+)?", line)


def test_code_server_is_where_the_workspace_looks() -> None:
    [location] = yaml("workspace.yaml")["load_from"]
    assert str(location["grpc_server"]["port"]) == CODE_PORT
    command = " ".join(read(SYSTEMD / "kpi-code.service")["Service"]["ExecStart"])
    assert command.endswith(f"-h 127.0.0.1 -p {CODE_PORT}")


def test_secrets_of_the_example_are_none() -> None:
    text = (DEPLOY / "kpi.env.example").read_text(encoding="utf-8")
    assert re.findall(r"://\w+:([^@]+)@", text) == ["change-me"]


@pytest.mark.parametrize("name", ["dagster.yaml", *LAUNCHING])
def test_settings_limit_pools_and_send_nothing(name: str) -> None:
    settings = yaml(name)
    assert settings["telemetry"] == {"enabled": False}
    assert settings["concurrency"]["pools"] == {"granularity": "run", "default_limit": 1}
    assert settings["storage"] == {"postgres": {"postgres_url": {"env": "DAGSTER_POSTGRES_URL"}}}
    assert settings["run_monitoring"]["enabled"] is True


@pytest.mark.parametrize(("name", "launcher"), LAUNCHING.items())
def test_settings_differ_in_who_launches_only(name: str, launcher: str) -> None:
    settings = yaml(name)
    assert settings.pop("run_launcher")["class"] == launcher
    settings.pop("compute_logs", None)
    assert settings == yaml("dagster.yaml")


def test_containers_of_runs_have_no_more_rights_than_those_of_compose() -> None:
    launched = yaml("dagster.docker.yaml")["run_launcher"]["config"]
    how = launched["container_kwargs"]
    assert (how["cap_drop"], how["read_only"], how["security_opt"]) == (["ALL"], True, ["no-new-privileges:true"])
    assert all("=" not in one for one in launched["env_vars"]), "values come from the daemon's environment"
    assert launched["networks"] == [f"{yaml('compose.yaml')['name']}_default"]


def test_only_those_who_launch_see_dockers_socket() -> None:
    services = yaml("compose.docker.yaml")["services"]
    socket = "/var/run/docker.sock:/var/run/docker.sock"
    assert {name for name, one in services.items() if socket in one["volumes"]} == {"daemon", "webserver"}
    settings = "./deploy/dagster.docker.yaml:/var/lib/kpi/dagster/dagster.yaml:ro"
    assert all(settings in one["volumes"] for one in services.values())
    arguments = {one["build"]["args"]["RUN_LAUNCHER"] for one in services.values()}
    assert arguments == {"dagster-docker==0.29.27"}


def test_runs_in_containers_see_what_the_code_server_sees() -> None:
    code = yaml("compose.docker.yaml")["services"]["code"]["environment"]
    compose = yaml("compose.yaml")
    assert code["DAGSTER_CURRENT_IMAGE"] == compose["services"]["code"]["image"]
    text = re.sub(r"\$\{KPI_FOLDER[^}]*\}", "/srv/kpi", code["DAGSTER_CONTAINER_CONTEXT"])
    mounted = {one.split(":")[1] for one in json.loads(text)["docker"]["container_kwargs"]["volumes"]}
    assert mounted == {"/srv/kpi", "/var/lib/kpi/dagster/storage"}
    assert mounted < {one.split(":")[-1] for one in compose["services"]["code"]["volumes"]}


def test_manifests_make_what_they_speak_of() -> None:
    assert all(one["apiVersion"] and one["metadata"]["name"] for one in objects())
    assert not objects("Secret"), "secrets are made by hand"
    settings = yaml("kubernetes/kustomization.yaml")["configMapGenerator"]
    known = named("ConfigMap") | {one["name"] for one in settings}
    assert all((KUBERNETES / file).exists() for one in settings for file in one["files"])
    for deployment in objects("Deployment"):
        pod = deployment["spec"]["template"]
        assert deployment["spec"]["selector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
        assert pod["spec"]["serviceAccountName"] in named("ServiceAccount")
        volumes = {one["name"]: one for one in pod["spec"]["volumes"]}
        [container] = pod["spec"]["containers"]
        assert {one["name"] for one in container["volumeMounts"]} == set(volumes)
        for volume in volumes.values():
            assert volume.get("configMap", {}).get("name", "kpi-dagster") in known
            assert volume.get("persistentVolumeClaim", {}).get("claimName", "kpi-project") in named(
                "PersistentVolumeClaim"
            )
        for one in container["envFrom"]:
            assert one.get("configMapRef", {}).get("name", "kpi-dagster") in known
    for service in objects("Service"):
        [there] = [
            one["spec"]["template"]
            for one in objects("Deployment")
            if service["spec"]["selector"].items() <= one["spec"]["template"]["metadata"]["labels"].items()
        ]
        ports = {port["name"]: port["containerPort"] for port in there["spec"]["containers"][0]["ports"]}
        assert {one["targetPort"]: one["port"] for one in service["spec"]["ports"]} == ports


def test_pods_run_as_nobody_special() -> None:
    pods = {one["metadata"]["name"]: one["spec"]["template"]["spec"] for one in objects("Deployment")}
    assert set(pods) == {"kpi-code", "kpi-daemon", "kpi-webserver"}
    for pod in pods.values():
        assert (pod["securityContext"]["runAsNonRoot"], pod["securityContext"]["runAsUser"]) == (True, 10001)
        [container] = pod["containers"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
        }  # fmt: skip
        assert container["livenessProbe"]
        assert container["resources"]["limits"]["memory"]
    launched = yaml("kubernetes/dagster.yaml")["run_launcher"]["config"]["run_k8s_config"]
    assert launched["pod_spec_config"]["security_context"]["run_as_non_root"] is True
    assert launched["container_config"]["security_context"]["read_only_root_filesystem"] is True
    [role] = objects("Role")
    assert {verb for rule in role["rules"] for verb in rule["verbs"]} == {"create", "get", "list", "delete"}


def test_code_servers_are_reached_by_dagster_alone() -> None:
    nobody, code = (one["spec"] for one in objects("NetworkPolicy"))
    assert nobody == {"podSelector": {}, "policyTypes": ["Ingress"]}
    [let_in] = code["ingress"]
    assert let_in["from"] == [{"podSelector": {"matchLabels": {"kpi": "dagster"}}}]
    assert str(let_in["ports"][0]["port"]) == CODE_PORT


def test_jobs_of_runs_see_what_the_code_server_sees() -> None:
    [code] = [one["spec"]["template"] for one in objects("Deployment") if one["metadata"]["name"] == "kpi-code"]
    [container] = code["spec"]["containers"]
    environment = {one["name"]: one["value"] for one in container["env"]}
    given = json.loads(environment["DAGSTER_CONTAINER_CONTEXT"])["k8s"]
    assert {"configMapRef": {"name": given["env_config_maps"][0]}} in container["envFrom"]
    mounts = {one["name"]: one["mountPath"] for one in container["volumeMounts"]}
    claims = {
        one["name"]: one["persistentVolumeClaim"]["claimName"]
        for one in code["spec"]["volumes"]
        if "persistentVolumeClaim" in one
    }
    for volume, mount in zip(given["volumes"], given["volume_mounts"], strict=True):
        assert volume["persistent_volume_claim"]["claim_name"] == claims[volume["name"]]
        assert (mount["name"], mount["mount_path"]) == (volume["name"], mounts[volume["name"]])
    affinity = given["run_k8s_config"]["pod_spec_config"]["affinity"]["pod_affinity"]
    [beside] = affinity["required_during_scheduling_ignored_during_execution"]
    assert beside["label_selector"]["match_labels"].items() <= code["metadata"]["labels"].items()
    launched = yaml("kubernetes/dagster.yaml")["run_launcher"]["config"]
    assert launched["job_namespace"] == yaml("kubernetes/kustomization.yaml")["namespace"]
    assert launched["service_account_name"] == code["spec"]["serviceAccountName"]
    [location] = yaml("kubernetes/workspace.yaml")["load_from"]
    assert location["grpc_server"]["host"] in named("Service")
    assert str(location["grpc_server"]["port"]) == CODE_PORT


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="there is no kubectl here")
def test_kustomize_puts_the_manifests_together() -> None:
    done = subprocess.run(["kubectl", "kustomize", str(KUBERNETES)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    built = list(YAML(typ="safe").load_all(done.stdout))
    assert {one["metadata"].get("namespace", "kpi") for one in built} == {"kpi"}
    [code] = [one for one in built if (one["kind"], one["metadata"]["name"]) == ("Deployment", "kpi-code")]
    [container] = code["spec"]["template"]["spec"]["containers"]
    environment = {one["name"]: one["value"] for one in container["env"]}
    assert environment["DAGSTER_CURRENT_IMAGE"] == container["image"] != "kpi", "runs use their project's image"
    [made] = [one for one in built if one["metadata"]["name"] == "kpi-dagster" and one["kind"] == "ConfigMap"]
    assert set(made["data"]) == {"dagster.yaml", "workspace.yaml"}
