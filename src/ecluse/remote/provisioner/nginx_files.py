"""The files of nginx: what every site of the machine shares, and the site's own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ecluse.remote.provisioner.debian import MARK

__all__ = ["ACME", "NginxSite", "shared_file"]

ACME = "/var/lib/ecluse/acme"
"""The folder in which an ACME authority finds the answers to its challenges."""

# https://wiki.mozilla.org/Security/Server_Side_TLS, "intermediate", without the ciphers of DHE.
_CIPHERS = ":".join(
    f"ECDHE-{key}-{cipher}"
    for cipher in ("AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305")
    for key in ("ECDSA", "RSA")
)

# The protocols of a port are those of its default server.
_PROTOCOLS = "ssl_protocols TLSv1.2 TLSv1.3;"

_GZIPPED = "text/css text/plain text/javascript application/javascript application/json application/xml image/svg+xml"

_AWAY = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>Unavailable</title>"
    "<p>Le site est indisponible. / The site is unavailable. Please try again in a minute."
)


def shared_file(*, ipv6: bool) -> str:
    """The file for all sites: variables that they use, and the server for names that none of them has."""
    return f"""\
# {MARK}, for all its sites
# Names that hold a hash of their content are kept; other ones are asked for again each time.
map $uri $ecluse_static_cache {{
    "~\\.[0-9a-f]{{12}}\\.[^/]+$" "public, max-age=31536000, immutable";
    default no-cache;
}}
# Of what people uploaded, pictures are shown; anything else is given out to be saved.
map $uri $ecluse_disposition {{
    "~*\\.(avif|gif|jpe?g|png|webp)$" "";
    default attachment;
}}
# A header that the site sets itself is not set twice.
map $upstream_http_x_content_type_options $ecluse_nosniff {{
    "" nosniff;
    default "";
}}
map $upstream_http_referrer_policy $ecluse_referrer {{
    "" strict-origin-when-cross-origin;
    default "";
}}
map $http_upgrade $ecluse_connection {{
    "" close;
    default upgrade;
}}
map $http_x_forwarded_proto $ecluse_scheme_of_proxy {{
    https https;
    default http;
}}

