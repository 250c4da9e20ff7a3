"""`kpi notify`, end to end: a week ends otherwise than the one before, a webhook is told, once."""

from __future__ import annotations

import pytest

from tests.notify.servers import hook
from tests.project import SALES_HEADER, Shop, csv, sales

RULES = """\
  notify:
    - {on: [status_change, review_overdue], to: {type: webhook, url: "${SHOP_HOOK}", format: slack}}
"""


def test_nobody_is_to_be_told(ran: Shop) -> None:
    said = ran.kpi("notify")
    assert (said.code, said.err) == (0, "")
    assert "`notify` in project.yaml says who is told what" in said.out


def test_a_week_that_turned_is_told_once(ran: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    with hook(200, 400, 200) as there:
        monkeypatch.setenv("SHOP_HOOK", there.url)
        ran.edit("definitions/project.yaml", "  as_of: data\n", f"  as_of: data\n{RULES}")
        said = ran.kpi("notify")
        assert (said.code, said.out) == (0, "Nothing new to tell.\n")

        ran.write("data/sales/more.csv", csv(SALES_HEADER, sales(range(9, 12), first_invoice=900, price=999.0)))
        assert ran.run().status == "published"
        said = ran.kpi("notify")
        assert said.code == 6
        assert "1 message sent." in said.out
        assert "Not told, to be tried again: " in said.err
        assert "the webhook answered 400" in said.err
        assert ran.kpi("notify").out == "1 message sent.\n"
        assert ran.kpi("notify").out == "Nothing new to tell.\n"
        assert "s3cret" not in said.out + said.err
    first, refused, again = (one["text"].splitlines() for one in there.posted)
    assert first[:2] == [
        "*Weekly average sale is on track*",
        "2024-W10: €1,738 against €250.00. It was off track before.",
    ]
    assert refused == again
    assert again[0] == "*Weekly revenue is on track*"
    assert again[2:] == ["Judged by: the target is reached.", "Owner: Ana"]
