"""Who is told what: what would fail when it is to be told is refused when it is loaded, and no secret is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from kpi_pipeline.errors import DefinitionError
from kpi_pipeline.load import load
from kpi_pipeline.notify import Webhook
from kpi_pipeline.project import Project
from kpi_pipeline.publish import project_version
from tests.load.conftest import BASE

HEAD = "project: {name: shop, timezone: Europe/London, currency: GBP}\n"


def loaded(root: Path, notify: str, **variables: str) -> Project:
    assert HEAD in BASE
    (root / "definitions").mkdir(exist_ok=True)
    text = BASE.replace(HEAD, f"project:\n  name: shop\n  notify:\n{notify}")
    (root / "definitions" / "all.yaml").write_text(text, encoding="utf-8")
    return load(root / "definitions", variables=variables)


HOOK = '    - {on: [status_change], to: {type: webhook, url: "${HOOK}", format: slack}}\n'
MAIL = '    - {on: [review_overdue], to: {type: mail, host: mail, from: a@b.example, user: "${U}", password: "${P}"}}\n'


def test_a_secret_comes_from_the_environment(tmp_path: Path) -> None:
    project = loaded(tmp_path, HOOK, HOOK="https://hooks.example/s3cret")
    (rule,) = project.settings.notify

    assert isinstance(rule.to, Webhook)
    assert rule.to.url
    assert rule.to.url.get_secret_value() == "https://hooks.example/s3cret"
    assert "s3cret" not in repr(project)


def test_where_the_secret_is_not_set_the_channel_is_left_out(tmp_path: Path) -> None:
    for text in (HOOK, MAIL):
        (rule,) = loaded(tmp_path, text).settings.notify
        assert getattr(rule.to, "url", None) is None
        assert getattr(rule.to, "password", None) is None


def test_nothing_published_rests_on_who_is_told(tmp_path: Path) -> None:
    with_hook, with_mail = loaded(tmp_path, HOOK), loaded(tmp_path, MAIL)

    assert project_version(with_hook) == project_version(with_mail)


@pytest.mark.parametrize(
    ("notify", "said"),
    [
        ("    - {on: [status_changed], to: {type: log}}\n", r"'status_changed', which is not one of(.|\n)*did you mean 'status_change'"),
        ("    - {on: [], to: {type: log}}\n", r"'notify\[0\].on'"),
        ("    - {on: [status_change], to: {type: pigeon}}\n", r"'pigeon'(.|\n)*webhook"),
        ("    - {on: [status_change], to: {type: webhook}}\n", r"has no 'url'"),
        ("    - {on: [status_change], to: {type: log}, remind_every: 3}\n", "add 'review_overdue' to 'on'"),
        ("    - {on: [run_failed], to: {type: mail, host: m, from: a@b.example}}\n", r"it has no owner.\nHint: name addresses in"),
        ("    - {on: [status_change], to: {type: mail, host: m, from: nobody}}\n", "an address looks like kpis@example.org"),
        (HOOK, "begins with https://"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, notify: str, said: str) -> None:
    with pytest.raises(DefinitionError, match=said) as problem:
        loaded(tmp_path, notify, HOOK="hooks.example/s3cret")
    assert "definitions/all.yaml:5:" in str(problem.value)
    assert "s3cret" not in str(problem.value)
