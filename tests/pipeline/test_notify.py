"""Who is told what, and that nobody is told anything twice, whatever crashes."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from kpi_pipeline.errors import DataError
from kpi_pipeline.kpis import Kpi
from kpi_pipeline.links import Link
from kpi_pipeline.metrics import Simple
from kpi_pipeline.pipeline import notify as telling
from kpi_pipeline.pipeline.notify import GIVEN_UP_AFTER, TRIED_FOR, Told, notify
from kpi_pipeline.project import Project, Settings
from kpi_pipeline.publish import conform, empty_frame, table_named
from kpi_pipeline.reviews import HeldReview
from kpi_pipeline.sources import Source
from kpi_pipeline.store import Warehouse
from kpi_pipeline.store.runs import Outcome, begin_run, end_run
from kpi_pipeline.store.state import MIGRATIONS, prepare_state
from kpi_pipeline.teams import Person
from tests.notify.servers import certificate, hook, mail_server

NOW = datetime(2024, 6, 3, 9, tzinfo=UTC)
EVERYTHING = ("status_change", "review_overdue", "run_failed", "check_failed")


def project(root: Path, *rules: dict[str, Any], **kpi: Any) -> Project:
    """A shop with one KPI, to be reviewed every month and looked at last on 20 May."""
    settings = Settings.model_validate({
        "name": "shop", "currency": "EUR", "warehouse": "w.duckdb", "publish": {"duckdb": "kpi.duckdb"},
        "notify": rules or ({"on": EVERYTHING, "to": {"type": "log"}},),
    })  # fmt: skip
    made = {
        "name": "sales", "metric": "amount", "owner": "ann", "direction": "up", "grain": "month",
        "review": {"every": "month", "last": "2024-05-20"}, **kpi,
    }  # fmt: skip
    metric = Simple.model_validate({"name": "amount", "type": "simple", "model": "m", "agg": "sum", "expr": "x"})
    people = {"ann": Person(name="ann", email="ann@shop.example")}
    noun = Kpi.model_validate(made)
    return Project(root, settings, metrics={"amount": metric}, people=people, kpis={noun.name: noun})


@dataclass
class Desk:
    """A project's published file and warehouse, written by hand, and what was told."""

    root: Path
    lines: list[str] = field(default_factory=list)

    def publish(
        self,
        *months: tuple[int, str],
        kpi: str = "sales",
        checks: dict[str, bool] | None = None,
        heading: str | None = None,
        band: tuple[float, float] | None = None,
        waiting: tuple[datetime, int] | None = None,
    ) -> None:
        """Publishes the statuses of months of 2024; a minus before the month means that it is in progress.

        `heading` is the status that months in progress are expected to end with, `band` the target in its place,
        `waiting` when the source was loaded last and how many rows of it are in quarantine.
        """
        values = [
            {
                "kpi": kpi, "grain": "month", "period_start": date(2024, abs(month), 1),
                "period_end": date(2024, abs(month) + 1, 1), "last_day": date(2024, abs(month), 28),
                "period_label": f"2024-{abs(month):02}", "period_start_utc": datetime(2024, abs(month), 1, tzinfo=UTC),
                "breakdown": "all", "segment": "all", "value": 5.0, "status": status,
                **({"target_low": band[0], "target_high": band[1]} if band else {"target": 7.0}),
                "status_rule": "attainment < 0.9", "is_complete": month > 0,
                **({"projected_value": 6.0, "projected_low": 5.5, "projected_high": 6.5, "projected_status": heading}
                   if month < 0 and heading else {}),
            }
            for month, status in months
        ]  # fmt: skip
        found = [
            {
                "asset": "raw/lines", "check_name": name, "severity": "error", "passed": passed, "observed": "3 rows",
                "expected": "none", "failing_rows": 3, "checked_at": NOW,
            }
            for name, passed in (checks or {}).items()
        ]  # fmt: skip
        loaded = [
            {
                "source": "lines", "connector": "file", "row_count": 90, "rows_quarantined": waiting[1],
                "loaded_at": waiting[0], "defined_in": "sources.yaml",
            }
        ] if waiting else []  # fmt: skip
        path = self.root / "kpi.duckdb"
        path.unlink(missing_ok=True)
        with duckdb.connect(str(path)) as file:
            tables = {"kpi_value": values, "metric_value": [], "check_result": found, "source_status": loaded}
            for name, rows in tables.items():
                table = table_named(name)
                frame = conform(table, pl.DataFrame(rows, schema=table.schema)) if rows else empty_frame(table)
                file.register("lent", frame.to_arrow())
                file.execute(f"CREATE TABLE {name} AS FROM lent")

    def warehouse(self) -> Warehouse:
        warehouse = Warehouse.open(self.root / "w.duckdb")
        prepare_state(warehouse)
        return warehouse

    def run(self, run_id: str, status: str | None, at: datetime = NOW) -> None:
        """Notes a run; one without a status never ended."""
        with self.warehouse() as warehouse:
            begin_run(warehouse, run_id, at, "v")
            if status:
                end_run(warehouse, run_id, Outcome(status), finished_at=at)

    def notices(self, columns: str = "title, receiver, tries, told_at IS NOT NULL") -> list[tuple[Any, ...]]:
        with self.warehouse() as warehouse:
            return warehouse.rows(f"SELECT {columns} FROM state.notice ORDER BY noted_at, rowid")

    def tell(
        self, of: Project | None = None, *, now: datetime = NOW, pause: Callable[[float], None] | None = None
    ) -> Told:
        self.lines.clear()
        return notify(of or project(self.root), say=self.lines.append, now=now, pause=pause or (lambda _: None))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path)
    made.warehouse().close()
    return made


