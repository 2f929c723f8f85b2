"""A registry, through its HTTP API: manifests and tags. Layers are the engine's business.

https://github.com/opencontainers/distribution-spec/blob/main/spec.md, and for tokens
https://distribution.github.io/distribution/spec/auth/token/
"""

from __future__ import annotations

import base64
import hashlib
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPException
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit, urlunsplit

from ecluse.errors import ImageError
from ecluse.image.headers import challenges, following
from ecluse.image.names import VARIABLE, RegistryAddress

__all__ = ["Manifest", "Registry"]

_MANIFESTS = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)

# Seconds before each further attempt when the network fails, or the server.
_PAUSES = (0.5, 1.0, 2.0)
_TIMEOUT = 20.0


@dataclass(frozen=True)
class Manifest:
    """The manifest of an image in a registry. *content* are its exact bytes, from which the digest is computed."""

    media_type: str
    content: bytes

    @property
    def digest(self) -> str:
        return "sha256:" + hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True)
class _Response:
    status: int
    headers: Message
    body: bytes


class Registry:
    """The registry at *address*. *account* returns a user and password if the address has none.

    Every method raises ImageError if the registry cannot be reached, refuses the account, or fails.
    """

    def __init__(
        self,
        address: RegistryAddress,
        account: Callable[[str], tuple[str, str] | None] = lambda host: None,
        pauses: tuple[float, ...] = _PAUSES,
    ) -> None:
        self.address = address
        self._account = (address.user, address.password.reveal()) if address.user else account(address.host)
        self._pauses = pauses
        self._tokens: dict[str, str] = {}

    def manifest(self, name: str, reference: str) -> Manifest | None:
        """The manifest of *name* under a tag or digest; None if there is none."""
        response = self._ask("GET", name, self._manifest(name, reference), headers={"Accept": ", ".join(_MANIFESTS)})
        if response.status == 404:
            return None
        found = Manifest(response.headers.get("Content-Type", _MANIFESTS[-1]), response.body)
        if reference.startswith("sha256:") and found.digest != reference:
            raise ImageError(f"the registry answers with {found.digest}", where=self._where(name, reference))
        return found

    def put_manifest(self, name: str, tag: str, manifest: Manifest) -> None:
        """Give *manifest* the *tag*, in one step: the registry accepts it only if it has everything that the manifest
        names.
        """
        headers = {"Content-Type": manifest.media_type}
        response = self._ask("PUT", name, self._manifest(name, tag), body=manifest.content, headers=headers, push=True)
        if response.status == 404:
            raise ImageError("the registry has no such repository", where=self._where(name, tag))

    def tags(self, name: str) -> list[str]:
        """All tags of *name*; empty if the repository does not exist."""
        found: list[str] = []
        url: str | None = f"{self.address.url}/{self._path(name)}/tags/list?n=1000"
        seen: set[str] = set()
        while url and url not in seen:
            seen.add(url)
            response = self._ask("GET", name, url)
            if response.status == 404:
                return found
            found += _object(response, self.address.repository(name)).get("tags") or []
            page = following(response.headers.get_all("Link", []))
            url = self._here(urljoin(url, page)) if page is not None else None
        return found

    def _here(self, url: str) -> str:
        """*url* on this registry: some name themselves by a host or scheme that only they can reach."""
        page = urlsplit(url)
        return f"{self.address.url}{page.path}" + (f"?{page.query}" if page.query else "")

    def _path(self, name: str) -> str:
        return f"v2/{self.address.prefix}{name}"

    def _manifest(self, name: str, reference: str) -> str:
        return f"{self.address.url}/{self._path(name)}/manifests/{reference}"

    def _where(self, name: str, reference: str) -> str:
        return f"{self.address.repository(name)}{'@' if ':' in reference else ':'}{reference}"

    def _ask(
        self,
        method: str,
        name: str,
        url: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        push: bool = False,
    ) -> _Response:
        scope = f"repository:{self.address.prefix}{name}:{'pull,push' if push else 'pull'}"
        sent = dict(headers or {})
        if scope in self._tokens:
            sent["Authorization"] = self._tokens[scope]
        response = self._send(method, url, body, sent)
        refusal = response
        if response.status == 401:
            credentials, refusal = self._credentials(response, scope)
            if credentials:
                self._tokens[scope] = credentials
                refusal = response = self._send(method, url, body, {**sent, "Authorization": credentials})
        if response.status in {401, 403}:
            who = f"the account {self._account[0]}" if self._account else "anybody without an account"
            raise ImageError(
                f"the registry refuses {who}: {_reason(refusal)}",
                where=self.address.repository(name),
                hint=f"log in: docker login {self.address.host}, or {VARIABLE}=https://USER:TOKEN@HOST/PREFIX",
            )
        if response.status >= 400 and response.status != 404:
            raise ImageError(
                f"the registry answers {response.status}: {_reason(response)}", where=self.address.repository(name)
            )
        return response

    def _credentials(self, response: _Response, scope: str) -> tuple[str | None, _Response]:
        """The credentials that the registry asks for in a 401: a token requested with the account, or the account
        itself. Also returns the answer that says why there are none.
        """
        basic = base64.b64encode(":".join(self._account).encode()).decode() if self._account else None
        asked = {one.scheme: one.parameters for one in challenges(response.headers.get_all("WWW-Authenticate", []))}
        refusal = response
        if "realm" in asked.get("bearer", {}):
            refusal = self._send(
                "GET",
                self._token_address(asked["bearer"], scope),
                None,
                {"Authorization": f"Basic {basic}"} if basic else {},
            )
            if refusal.status == 200:
                token = _object(refusal, asked["bearer"]["realm"])
                if found := token.get("token") or token.get("access_token"):
                    return f"Bearer {found}", refusal
        if "basic" in asked and basic:
            return f"Basic {basic}", refusal
        return None, refusal

    def _token_address(self, asked: Mapping[str, str], scope: str) -> str:
        realm = urlsplit(urljoin(self.address.url, asked["realm"]))
        wanted = {"scope": scope, **({"service": asked["service"]} if "service" in asked else {})}
        return urlunsplit(realm._replace(query="&".join(filter(None, [realm.query, urlencode(wanted)]))))

    def _send(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> _Response:
        """Send a request, and again after a pause while the network or the server fails: every request here can be
        repeated safely.
        """
        for pause in (*self._pauses, None):
            request = urllib.request.Request(url, body, dict(headers), method=method)
            try:
                with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:
                    return _Response(answer.status, answer.headers, answer.read())
            except urllib.error.HTTPError as error:
                with error:
                    response = _Response(error.code, error.headers, error.read())
                if response.status < 500 or pause is None:
                    return response
            except (OSError, HTTPException) as error:
                if pause is None:
                    raise ImageError(
                        f"the registry cannot be reached: {getattr(error, 'reason', None) or error}",
                        where=self.address.url,
                        hint="does it run, and may this machine reach it?",
                    ) from None
            time.sleep(pause)
        raise AssertionError("unreachable: the last attempt returns or raises")


def _object(response: _Response, where: str) -> dict[str, Any]:
    try:
        value = json.loads(response.body)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        kind = response.headers.get("Content-Type", "something")
        raise ImageError(f"the answer is {kind}, and no JSON object", where=where, hint="is this a registry?")
    return value


def _reason(response: _Response) -> str:
    """The error message of the registry, or of its token server, in the forms that are in use."""
    try:
        told = json.loads(response.body)
        errors = told.get("errors")
        if isinstance(errors, list) and errors:
            return "; ".join(str(error.get("message") or error["code"]) for error in errors)
        for name in ("error_description", "details", "message", "error"):
            if told.get(name):
                return str(told[name])
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    return f"without a reason, by its answer {response.status}"
