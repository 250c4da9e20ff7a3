"""What comes from the environment stays there: in no message, table, page or check result."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args
from urllib.parse import quote, quote_plus

import pytest
from pydantic import BaseModel, SecretStr

from kpi_pipeline.errors import InternalError, StorageError
from kpi_pipeline.load.kinds import KINDS
from kpi_pipeline.orchestration.selection import bring_up_to_date
from kpi_pipeline.pipeline.watch import Quiet
from kpi_pipeline.project import Settings
from tests.conftest import MAIL
from tests.project import Shop

SECRET = "s3cr3t-t0ken"
ODD = "p@ss w0rd/+%é"
"""A password that looks otherwise in an address."""


def files_with(root: Path, text: str) -> list[str]:
    """The files below a folder that hold a text, as it is or in UTF-16."""
    needles = (text.encode(), text.encode("utf-16-le"))
    return [
        str(path.relative_to(root))
        for path in root.rglob("*")
        if path.is_file() and any(needle in path.read_bytes() for needle in needles)
    ]


def test_value_of_the_environment_is_written_nowhere(shop: Shop) -> None:
    said = [
        shop.kpi(*command)
        for command in (["check"], ["run"], ["list"], ["show", "weekly_revenue"], ["explain", "revenue"])
    ]
    assert all(one.code == 0 for one in said)
    assert MAIL not in "".join(one.out + one.err for one in said)
    assert files_with(shop.root, MAIL) == []


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("project", "currency: EUR", 'currency: "${SHOP_TOKEN}"'),
        ("project", "timezone: UTC", 'timezone: "${SHOP_TOKEN}"'),
        ("kpis", "metric: tickets", 'metric: "${SHOP_TOKEN}"'),
        ("kpis", "{from: 2024-01-01, value: 1500}", '{from: "${SHOP_TOKEN}", value: 1500}'),
    ],
)
def test_value_of_the_environment_that_does_not_fit_is_not_told(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, file: str, old: str, new: str
) -> None:
    monkeypatch.setenv("SHOP_TOKEN", SECRET)
    shop.edit(f"definitions/{file}.yaml", old, new)
    said = shop.kpi("run")
    assert said.code in (2, 3)
    assert SECRET not in said.out + said.err, said.err


def test_variable_that_is_not_set(shop: Shop) -> None:
    shop.edit("definitions/project.yaml", "currency: EUR", 'currency: "${SHOP_CURRENCY}"')
    shop.kpi("run").refuses(2, "definitions/project.yaml:4:", "SHOP_CURRENCY")


def test_personal_values_of_failing_rows_are_masked(ran: Shop) -> None:
    ran.edit("definitions/sources.yaml", "columns: [invoice], name", "columns: [invoice, customer], name")
    ran.write(
        "data/sales/second.csv",
        "invoice,customer,sold_at,country,quantity,price\n,Zoe Zebra,2024-03-05 10:00:00,France,1,9.00\n",
    )
    said = ran.kpi("run")
    assert said.code == 3
    assert "Zebra" not in said.out + said.err
    assert files_with(ran.root / "out", "Zebra") == []


NOTIFY = """\
  notify:
    - on: [status_change, run_failed, check_failed]
      to: {type: webhook, url: "${SHOP_HOOK}", timeout: 1}
    - on: [run_failed]
      to: {type: mail, host: 127.0.0.1, port: 9, user: "${SHOP_USER}", password: "${SHOP_PASSWORD}", from: a@example.com,
           to: [owner], timeout: 1}
"""
DATABASE = """\
sources:
  - name: orders
    connector: {type: database, driver: postgresql, uri: "${SHOP_URI}", table: orders}
  - name: orders_beside
    connector: {type: database, driver: postgresql, uri: "${SHOP_URI}", query: "SELECT * FROM orders"}