def titles(came: Told) -> list[str]:
    return [title for title, _ in came.told]


def test_a_status_that_turned_is_told_once(desk: Desk) -> None:
    desk.publish((1, "off_track"), (2, "on_track"), (-3, "in_progress"))
    assert titles(desk.tell()) == [], "what was so before anybody looked is no news"

    desk.publish((1, "off_track"), (2, "on_track"), (3, "off_track"), (-4, "in_progress"))
    assert titles(desk.tell()) == ["Sales is off track"]
    assert desk.lines == [
        "Sales is off track. 2024-03: 5.00 against 7.00. It was on track before. Judged by: attainment < 0.9. Owner: Ann"
    ]
    assert titles(desk.tell()) == []

    desk.publish((3, "off_track"), (4, "off_track"), (5, "off_track"))
    assert titles(desk.tell()) == [], "still off track"
    desk.publish((3, "off_track"), (4, "off_track"), (5, "at_risk"))
    assert titles(desk.tell()) == ["Sales is at risk"], "a restatement of the latest period"
    desk.publish((5, "off_track"))
    assert titles(desk.tell()) == ["Sales is off track"]
    desk.publish((5, "at_risk"))
    assert titles(desk.tell()) == [], "that May is at risk was told"


def test_what_heads_off_track_is_told_once_a_period(desk: Desk) -> None:
    asked = project(desk.root, {"on": ("heading_off_track",), "to": {"type": "log"}})

    def told(*months: tuple[int, str], heading: str | None = None) -> list[str]:
        desk.publish(*months, heading=heading)
        return titles(desk.tell(asked))

    january = (1, "on_track")
    assert told(january, (-2, "in_progress"), heading="off_track") == [], "so it was before anybody looked"
    assert told(january, (-2, "in_progress"), heading="on_track") == []
    assert told(january, (-2, "in_progress"), heading="off_track") == ["Sales is heading off track"]
    (line,) = desk.lines
    assert line.startswith("Sales is heading off track. 2024-02 is expected to end at 6.00 against 7.00, in four of ")
    assert line.endswith("five cases between 5.50 and 6.50. So far it is 5.00. Owner: Ann")
    assert told(january, (-2, "in_progress"), heading="at_risk") == []
    assert told(january, (-2, "in_progress"), heading="off_track") == [], "that February heads off track was told"
    assert told((2, "on_track"), (-3, "in_progress")) == [], "of March nothing is known yet"
    assert told((2, "on_track"), (-3, "in_progress"), heading="off_track") == ["Sales is heading off track"]
    assert told((3, "off_track"), (-4, "in_progress"), heading="off_track") == [], "it is off track already"
    assert told((3, "off_track"), (-4, "in_progress"), heading="at_risk") == []
    assert told((3, "off_track"), (-4, "in_progress"), heading="off_track") == ["Sales is heading off track"]
    assert told((4, "on_track"), (-5, "in_progress"), heading="off_track") == ["Sales is heading off track"]


