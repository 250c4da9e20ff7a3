"""What comes from the environment stays there: in no message, table, page or check result."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import MAIL
from tests.project import Shop

SECRET = "s3cr3t-t0ken"


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