"""


def forms_of(secret: str) -> set[str]:
    return {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), repr(secret)[1:-1]}


def test_secret_of_every_setting_that_takes_one_is_written_nowhere(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers that cannot be reached, told by every command, with a traceback asked for."""
    there = f"postgresql://eve:{quote(ODD, safe='')}@127.0.0.1:9/shop?connect_timeout=1"
    for name, value in {
        "SHOP_HOOK": f"http://127.0.0.1:9/{quote(ODD)}?token={SECRET}", "SHOP_USER": "eve-s3cr3t", "SHOP_PASSWORD": ODD,
        "SHOP_URI": there, "SHOP_POSTGRES_URL": there, "KPI_DEBUG": "1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    shop.write("definitions/project.yaml", (shop.root / "definitions/project.yaml").read_text() + NOTIFY)
    said = [shop.kpi(*command) for command in (["check"], ["run"], ["notify", "--wait", "0"])]
    shop.edit(
        "definitions/project.yaml", "    scorecard: out", '    postgres: "${SHOP_POSTGRES_URL}"\n    scorecard: out'
    )
    said.append(shop.kpi("run", "--full"))
    shop.write("definitions/orders.yaml", DATABASE)
    shop.edit(
        "definitions/models.yaml", "models:", "models:\n  - {name: order, table: raw.orders, agg_time_dimension: day}"
    )
    said += [shop.kpi(*command) for command in (["check"], ["run"], ["notify", "--wait", "0"], ["run", "--help"])]
    text = "".join(one.out + one.err for one in said)
    for secret in (ODD, SECRET, there):
        for form in forms_of(secret):
            assert form not in text, f"{form} is told in:\n{text[max(text.find(form) - 300, 0) :][:700]}"
            assert files_with(shop.root, form) == []


@pytest.mark.parametrize("form", sorted(forms_of(ODD)))
def test_what_a_library_says_unforeseen_is_hidden(ran: Shop, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    """On the terminal, with and without a traceback, and in what Dagster keeps of an exception and its causes."""
    monkeypatch.setenv("SHOP_PASSWORD", ODD)

    def fails(*_arguments: object, **_options: object) -> None:
        try:
            raise RuntimeError(f"cannot log in with {form}")
        except RuntimeError as problem:
            raise StorageError("It cannot be written.") from problem

    monkeypatch.setattr("kpi_pipeline.api.LoadedProject.query", fails)
    monkeypatch.setattr("kpi_pipeline.orchestration.selection.what_is_asked", fails)
    assert form not in ran.kpi("query", "revenue").err
    monkeypatch.setenv("KPI_DEBUG", "1")
    told = ran.kpi("query", "revenue")
    assert "cannot log in with •••" in told.err
    assert form not in told.err
    with pytest.raises(StorageError) as kept:
        bring_up_to_date(ran.load().project, ["raw/sales"], Quiet())
    assert form not in "".join(traceback.format_exception(kept.value))
    assert str(kept.value) == "It cannot be written."


def test_exception_that_is_not_ours_keeps_its_kind_in_words(ran: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_arguments: object) -> None:
        raise ValueError(f"bad {ODD}")

    monkeypatch.setenv("SHOP_PASSWORD", ODD)
    monkeypatch.setattr("kpi_pipeline.orchestration.selection.what_is_asked", fails)
    with pytest.raises(InternalError, match="ValueError: bad •••"):
        bring_up_to_date(ran.load().project, ["raw/sales"], Quiet())


def test_every_key_that_sounds_secret_is_kept_as_a_secret() -> None:
    telling = re.compile(r"(^|_)(password|token|secret|api_key|url|uri|dsn|credentials?)$")
    told = [
        f"{noun.__name__}.{name}"
        for noun in _nouns()
        for name, field in noun.model_fields.items()
        if telling.search(name) and SecretStr not in {field.annotation, *get_args(field.annotation)}
    ]
    assert told == []


def _nouns() -> Iterator[type[BaseModel]]:
    """Every noun that definitions are made of."""
    waiting: list[Any] = [Settings, *(kind.noun for kind in KINDS)]
    seen: set[Any] = set()
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        waiting += get_args(one)
        if isinstance(one, type) and issubclass(one, BaseModel):
            yield one
            waiting += [field.annotation for field in one.model_fields.values()]