def test_against_a_band_its_ends_are_told(desk: Desk) -> None:
    asked = project(desk.root, {"on": ("heading_off_track", "status_change"), "to": {"type": "log"}})
    for heading in ("on_track", "off_track"):
        desk.publish((1, "on_track"), (-2, "in_progress"), heading=heading, band=(7.0, 8.0))
        desk.tell(asked)
    (line,) = desk.lines
    assert "2024-02 is expected to end at 6.00 against a target between 7.00 and 8.00, in four of five cases" in line
    desk.publish((1, "off_track"), band=(7.0, 8.0))
    desk.tell(asked)
    assert "2024-01: 5.00 against a target between 7.00 and 8.00. It was on track before." in desk.lines[0]


def test_of_a_file_of_an_earlier_version_what_it_has_is_told(desk: Desk) -> None:
    """It has no evidence at all, and no projections: that is said, and the rest is told."""
    asked = project(desk.root, {"on": ("status_change", "heading_off_track", "leader_faded"), "to": {"type": "log"}})
    desk.publish((1, "on_track"))
    desk.tell(asked)
    desk.publish((1, "off_track"))
    with duckdb.connect(str(desk.root / "kpi.duckdb")) as file:
        file.execute("ALTER TABLE kpi_value DROP COLUMN projected_status")
    assert titles(desk.tell(asked)) == ["Sales is off track"]
    assert [line for line in desk.lines if "earlier version" in line] == [
        f"An earlier version wrote kpi.duckdb, so {event} cannot be told. `kpi run` writes it anew."
        for event in ("heading_off_track", "leader_faded")
    ]


@pytest.mark.parametrize("former", [("orders", "sales"), ("leads", "turnover"), ("orders", "turnover")])
def test_a_leader_of_a_renamed_kpi_fades_too(desk: Desk, former: tuple[str, str]) -> None:
    rule = {"on": ("leader_faded",), "to": {"type": "log"}}

    def of(leader: str, follower: str) -> Project:
        asked = project(desk.root, rule, name=follower, formerly=("turnover",) if follower == "sales" else ())
        ahead = Kpi(
            name=leader, metric="amount", direction="up", grain="month", formerly=("orders",) * (leader == "leads")
        )
        link = Link.model_validate(
            {"from": leader, "to": follower, "lag": "1 month", "sign": "positive", "because": "orders"}
        )
        return replace(asked, kpis={**asked.kpis, leader: ahead}, links=(link,))

    def publish(leader: str, follower: str, verdict: str) -> None:
        desk.publish((1, "on_track"))
        columns = "kpi, leads_kpi, segment, verdict, reason, tested_at"
        with duckdb.connect(str(desk.root / "kpi.duckdb")) as file:
            file.execute(
                f"CREATE TABLE kpi_evidence AS SELECT * FROM (VALUES (?, ?, 'all', ?, 'So.', now())) AS told({columns})",
                [leader, follower, verdict],
            )

    publish(*former, "confirmed")
    desk.tell(of(*former))
    publish("leads", "sales", "weak")
    assert titles(desk.tell(of("leads", "sales"))) == ["Leads no longer surely leads Sales"]
    assert titles(desk.tell(of("leads", "sales"))) == []


