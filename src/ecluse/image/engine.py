"""The Docker engine, through its API: facts about an image, and pushing it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ecluse.errors import ImageError, ToolError
from ecluse.image.names import RegistryAddress
from ecluse.image.tunnel import tunnel

__all__ = ["Engine", "ImageDetails", "PushFailed", "connect"]


@dataclass(frozen=True)
class ImageDetails:
    """Facts about an image. *size* is in bytes; *layers* are the digests of their content, lowest first."""

    id: str
    created: str
    size: int
    labels: Mapping[str, str]
    user: str
    command: tuple[str, ...]
    layers: tuple[str, ...]


class PushFailed(Exception):
    """The engine could not push. *passing*: the cause may be temporary, so trying again may help."""

    def __init__(self, what: str, passing: bool) -> None:
        super().__init__(what, passing)
        self.what = what
        self.passing = passing

    def __str__(self) -> str:
        return self.what


# What the engine says when trying again would be of no use.
_FINAL = ("unauthorized", "denied", "no basic auth credentials", "authentication required", "not found", "invalid")


class Engine:
    """A connection to an engine; see :func:`connect`."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def inspect(self, image: str) -> ImageDetails:
        """The facts about *image*. Raises ImageError if the engine has no such image."""
        import docker.errors

        try:
            found = self._client.api.inspect_image(image)
        except docker.errors.NotFound:
            raise ImageError(f"there is no image {image} here", hint="build it: ecluse image build") from None
        config = found["Config"]
        return ImageDetails(
            found["Id"],
            found["Created"],
            found["Size"],
            config.get("Labels") or {},
            config.get("User") or "root",
            (*(config.get("Entrypoint") or ()), *(config.get("Cmd") or ())),
            tuple(found["RootFS"].get("Layers") or ()),
        )

    def output(self, image: str, script: str) -> str:
        """The output of the shell *script* in a container of *image*, without network and read-only."""
        import docker.errors

        try:
            output = self._client.containers.run(
                image,
                [script],
                entrypoint=["sh", "-c"],
                user="0:0",  # to read everything
                network_disabled=True,
                read_only=True,
                remove=True,
                labels={"ecluse.image": "inspection"},
            )
        except docker.errors.ContainerError as error:
            raise ImageError(f"{image} cannot be inspected: {error}") from None
        assert isinstance(output, bytes)
        return output.decode(errors="replace")

    def push(
        self,
        image: str,
        repository: str,
        tag: str,
        registry: RegistryAddress,
        *,
        patience: float,
        progress: Callable[[int, int], None],
    ) -> str:
        """Push *image* as *repository*:*tag*; return its digest in the registry.

        *progress* gets bytes sent and bytes to send. Raises PushFailed, also if nothing has moved for *patience*
        seconds.
        """
        import docker.errors

        # Docker's own configuration has the account where the address has none.
        account = {"username": registry.user, "password": registry.password.reveal()} if registry.user else None
        try:
            self._client.api.tag(image, repository, tag)
            events = self._client.api.push(repository, tag, stream=True, decode=True, auth_config=account)
            with contextlib.closing(events):
                return _follow(events, patience, progress)
        except docker.errors.APIError as error:
            raise PushFailed(str(error.explanation or error), passing=error.is_server_error()) from None


def _follow(events: Iterator[Mapping[str, Any]], patience: float, progress: Callable[[int, int], None]) -> str:
    """Read the *events* of a push to its end."""
    sent: dict[str, int] = {}
    total: dict[str, int] = {}
    digest = ""
    moved = time.monotonic()
    for event in events:
        if "error" in event:
            what = str(event["error"])
            raise PushFailed(what, passing=not any(word in what.lower() for word in _FINAL))
        detail = event.get("progressDetail") or {}
        layer = str(event.get("id", ""))
        if "current" in detail and detail["current"] > sent.get(layer, 0):
            sent[layer], total[layer] = detail["current"], max(detail.get("total", 0), detail["current"])
            progress(sum(sent.values()), sum(total.values()))
            moved = time.monotonic()
        # "Retrying in 5 seconds": the engine tries again by itself, for minutes.
        if time.monotonic() - moved > patience:
            raise PushFailed(f"nothing has moved for {patience:g} s ({event.get('status', 'no word')})", passing=True)
        digest = (event.get("aux") or {}).get("Digest", digest)
    if not digest:
        raise PushFailed("the engine ended without a digest", passing=True)
    return digest


@contextlib.contextmanager
def connect(environ: Mapping[str, str]) -> Iterator[Engine]:
    """The engine that Docker's variables in *environ* name. Raises ToolError if no engine answers."""
    try:
        import docker
    except ImportError:
        raise ToolError("docker's Python library is not installed", hint="install ecluse[containers]") from None
    from docker.errors import DockerException

    with contextlib.ExitStack() as stack:
        host = environ.get("DOCKER_HOST", "")
        if host.startswith("ssh://"):
            environ = {**environ, "DOCKER_HOST": stack.enter_context(tunnel(host, environ))}
        try:
            client = docker.from_env(timeout=600, environment=environ)
            client.ping()
        except (DockerException, OSError) as error:
            raise ToolError(f"no Docker engine answers: {error}", hint="start it, or set DOCKER_HOST") from None
        stack.callback(client.close)
        yield Engine(client)
