"""A web server and a mail server on this machine that answer as a test says."""

from __future__ import annotations

import json
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


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


class Box:
    """The mails that arrived, and how commands are answered that are not to go well."""

    def __init__(self, answers: dict[str, str]) -> None:
        self.answers = answers
        self.mails: list[tuple[str, str]] = []
        self.port = 0


@contextmanager
def mail_server(**answers: str) -> Iterator[Box]:
    """A mail server; `RCPT="550 unknown"` is how it answers that command, and an empty answer hangs up."""
    box = Box(answers)

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.say("220 here")
            receiver = ""
            while line := self.rfile.readline().decode().strip():
                word = line.split()[0].split(":")[0].upper()
                if word in box.answers:
                    if not box.answers[word]:
                        return
                    self.say(box.answers[word])
                elif word == "QUIT":
                    self.say("221 bye")
                    return
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

    server = Server(("127.0.0.1", 0), Handler)
    box.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield box
    finally:
        server.shutdown()
        server.server_close()