@pytest.mark.parametrize("nobody_knows", ["no_data", "no_target"])
def test_what_nobody_knows_is_passed_over(desk: Desk, nobody_knows: str) -> None:
    desk.publish((1, "on_track"))
    desk.tell()
    desk.publish((1, "on_track"), (2, nobody_knows))
    assert titles(desk.tell()) == []
    desk.publish((1, "on_track"), (2, nobody_knows), (3, "on_track"))
    assert titles(desk.tell()) == []
    desk.publish((1, "on_track"), (2, nobody_knows), (3, "on_track"), (4, "off_track"))
    assert titles(desk.tell()) == ["Sales is off track"]


def test_periods_that_were_taken_away_are_no_news(desk: Desk) -> None:
    desk.publish((1, "off_track"), (2, "on_track"))
    desk.tell()
    desk.publish((1, "off_track"))
    assert titles(desk.tell()) == []
    desk.publish((1, "off_track"), (2, "on_track"))
    assert titles(desk.tell()) == []


def test_a_renamed_kpi_is_told_nothing_again(desk: Desk) -> None:
    desk.publish((1, "on_track"))
    late = datetime(2024, 6, 21, tzinfo=UTC)
    assert titles(desk.tell(now=late)) == ["Sales was to be reviewed by 2024-06-20"]
    renamed = project(desk.root, name="turnover", label="Turnover", formerly=("sales",))
    desk.publish((1, "on_track"), kpi="turnover")
    assert titles(desk.tell(renamed, now=late)) == []
    desk.publish((1, "on_track"), (2, "off_track"), kpi="turnover")
    assert titles(desk.tell(renamed, now=late)) == ["Turnover is off track"]


def test_an_overdue_review_is_told_once_a_due_day(desk: Desk) -> None:
    desk.publish()
    due = datetime(2024, 6, 20, 12, tzinfo=UTC)
    assert titles(desk.tell(now=due)) == []
    assert titles(desk.tell(now=due + timedelta(days=1))) == ["Sales was to be reviewed by 2024-06-20"]
    assert "That was 1 day ago. It was looked at last on 2024-05-20, and is to be every month." in desk.lines[0]
    assert titles(desk.tell(now=due + timedelta(days=40))) == []

    held = HeldReview(kpi="sales", on=date(2024, 8, 1), by="ann", decision="Go on")
    reviewed = replace(project(desk.root), reviews=(held,))
    assert titles(desk.tell(reviewed, now=due + timedelta(days=60))) == []
    assert titles(desk.tell(reviewed, now=due + timedelta(days=90))) == ["Sales was to be reviewed by 2024-09-01"]


def test_whoever_wants_is_reminded(desk: Desk) -> None:
    desk.publish()
    weekly = project(desk.root, {"on": ("review_overdue",), "to": {"type": "log"}, "remind_every": 7})
    due = datetime(2024, 6, 20, 12, tzinfo=UTC)
    told = [day for day in range(30) if titles(desk.tell(weekly, now=due + timedelta(days=day)))]
    assert told == [1, 7, 14, 21, 28]


def test_overdue_goes_by_the_data_where_today_does(desk: Desk) -> None:
    by_data = project(desk.root)
    by_data = replace(by_data, settings=by_data.settings.model_copy(update={"as_of": "data"}))
    desk.publish((5, "on_track"))
    assert titles(desk.tell(by_data, now=datetime(2034, 1, 1, tzinfo=UTC))) == []
    desk.publish((6, "on_track"))
    assert titles(desk.tell(by_data)) == ["Sales was to be reviewed by 2024-06-20"]


