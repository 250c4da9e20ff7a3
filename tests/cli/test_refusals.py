"""What a command cannot do: one message, a way out, an exit code, never a traceback."""

from __future__ import annotations

import pytest

from tests.project import Shop, kpi


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["show", "weekly_revenu"], ["weekly_revenu", "did you mean 'weekly_revenue'"]),
        (["show", "revenue"], ["'revenue' is a metric", "kpi explain revenue"]),
        (["show", "zzz"], ["zzz", "kpi list"]),
        (["explain", "revenu"], ["revenu", "did you mean 'revenue'"]),
        (["query", "revenu"], ["revenu", "did you mean 'revenue'"]),
        (["query", "weekly_revenue"], ["'weekly_revenue' is a KPI; its metric is 'revenue'"]),
        (["query", "revenue", "--by", "contry"], ["contry", "did you mean 'country'"]),
        (["query", "revenue", "tickets", "--by", "country"], ["'tickets'", "'country'"]),
        (["query", "revenue", "--grain", "weekly"], ["'weekly' is not a grain", "'week'"]),
        (["query", "revenue_growth"], ["grain"]),
        (["query", "revenue", "--from", "yesterday"], ["yesterday"]),
        (["query", "revenue", "--to", "2024-13"], ["2024-13"]),
        (["query", "revenue", "--from", "2024-02", "--to", "2024-01"], ["'2024-02' (from) lies after '2024-01' (to)"]),
        (["query", "revenue", "--order-by", "profit"], ["profit", "'revenue'"]),
        (["query", "revenue", "--where", "country = 'France'; DROP TABLE raw.sales"], ["condition"]),
        (
            ["query", "revenue", "--where", "country = (SELECT max(country) FROM raw.sales)"],
            ["does more than compare dimensions"],
        ),
        (["query", "revenue", "--where", "sum(country) > 1"], ["does more than compare dimensions"]),
        (["query", "revenue", "--where", "contry = 'France'"], ["contry", "country"]),
        (["query", "revenue", "--where", "country ="], ["not complete"]),
        (["query", "revenue", "--where", "customer = 'c1'"], ["customer"]),
        (["run", "--select", "weekly_revenu"], ["weekly_revenu", "did you mean 'weekly_revenue'"]),
        (["run", "--since", "soon"], ["since", "soon"]),
    ],
    ids=lambda value: " ".join(value) if value and "--" in " ".join(value) else None,
)
def test_question_that_cannot_be_answered(ran: Shop, arguments: list[str], words: list[str]) -> None:
    with ran.nothing_lost():
        ran.kpi(*arguments).refuses(2, *words)


def test_before_any_run(shop: Shop) -> None:
    shop.kpi("query", "revenue").refuses(3, "kpi run")
    shop.kpi("show", "weekly_revenue").refuses(3, "kpi run")
    assert not shop.warehouse.exists()


def test_no_definitions(tmp_path) -> None:
    for command in ("check", "run", "list"):
        kpi(command, "--project", str(tmp_path)).refuses(2, "There is no folder definitions/", "kpi init")


def test_empty_definitions(tmp_path) -> None:
    (tmp_path / "definitions").mkdir()
    kpi("run", "--project", str(tmp_path)).refuses(2, "definitions")


@pytest.mark.parametrize(
    "arguments",
    [["ruin"], ["query"], ["query", "revenue", "--format", "xml"], ["run", "--wait", "-1"], ["list", "people"]],
)
def test_command_line_that_is_none(arguments: list[str]) -> None:
    said = kpi(*arguments)
    assert said.code == 2
    assert "Traceback" not in said.err


def test_mistake_of_our_own_is_called_so(ran: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: object, **_options: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("kpi_pipeline.api.LoadedProject.query", broken)
    ran.kpi("query", "revenue").refuses(70, "went wrong", "ZeroDivisionError", "KPI_DEBUG=1")
    monkeypatch.setenv("KPI_DEBUG", "1")
    said = ran.kpi("query", "revenue")
    assert said.code == 70
    assert "Traceback" in said.err