# A name that no site here has is answered by nothing.
server {{
{_listen("80 default_server", ipv6)}
    server_name _;
    return 444;
}}
server {{
{_listen("443 ssl default_server", ipv6)}
    server_name _;
    {_PROTOCOLS}
    ssl_reject_handshake on;
}}
"""


@dataclass(frozen=True)
class NginxSite:
    """The site *name* with its folder *place*, which listens on *port* of the loopback. *front* has the fields of
    :class:`ecluse.definition.front_server.FrontServer`. *certificate* has the files of the certificate and its key: as
    long as they are missing, visitors get a sentence over HTTP.
    """

    name: str
    front: dict[str, Any]
    place: str
    port: int
    certificate: tuple[str, str] | None
    ipv6: bool
    debian: str

    def file(self) -> str:
        """The site's own file."""
        kind = self.front["tls"]["kind"]
        servers = self._behind_proxy() if kind == "TlsProxy" else [self._plain(), *self._encrypted()]
        return "\n".join([f"# {MARK}", *servers])

    def _plain(self) -> str:
        away = ["default_type text/plain;", "add_header Retry-After 60 always;", 'return 503 "No certificate yet.\\n";']
        there = ["return 308 https://$host$request_uri;"]
        challenge = _block("location ^~ /.well-known/acme-challenge/", [f"root {ACME};", "default_type text/plain;"])
        acme = challenge if self.front["tls"]["kind"] == "Acme" else []
        location = _block("location /", there if self.certificate else away)
        return _server([*self._head("80"), *acme, *location])

    def _encrypted(self) -> list[str]:
        if self.certificate is None:
            return []
        # The directive http2 came with nginx 1.25.1; Debian 12 has 1.22.
        listen, http2 = ("443 ssl http2", []) if self.debian == "12" else ("443 ssl", ["http2 on;"])
        chain, key = self.certificate
        tls = [
            f"ssl_certificate {chain};",
            f"ssl_certificate_key {key};",
            _PROTOCOLS,
            f"ssl_ciphers {_CIPHERS};",
            "ssl_prefer_server_ciphers off;",
            "ssl_session_cache shared:ecluse:10m;",
            "ssl_session_timeout 1d;",
            "ssl_session_tickets off;",
        ]
        return [_server([*self._head(listen), *http2, *tls, *self._body("$scheme")])]

    def _behind_proxy(self) -> list[str]:
        addresses = self.front["tls"]["addresses"]
        variable = "$ecluse_proxied_" + re.sub(r"\W", "_", self.name)
        known = "\n".join(
            _block(f"geo $realip_remote_addr {variable}", ["default 0;", *(f"{one} 1;" for one in addresses)])
        )
        visitor = [
            *(f"set_real_ip_from {one};" for one in addresses),
            "real_ip_header X-Forwarded-For;",
            "real_ip_recursive on;",
            *_block(f"if ({variable} = 0)", ["return 403;"]),
        ]
        return [f"{known}\n", _server([*self._head("80"), *visitor, *self._body("$ecluse_scheme_of_proxy")])]

    def _head(self, listen: str) -> list[str]:
        names = f"server_name {' '.join(self.front['names'])};"
        return [*(line.strip() for line in _listen(listen, self.ipv6).splitlines()), names, "server_tokens off;"]

    def _body(self, scheme: str) -> list[str]:
        front = self.front
        ask = f"proxy_pass http://127.0.0.1:{self.port};"
        networks = [*(f"allow {one};" for one in front["admin_from"]), "deny all;"]
        admin = _block(f"location ^~ {front['admin']}", [*networks, ask]) if front["admin_from"] else []
        return [
            f"client_max_body_size {front['upload_megabytes']}m;",
            f"gzip_types {_GZIPPED};",
            "gzip_vary on;",
            "gzip_proxied any;",
            "gzip_min_length 1024;",
            *self._headers(),
            "proxy_http_version 1.1;",
            "proxy_set_header Host $host;",
            "proxy_set_header Connection $ecluse_connection;",
            "proxy_set_header Upgrade $http_upgrade;",
            "proxy_set_header X-Forwarded-For $remote_addr;",
            f"proxy_set_header X-Forwarded-Proto {scheme};",
            *(["proxy_hide_header Strict-Transport-Security;"] if front["hsts_seconds"] else []),
            *_block("location /", [ask]),
            *admin,
            *self._static(ask),
            *(self._media() if front["media"] else []),
            *self._unavailable(),
        ]

    def _static(self, ask: str) -> list[str]:
        """The location of static files, on the disk, of the release that serves; the site is asked for other ones."""
        cache = self._headers("add_header Cache-Control $ecluse_static_cache;")
        lines = [f'root "{self.place}";', "gzip_static on;", "try_files $uri @ecluse_static;", *cache]
        # A file that is missing now may be there in a second: no cache remembers that it was not.
        missing = ["proxy_intercept_errors on;", "error_page 404 = @ecluse_missing;", ask]
        gone = ["default_type text/plain;", *self._headers("add_header Cache-Control no-store always;")]
        return [
            *_block("location ^~ /static/", lines),
            *_block("location @ecluse_static", missing),
            *_block("location @ecluse_missing", [*gone, 'return 404 "Not found\\n";']),
        ]

    def _media(self) -> list[str]:
        """The location of uploads: none is ever run, whatever it claims to be."""
        headers = self._headers(
            'add_header Cache-Control "public, max-age=3600";',
            "add_header Content-Security-Policy \"default-src 'none'; sandbox\" always;",
            "add_header Content-Disposition $ecluse_disposition;",
        )
        links = f'disable_symlinks on from="{self.place}";'
        lines = [f'root "{self.place}";', links, "error_page 404 = @ecluse_missing;", *headers]
        return _block("location ^~ /media/", lines)

    def _unavailable(self) -> list[str]:
        """The answer in place of a site that does not answer: its maintenance page, if that is on, or a sentence."""
        headers = self._headers("add_header Cache-Control no-store always;", "add_header Retry-After 60 always;")
        page = ["internal;", f'root "{self.place}";', "try_files /maintenance.html @ecluse_away;", *headers]
        return [
            "error_page 502 504 =503 /.ecluse-unavailable;",
            *_block("location = /.ecluse-unavailable", page),
            *_block("location @ecluse_away", ["default_type text/html;", *headers, f'return 503 "{_AWAY}";']),
        ]

    def _headers(self, *more: str) -> list[str]:
        """The headers of an answer. A location that adds one inherits none, so that it has them all."""
        seconds = self.front["hsts_seconds"]
        return [
            "add_header X-Content-Type-Options $ecluse_nosniff always;",
            "add_header Referrer-Policy $ecluse_referrer always;",
            *([f'add_header Strict-Transport-Security "max-age={seconds}" always;'] if seconds else []),
            *more,
        ]


def _listen(what: str, ipv6: bool) -> str:
    lines = [f"    listen {what};", *([f"    listen [::]:{what};"] if ipv6 else [])]
    return "\n".join(lines)


def _block(head: str, lines: Sequence[str]) -> list[str]:
    return [f"{head} {{", *(f"    {line}" for line in lines), "}"]


def _server(lines: Iterable[str]) -> str:
    return "\n".join(_block("server", list(lines))) + "\n"