@pytest.mark.parametrize(
    ("status", "said"),
    [("failed", ["failed"]), ("blocked", ["was blocked by a failed check"]), (None, ["was killed"]), ("published", []), ("stopped", [])],
)  # fmt: skip
def test_a_run_that_failed_is_told_once_a_day(desk: Desk, status: str | None, said: list[str]) -> None:
    desk.publish()
    desk.run("r1", status)
    assert titles(desk.tell()) == [f"The run of Shop {word}" for word in said]
    desk.run("r2", status, at=NOW + timedelta(minutes=5))
    assert titles(desk.tell()) == []
    desk.run("r3", status, at=NOW + timedelta(days=1))
    assert len(titles(desk.tell())) == len(said)
    desk.run("r4", "published", at=NOW + timedelta(days=2))
    assert titles(desk.tell()) == []


def test_a_first_run_that_fails_is_told_of_too(desk: Desk) -> None:
    desk.run("r1", "failed")
    assert titles(desk.tell()) == ["The run of Shop failed"]


def test_a_check_that_begins_to_fail_is_told(desk: Desk) -> None:
    desk.publish(checks={"priced": False, "dated": True})
    assert titles(desk.tell()) == ["raw/lines fails the check 'priced'"]
    assert "Expected: none. Found: 3 rows. What depends on it is not published." in desk.lines[0]
    desk.publish(checks={"priced": False, "dated": True})
    assert titles(desk.tell()) == []
    desk.publish(checks={"priced": True, "dated": False})
    assert titles(desk.tell()) == ["raw/lines fails the check 'dated'"]


def test_rows_that_were_set_aside_are_told_once(desk: Desk) -> None:
    lines = Source.model_validate({"name": "lines", "connector": {"type": "file", "path": "lines.csv"}})
    asked = project(desk.root, {"on": ("quarantine_grew",), "to": {"type": "log"}})
    asked = replace(asked, sources={"lines": lines})

    def told(hour: int, rows: int) -> list[str]:
        desk.publish(waiting=(NOW + timedelta(hours=hour), rows))
        return titles(desk.tell(asked))

    assert told(0, 3) == [], "so many waited before anybody looked"
    assert told(1, 5) == ["2 more rows of Lines did not fit"]
    (line,) = desk.lines
    assert line.startswith("2 more rows of Lines did not fit. In quarantine now: 5 rows; loaded: 90. `kpi quarantine ")
    assert told(1, 5) == [], "that was told"
    assert told(2, 5) == []
    assert told(0, 9) == [], "an older publication, put back"
    assert told(3, 4) == [], "one was mended"
    assert told(4, 5) == ["1 more row of Lines did not fit"]


def test_each_receiver_is_told_what_it_wants(desk: Desk) -> None:
    with mail_server() as box, hook() as there:
        asked = project(
            desk.root,
            {"on": ("status_change",), "to": {"type": "webhook", "url": there.url}},
            {
                "on": ("status_change", "review_overdue"),
                "to": {
                    "type": "mail",
                    "host": "127.0.0.1",
                    "port": box.port,
                    "security": "none",
                    "from": "kpi@shop.example",
                },
            },
            {"on": ("status_change",), "to": {"type": "webhook", "url": None}},
        )
        desk.publish((1, "on_track"))
        desk.tell(asked)
        desk.publish((2, "off_track"))
        came = desk.tell(asked, now=datetime(2024, 7, 1, tzinfo=UTC))
    assert sorted(titles(came)) == [
        "Sales is off track",
        "Sales is off track",
        "Sales was to be reviewed by 2024-06-20",
    ]
    assert [one["title"] for one in there.posted] == ["Sales is off track"]
    assert len(box.mails) == 2
    assert all("ann@shop.example" in receiver for receiver, _ in box.mails)


def turned(desk: Desk, url: str) -> Project:
    """A project whose KPI has turned off track since it was looked at, which a webhook is to be told."""
    asked = project(desk.root, {"on": ("status_change", "check_failed"), "to": {"type": "webhook", "url": url}})
    desk.publish((1, "on_track"))
    desk.tell(asked)
    desk.publish((2, "off_track"), checks={"priced": False})
    return asked


