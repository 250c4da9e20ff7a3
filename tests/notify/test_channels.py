"""Each kind of channel against a server on this machine that answers well, badly, late or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from kpi_pipeline.notify import Event, Message, NotifyRule, Undelivered, deliver, receivers
from tests.notify.servers import certificate, hook, mail_server

MESSAGE = Message("c0ffee", Event.status_change, "Sales\nare <off track>", "2024-01: 5 €", "sales", "Shop")


def rule(to: dict[str, Any], *on: str, **more: Any) -> NotifyRule:
    return TypeAdapter(NotifyRule).validate_python({"on": on or ("status_change",), "to": to, **more})


def delivered(to: dict[str, Any], receiver: str = "r") -> list[float]:
    """Delivers the message and returns the pauses that were made."""
    pauses: list[float] = []
    deliver(rule(to).to, MESSAGE, receiver, say=print, pause=pauses.append)
    return pauses


@pytest.mark.parametrize(
    ("form", "posted"),
    [
        ("slack", {"text": "*Sales\nare &lt;off track&gt;*\n2024-01: 5 €"}),
        (
            "json",
            {
                "key": "c0ffee", "event": "status_change", "title": "Sales\nare <off track>", "body": "2024-01: 5 €",
                "about": "sales", "project": "Shop",
            },
        ),
    ],
)  # fmt: skip
def test_a_webhook_is_posted_to(form: str, posted: dict[str, str]) -> None:
    with hook() as there:
        delivered({"type": "webhook", "url": there.url, "format": form})
        assert there.posted == [posted]
        assert there.keys == ["c0ffee"]


def test_teams_gets_a_card() -> None:
    with hook(202) as there:
        delivered({"type": "webhook", "url": there.url, "format": "teams"})
        (card,) = there.posted[0]["attachments"]
        assert [block["text"] for block in card["content"]["body"]] == ["Sales\nare <off track>", "2024-01: 5 €"]


def test_a_webhook_that_is_ill_is_tried_again_with_the_same_key() -> None:
    with hook(500, 429, 200) as there:
        assert delivered({"type": "webhook", "url": there.url}) == [1.0, 2.0]
        assert there.keys == ["c0ffee"] * 3


@pytest.mark.parametrize(
    ("answer", "tries", "said"),
    [(503, 3, "answered 503"), (404, 1, "answered 404"), (302, 1, "answered 302"), (None, 3, "no answer in time|could not")],
)  # fmt: skip
def test_a_webhook_that_does_not_take_it(answer: int | None, tries: int, said: str) -> None:
    with hook(answer) as there:
        with pytest.raises(Undelivered, match=said) as problem:
            delivered({"type": "webhook", "url": there.url, "timeout": 0.1})
        assert len(there.posted) == tries
        assert "s3cret" not in str(problem.value)


def test_a_webhook_that_is_not_there() -> None:
    with pytest.raises(Undelivered, match=r"could not be reached \(\w+\)") as problem:
        delivered({"type": "webhook", "url": "http://127.0.0.1:1/s3cret"})
    assert "s3cret" not in str(problem.value)


def post(port: int, **more: Any) -> dict[str, Any]:
    return {"type": "mail", "host": "127.0.0.1", "port": port, "security": "none", "from": "kpi@shop.example", **more}


def test_a_mail_is_sent() -> None:
    with mail_server() as box:
        delivered(post(box.port), "ann@shop.example")
        ((receiver, text),) = box.mails
    assert "ann@shop.example" in receiver
    assert "Subject: Sales are <off track>\r\n" in text
    assert "Message-ID: <c0ffee@shop.example>\r\n" in text
    assert "Bcc" not in text


@pytest.mark.parametrize(
    ("answers", "pauses", "said"),
    [
        ({"RCPT": "550 who"}, 0, r"refused the receiver \(550\)"),
        ({"RCPT": "451 later"}, 2, r"refused the receiver \(451\)"),
        ({"DATA": "554 no"}, 0, "answered 554"),
        ({"MAIL": "421 busy"}, 2, "answered 421"),
        ({"DATA": ""}, 2, "could not be talked to"),
    ],
    ids=str,
)
def test_a_mail_server_that_does_not_take_it(answers: dict[str, str], pauses: int, said: str) -> None:
    made: list[float] = []
    with mail_server(**answers) as box, pytest.raises(Undelivered, match=said):
        deliver(rule(post(box.port)).to, MESSAGE, "ann@shop.example", say=print, pause=made.append)
    assert len(made) == pauses


def test_a_mail_server_that_offers_no_secrecy_is_not_talked_to() -> None:
    with mail_server() as box:
        with pytest.raises(Undelivered, match="does not offer what is asked for .STARTTLS") as problem:
            delivered(post(box.port, security="starttls", user="kpi", password="s3cret"), "ann@shop.example")
        assert problem.value.for_all
        assert box.mails == []
        assert "AUTH" not in box.said


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("mail") / "mail.pem")


LOGIN = {"user": "kpi", "password": "s3cret"}


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_mail_is_sent_in_secret(security: str, pem: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    with mail_server(certificate=pem, security=security, login=("kpi", "s3cret")) as box:
        delivered(post(box.port, security=security, **LOGIN), "ann@shop.example")
        assert len(box.mails) == 1
    in_the_open = [word for word in box.said if not word.endswith("in secret")]
    assert in_the_open == ([] if security == "tls" else ["EHLO", "STARTTLS"])
    assert "AUTH in secret" in box.said


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_nobody_vouches_for(security: str, pem: Path) -> None:
    with mail_server(certificate=pem, security=security, login=("kpi", "s3cret")) as box:
        with pytest.raises(Undelivered, match=r"not trusted \(self.signed certificate\); .* SSL_CERT_FILE") as problem:
            delivered(post(box.port, security=security, **LOGIN), "ann@shop.example")
        assert not [word for word in box.said if word.startswith(("AUTH", "MAIL"))]
    assert problem.value.for_all


@pytest.mark.parametrize(
    ("answers", "password", "said", "for_good"),
    [
        ({}, "wr0ng", "refused name and password", True),
        ({"AUTH": "454 try later"}, "s3cret", r"cannot log in anybody now \(454\)", False),
        ({}, "gehe1m€", "letters that mail cannot carry", True),
        ({"EHLO": ""}, "s3cret", "could not be talked to", False),
    ],
)
def test_a_login_that_fails(
    answers: dict[str, str], password: str, said: str, for_good: bool, pem: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    with mail_server(certificate=pem, security="tls", login=("kpi", "s3cret"), **answers) as box:
        with pytest.raises(Undelivered, match=said) as problem:
            delivered(post(box.port, security="tls", user="kpi", password=password), "ann@shop.example")
        assert box.mails == []
    assert (problem.value.for_good, problem.value.for_all) == (for_good, True)
    assert password not in str(problem.value)


def test_an_address_cannot_bring_headers_of_its_own() -> None:
    with mail_server() as box:
        with pytest.raises(Undelivered, match="address of the receiver is none"):
            delivered(post(box.port), "ann@shop.example\nBcc: all@shop.example")
        assert box.mails == []


def test_whom_a_rule_reaches() -> None:
    assert receivers(rule({"type": "log"}), None) == ("log",)
    assert receivers(rule({"type": "webhook", "url": None}), None) == ()
    assert receivers(rule({"type": "webhook", "url": "https://a.example/x"}, name="chat"), None) == ("chat",)
    (remembered,) = receivers(rule({"type": "webhook", "url": "https://a.example/x"}), None)
    assert remembered.startswith("webhook ")
    assert "example" not in remembered
    both = rule(post(25, to=("owner", "boss@shop.example")))
    assert receivers(both, "ann@shop.example") == ("ann@shop.example", "boss@shop.example")
    assert receivers(both, None) == ("boss@shop.example",)
    half = rule(post(25, to=("boss@shop.example",), security="tls", user="kpi", password=None))
    assert receivers(half, None) == (), "the variable of the password is not set here"


@pytest.mark.parametrize(
    ("to", "on", "said"),
    [
        ({"type": "webhook", "url": "ftp://x/s3cret"}, "status_change", "begins with https://"),
        (post(25, user="kpi", password="s3cret"), "status_change", "a password needs"),
        (post(25, security="tls", password="s3cret"), "status_change", "say both 'user' and 'password'"),
        (post(25, to=("ann",)), "status_change", "an address looks like"),
        (post(25), "run_failed", "'run_failed' is of no KPI, so it has no owner"),
        ({"type": "log"}, "lunch", "status_change"),
    ],
    ids=str,
)
def test_what_would_fail_is_refused(to: dict[str, Any], on: str, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        rule(to, on)


def test_reminders_are_of_reviews() -> None:
    with pytest.raises(ValidationError, match="'remind_every' is about overdue reviews"):
        rule({"type": "log"}, "status_change", remind_every=7)


def test_secrets_are_not_shown() -> None:
    made = rule({"type": "webhook", "url": "https://a.example/s3cret"})
    assert "s3cret" not in f"{made!r} {made} {made.model_dump()} {made.model_dump_json()}"
