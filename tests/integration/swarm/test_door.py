"""The door of an environment, asked where its name does not lead yet."""

from __future__ import annotations

import http.server
import json
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ecluse.deploy.health import ask_at

pytestmark = pytest.mark.counted


class Site(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"release": self.headers["Host"]}).encode())

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The port of a front server with a certificate of shop.example, which this process trusts."""
    key, certificate = tmp_path / "key", tmp_path / "certificate"
    subprocess.run(
        [*("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=shop.example"),
         *("-addext", "subjectAltName=DNS:shop.example", "-keyout", str(key), "-out", str(certificate))],
        check=True, capture_output=True,
    )  # fmt: skip
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def test_door_has_the_certificate_of_the_name_of_the_site(port: int) -> None:
    door = f"https://127.0.0.1:{port}"
    assert ask_at(door, "https://shop.example", "/readiness/").good("shop.example")
    other = ask_at(door, "https://other.example", "/readiness/")
    assert other.status == 0 and "other.example" in other.detail
