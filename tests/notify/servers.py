"""A web server and a mail server on this machine that answer as a test says."""

from __future__ import annotations

import base64
import json
import socketserver
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


class Hook:
    """What was posted, and what is answered: a status each, the last one from then on; None is no answer at all."""

    def __init__(self, *answers: int | None) -> None:
        self.answers = list(answers) or [200]
        self.posted: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.url = ""

    def next(self) -> int | None:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def hook(*answers: int | None) -> Iterator[Hook]:
    """A webhook that keeps what it is sent."""
    kept = Hook(*answers)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            kept.posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            kept.keys.append(self.headers["Idempotency-Key"])
            status = kept.next()
            if status is None:
                time.sleep(0.4)
                return
            self.send_response(status)
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Tests are quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    kept.url = f"http://127.0.0.1:{server.server_port}/hooks/s3cret"
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()


def certificate(path: Path) -> Path:
    """A file with a certificate for this machine, signed by itself, and its key: good for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail.shop.example")])
    here, now = x509.IPAddress(ip_address("127.0.0.1")), datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([here]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(made.public_bytes(Encoding.PEM) + secret)
    return path


@dataclass
class Box:
    """The mails that arrived, how commands are answered that are not to go well, and who may log in how."""

    answers: dict[str, str]
    certificate: Path | None = None
    security: str = "none"
    login: tuple[str, str] | None = None
    mails: list[tuple[str, str]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    """Every command, and whether it came in secret."""
    port: int = 0

    def secured(self, connection: Any) -> ssl.SSLSocket:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        assert self.certificate
        context.load_cert_chain(self.certificate)
        return context.wrap_socket(connection, server_side=True)

    def offers(self, *, secret: bool) -> list[str]:
        """What the server can do, as it says itself."""
        offered = ["STARTTLS"] * (self.security == "starttls" and not secret)
        return [*offered, *["AUTH PLAIN"] * (self.login is not None and secret)]

    def knows(self, line: str) -> bool:
        """Whether a login names somebody with the right password."""
        _, name, password = base64.b64decode(line.rsplit(maxsplit=1)[-1]).decode().split("\0")
        return (name, password) == self.login


@contextmanager
def mail_server(
    *,
    certificate: Path | None = None,
    security: str = "none",
    login: tuple[str, str] | None = None,
    port: int = 0,
    **answers: str,
) -> Iterator[Box]:
    """A mail server; `RCPT="550 unknown"` is how it answers that command, and an empty answer hangs up.

    With a certificate it talks in secret, from the start (tls) or once it is asked (starttls); with a login it takes mail
    from who gave it.
    """
    box = Box(answers, certificate, security, login)

    class Handler(socketserver.StreamRequestHandler):
        def setup(self) -> None:
            self.secret, self.known = box.security == "tls", box.login is None
            if self.secret:
                self.request = box.secured(self.request)
            super().setup()

        def finish(self) -> None:
            super().finish()
            self.request.close()

        def handle(self) -> None:
            self.say("220 here")
            receiver = ""
            while line := self.rfile.readline().decode().strip():
                word = line.split()[0].split(":")[0].upper()
                box.said.append(f"{word}{' in secret' if self.secret else ''}")
                if word in box.answers:
                    if not box.answers[word]:
                        return
                    self.say(box.answers[word])
                elif word == "QUIT":
                    self.say("221 bye")
                    return
                elif word == "EHLO":
                    here = ["here", *box.offers(secret=self.secret)]
                    self.say("\r\n".join([*(f"250-{one}" for one in here[:-1]), f"250 {here[-1]}"]))
                elif word == "STARTTLS":
                    self.say("220 go on")
                    self.request, self.secret = box.secured(self.request), True
                    super().setup()
                elif word == "AUTH":
                    self.known = box.knows(line)
                    self.say("235 welcome" if self.known else "535 who are you")
                elif not self.known:
                    self.say("530 log in first")
                elif word == "DATA":
                    self.say("354 go on")
                    text = b""
                    while not text.endswith(b"\r\n.\r\n"):
                        text += self.rfile.readline()
                    box.mails.append((receiver, text.decode()))
                    self.say("250 kept")
                else:
                    receiver = line if word == "RCPT" else receiver
                    self.say("250 fine")

        def say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

        def handle_error(self, *_: object) -> None:
            """Who does not trust the certificate hangs up."""

    server = Server(("127.0.0.1", port), Handler)
    box.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield box
    finally:
        server.shutdown()
        server.server_close()
