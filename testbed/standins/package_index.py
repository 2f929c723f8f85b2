"""A package index that takes uploads by trusted publishing, and the provider that says who a job is.

The upload is the "legacy" API (PyPI documentation, "Upload API"), the exchange of tokens that of trusted publishing
(PyPI documentation, "Internals and technical details"), the provider's token GitHub's
(https://docs.github.com/actions/reference/security/oidc).
"""

from __future__ import annotations

import base64
import contextlib
import email.policy
import hashlib
import json
import ssl
import threading
from collections.abc import Iterator
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from ecluse.machine import process

__all__ = ["Index", "serving"]

AUDIENCE = "the-index"
REQUEST_TOKEN = "what-the-runner-gave"


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


IDENTITY = f"{_part({'alg': 'none'})}.{_part({'aud': AUDIENCE, 'repository': 'owner/name'})}.signature"
MINTED = "pypi-minted-for-this-upload"


class Index:
    """The uploaded files: the content of each, by its name. *refused* has the reasons of refusals."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.refused: list[str] = []
        self.address = ""
        self.authority = Path()

    def environ(self) -> dict[str, str]:
        """The variables of a GitHub job that may ask for a token, and where to upload to."""
        return {
            "GITHUB_ACTIONS": "true",
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{self.address}/identity?api-version=2.0",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": REQUEST_TOKEN,
            "UV_PUBLISH_URL": f"{self.address}/legacy/",
            "SSL_CERT_FILE": str(self.authority),
        }

    def why_not(self, authorization: str | None, kind: str, body: bytes) -> tuple[int, str] | None:
        """Take an upload; the status and reason of a refusal, as the documentation has them."""
        if authorization != "Basic " + base64.b64encode(f"__token__:{MINTED}".encode()).decode():
            return 403, "Invalid or non-existent authentication information."
        parts = BytesParser(policy=email.policy.HTTP).parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
        found = {part.get_param("name", header="content-disposition"): part for part in parts.iter_parts()}
        fields = {name: part.get_payload(decode=True) for name, part in found.items()}
        if fields.get(":action") != b"file_upload" or fields.get("protocol_version") != b"1":
            return 400, "Unknown protocol version."
        name, content = str(found["content"].get_filename()), fields["content"]
        if hashlib.sha256(content).hexdigest().encode() != fields.get("sha256_digest"):
            return 400, "The digest supplied does not match a digest calculated from the uploaded file."
        missing = [field for field in ("metadata_version", "name", "version", "filetype") if not fields.get(field)]
        if missing:
            return 400, f"{', '.join(missing)}: This field is required."
        if self.files.setdefault(name, content) != content:
            return 400, "File already exists."
        return None


def _certificates(folder: Path) -> Path:
    """Make the index's certificate and key in *folder*, and return the authority that signed it."""
    for name, subject, *options in (
        ("authority", "authority"),
        (
            "index",
            "127.0.0.1",
            "-CA",
            "authority.pem",
            "-CAkey",
            "authority.key",
            "-addext",
            "subjectAltName=IP:127.0.0.1",
        ),
    ):
        new = (
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
        )
        files = ("-keyout", f"{name}.key", "-out", f"{name}.pem", "-subj", f"/CN={subject}")
        if options:
            options += ["-addext", "basicConstraints=critical,CA:FALSE"]
        process.run((*new, *files, *options), cwd=folder)
    return folder / "authority.pem"


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[Index]:
    """An empty index on a port of this machine, over HTTPS, as trusted publishing wants; its keys are in *folder*."""
    index = Index()
    authority = _certificates(folder)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            if url.path == "/_/oidc/audience":
                self.answer(200, {"audience": AUDIENCE})
            elif url.path == "/identity" and self.headers.get("Authorization", "").split(" ")[-1] == REQUEST_TOKEN:
                asked = parse_qs(url.query).get("audience")
                self.answer(200, {"value": IDENTITY}) if asked == [AUDIENCE] else self.answer(400, {})
            else:
                self.answer(404, {})

        def do_POST(self) -> None:
            body = (
                self.rfile.read(int(self.headers["Content-Length"]))
                if "Content-Length" in self.headers
                else self.chunks()
            )
            if self.path == "/_/oidc/mint-token":
                known = json.loads(body).get("token") == IDENTITY
                self.answer(200, {"success": True, "token": MINTED}) if known else self.answer(422, {"errors": []})
                return
            refusal = index.why_not(self.headers.get("Authorization"), self.headers["Content-Type"], body)
            if refusal is not None:
                index.refused.append(refusal[1])
            self.answer(refusal[0] if refusal else 200, {"message": refusal[1] if refusal else "OK"})

        def chunks(self) -> bytes:
            body = b""
            while size := int(self.rfile.readline().strip() or b"0", 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body

        def answer(self, status: int, value: object) -> None:
            content = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *arguments: object) -> None:
            """Log nothing: the test says what failed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "index.pem", folder / "index.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    index.authority = authority
    index.address = f"https://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield index
    finally:
        server.shutdown()
        server.server_close()
