"""The front server of a site on a server of its own: nginx, its names and its certificate, as data."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Acme", "Certificate", "FrontServer", "TlsProxy"]


@dataclass(frozen=True, kw_only=True)
class Acme:
    """A certificate that certbot gets and renews. *directory* is the address of the authority: by default that of Let's
    Encrypt. *email* is told to it.
    """

    email: str = ""
    directory: str = "https://acme-v02.api.letsencrypt.org/directory"


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """A certificate of your own: the files on the server with the certificate and its chain, and with its *key*."""

    chain: str
    key: str


@dataclass(frozen=True, kw_only=True)
class TlsProxy:
    """A proxy that speaks HTTPS to visitors and HTTP to the server. *addresses* are its addresses or networks: nobody
    else is answered, and nobody else's word on the visitor is taken.
    """

    addresses: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class FrontServer:
    """The nginx before a site: it answers to *names* alone, over HTTPS by *tls*.

    A request may have *upload_megabytes*. *hsts_seconds*: browsers ask over HTTPS alone for so long; 0 for no such
    word. *media*: nginx gives out everybody's uploads, all that is in DJANGO_MEDIA_ROOT, under ``/media/``; otherwise
    the site is asked. With *admin_from*, only these addresses or networks are let in under the path *admin*.
    """

    names: tuple[str, ...]
    tls: Acme | Certificate | TlsProxy
    upload_megabytes: int = 10
    hsts_seconds: int = 0
    media: bool = True
    admin: str = "/admin/"
    admin_from: tuple[str, ...] = ()