def test_what_did_not_get_through_is_tried_again_with_the_same_key(desk: Desk) -> None:
    with hook(500, 500, 500, 200) as there:
        asked = turned(desk, there.url)
        came = desk.tell(asked)
        assert [reason for _, reason in came.failed] == [
            "the webhook answered 500",
            "its channel did not answer before",
        ]
        assert came.told == []
        assert len(there.posted) == 3
        assert len(titles(desk.tell(asked))) == 2
        assert titles(desk.tell(asked)) == []
    assert len(set(there.keys[:4])) == 1
    assert len(set(there.keys)) == 2


class Crash(BaseException):
    """The process ends here."""


def test_a_crash_before_sending_loses_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with hook() as there:
        asked = turned(desk, there.url)

        def crash(*_: object, **__: object) -> None:
            raise Crash

        with monkeypatch.context() as broken:
            broken.setattr(telling, "deliver", crash)
            with pytest.raises(Crash):
                desk.tell(asked)
        assert there.posted == []
        assert len(titles(desk.tell(asked))) == 2
        assert len(there.posted) == 2


def test_a_crash_after_sending_sends_again_with_the_same_key(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one case in which something may arrive twice: what was sent could not be noted any more."""
    with hook() as there:
        asked = turned(desk, there.url)

        def crash(*_: object) -> None:
            raise Crash

        with monkeypatch.context() as broken:
            broken.setattr(telling, "note_told", crash)
            with pytest.raises(Crash):
                desk.tell(asked)
        assert len(titles(desk.tell(asked))) == 2
        assert titles(desk.tell(asked)) == []
    assert there.keys[0] == there.keys[1]
    assert len(there.keys) == 3


def test_a_crash_while_news_are_noted_notes_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with hook() as there:
        asked = turned(desk, there.url)

        def crash(*_: object) -> bool:
            raise Crash

        with monkeypatch.context() as broken:
            broken.setattr(telling, "note_notice", crash)
            with pytest.raises(Crash):
                desk.tell(asked)
        assert desk.notices() == []
        assert len(titles(desk.tell(asked))) == 2


def test_what_never_gets_through_is_given_up(desk: Desk) -> None:
    with hook(404) as there:
        asked = turned(desk, there.url)
        for _ in range(GIVEN_UP_AFTER + 1):
            assert len(desk.tell(asked).failed) == 2, "an hour of tries is not long enough"
        assert len(desk.tell(asked, now=NOW + TRIED_FOR).given_up) == 2
        assert desk.tell(asked, now=NOW + TRIED_FOR) == Told()
        assert len(there.posted) == 2 * (GIVEN_UP_AFTER + 2)


def test_a_wrong_password_is_tried_once_a_call_and_mended(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted = certificate(tmp_path / "mail.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))

    def asked(port: int, password: str) -> Project:
        to = {"type": "mail", "host": "127.0.0.1", "port": port, "from": "kpi@shop.example", "user": "kpi"}
        rule = {
            "on": ("status_change", "check_failed"),
            "to": {**to, "to": ("ann@shop.example",), "password": password},
        }
        return project(desk.root, rule)

    with mail_server(certificate=trusted, security="starttls", login=("kpi", "s3cret")) as box:
        desk.publish((1, "on_track"))
        desk.tell(asked(box.port, "wr0ng"))
        desk.publish((2, "off_track"), checks={"priced": False})
        came = desk.tell(asked(box.port, "wr0ng"))
        assert [reason for _, reason in came.failed] == [
            "the mail server refused name and password",
            "its channel did not answer before",
        ]
        assert box.said.count("AUTH in secret") == 1
        assert len(titles(desk.tell(asked(box.port, "s3cret")))) == 2
        assert desk.tell(asked(box.port, "s3cret")) == Told()
        assert len(box.mails) == 2
    assert not {"wr0ng", "s3cret"} & set(re.findall(r"\w+", f"{came} {desk.lines} {desk.notices('*')}"))
    assert b"wr0ng" not in (desk.root / "w.duckdb").read_bytes()


def test_a_mail_server_that_was_down_is_tried_again(desk: Desk) -> None:
    def asked(port: int) -> Project:
        to = {"type": "mail", "host": "127.0.0.1", "port": port, "security": "none", "from": "kpi@shop.example"}
        return project(desk.root, {"on": ("status_change",), "to": to})

    with mail_server() as box:
        port = box.port
    desk.publish((1, "on_track"))
    desk.tell(asked(port))
    desk.publish((2, "off_track"))
    ((_, reason),) = desk.tell(asked(port)).failed
    assert reason == "the mail server could not be reached (ConnectionRefusedError)"
    with mail_server(port=port) as box:
        assert len(titles(desk.tell(asked(port)))) == 1
        assert desk.tell(asked(port)) == Told()
        assert len(box.mails) == 1


def test_what_nobody_wants_any_more_is_not_sent(desk: Desk) -> None:
    with hook(500) as there:
        asked = turned(desk, there.url)
        desk.tell(asked)
        came = desk.tell(project(desk.root, {"on": ("run_failed",), "to": {"type": "log"}}))
    assert [reason for _, reason in came.given_up] == ["nobody wants to be told of it any more"] * 2


def test_the_warehouse_holds_no_secret(desk: Desk) -> None:
    with hook() as there:
        asked = turned(desk, there.url)
        desk.tell(asked)
    assert "s3cret" not in str(desk.notices("*"))
    assert b"s3cret" not in (desk.root / "w.duckdb").read_bytes()


def test_nobody_to_tell_needs_no_warehouse(tmp_path: Path) -> None:
    quiet = project(tmp_path)
    quiet = replace(quiet, settings=quiet.settings.model_copy(update={"notify": ()}))
    assert notify(quiet, say=print) == Told()
    with pytest.raises(DataError, match="Nothing was loaded yet"):
        notify(project(tmp_path), say=print)


KILLED = """
import sys
from pathlib import Path
from tests.pipeline.test_notify import NOW, project
from kpi_pipeline.pipeline.notify import notify

rule = {"on": ("status_change", "check_failed"), "to": {"type": "webhook", "url": sys.argv[2]}}
notify(project(Path(sys.argv[1]), rule), say=print, now=NOW)
"""


def test_a_process_killed_while_it_sends_leaves_the_rest_to_the_next(desk: Desk) -> None:
    with hook(None, 200) as there:
        asked = turned(desk, there.url)
        arguments = [sys.executable, "-c", KILLED, str(desk.root), there.url]
        process = subprocess.Popen(arguments, cwd=Path(__file__).parents[2])
        waited = time.monotonic()
        while not there.posted and time.monotonic() - waited < 60:
            time.sleep(0.02)
        process.kill()
        process.wait()
        assert len(there.posted) == 1
        assert len(titles(desk.tell(asked))) == 2
    assert there.keys[0] == there.keys[1], "it may have arrived, so it is sent again as the same"
    assert len(set(there.keys)) == 2


def test_two_at_the_same_time_send_once(desk: Desk) -> None:
    with hook() as there:
        asked = turned(desk, there.url)
        with ThreadPoolExecutor() as pool:
            came = list(pool.map(lambda _: notify(asked, say=print, now=NOW), range(3)))
    assert sorted(len(one.told) for one in came) == [0, 0, 2]
    assert len(there.posted) == 2


def test_a_warehouse_of_before_is_brought_up_to_this(tmp_path: Path) -> None:
    with Warehouse.open(tmp_path / "w.duckdb") as old:
        for statement in MIGRATIONS[0]:
            old.run(statement)
        old.run("CREATE TABLE state.schema_version AS SELECT 1 AS version")
    desk = Desk(tmp_path)
    desk.run("r1", "failed")
    assert titles(desk.tell()) == ["The run of Shop failed"]
