"""A mail server that keeps what it is given, and shows it: SMTP on port 2525, GET / on port 8025 as a JSON list.

Enough of RFC 5321 for smtplib: HELO, EHLO, MAIL, RCPT, DATA, RSET, NOOP, QUIT. Runs alone in docker-compose.ci.yml, and
in the tests of this repository on ports of their choice.
"""

from __future__ import annotations

import json
import signal
import sys
import threading
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import StreamRequestHandler, ThreadingTCPServer

__all__ = ["Mailbox", "Page"]


class Mailbox(ThreadingTCPServer):
    """The SMTP server. *messages* are what it was given: dicts of from, to, subject and body."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, address: tuple[str, int]) -> None:
        super().__init__(address, Conversation)
        self.messages: list[dict[str, str]] = []


class Conversation(StreamRequestHandler):
    """The conversation of one client with the mail server."""

    server: Mailbox

    def handle(self) -> None:
        self.say("220 mailbox")
        while line := self.rfile.readline():
            verb = line.strip().upper().partition(b" ")[0]
            if verb == b"DATA":
                self.say("354 go on")
                self.keep()
            if verb == b"QUIT":
                self.say("221 bye")
                return
            self.say("250 ok" if verb in KNOWN else "502 not known")

    def keep(self) -> None:
        lines = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line[1:] if line.startswith(b".") else line)
        message = message_from_bytes(b"".join(lines), policy=policy.default)
        body = message.get_body()
        kept = {name: str(message.get(name, "")) for name in ("from", "to", "subject")}
        self.server.messages.append({**kept, "body": body.get_content() if body else ""})

    def say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


KNOWN = frozenset({b"HELO", b"EHLO", b"MAIL", b"RCPT", b"DATA", b"RSET", b"NOOP"})


class Page(ThreadingHTTPServer):
    """The page that shows the messages of *mailbox*."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], mailbox: Mailbox) -> None:
        super().__init__(address, Messages)
        self.mailbox = mailbox


class Messages(BaseHTTPRequestHandler):
    server: Page

    def do_GET(self) -> None:
        body = json.dumps(self.server.mailbox.messages).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda signum, frame: sys.exit(0))
    mailbox = Mailbox(("0.0.0.0", 2525))
    threading.Thread(target=mailbox.serve_forever, daemon=True).start()
    Page(("0.0.0.0", 8025), mailbox).serve_forever()
