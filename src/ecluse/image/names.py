"""What images are called: pure functions from an event and a commit to tags, and the address of a registry."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from ecluse.definition.model import Event
from ecluse.errors import ImageError
from ecluse.secrets import Secret

__all__ = [
    "BUILT",
    "RegistryAddress",
    "Version",
    "image_variable",
    "moving_tags",
    "registry_of",
    "tag_of",
]

BUILT = "built"
"""The tag of what was built last on this machine: not of any registry. ECLUSE_BUILT_TAG is another, where two runs of
different commits share an engine."""

VARIABLE = "ECLUSE_REGISTRY"

# https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_VERSION = re.compile(r"v?(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?")


def tag_of(event: Event, commit: str, number: str | None = None) -> str:
    """The tag of what *event* builds of *commit*: ``pr-7``, or ``staging-<commit>`` for the branch staging.

    Raises ImageError for an event that builds nothing: a version tag is a promotion of what is there.
    """
    if event.kind == "pull_request" and number:
        return f"pr-{number}"
    if event.kind == "push" and event.branch:
        # What a tag may not hold becomes a hyphen: feature/cart → feature-cart.
        branch = re.sub(r"[^A-Za-z0-9._-]+", "-", event.branch).strip("-.")[:80]
        return f"{branch}-{commit}"
    raise ImageError(
        f"no image is built for the event {event.kind}",
        hint="a pull request with its number, or a push to a branch; a tag promotes: ecluse image promote",
    )


@dataclass(frozen=True, order=True)
class Version:
    """A semantic version, ordered as releases are; *prerelease* is the part after a hyphen, or empty."""

    major: int
    minor: int
    patch: int
    prerelease: str = field(default="", compare=False)

    @classmethod
    def parse(cls, text: str) -> Version | None:
        """The version that *text* is, with or without a leading v; None where it is none."""
        found = _VERSION.fullmatch(text)
        if not found:
            return None
        return cls(int(found[1]), int(found[2]), int(found[3]), (found[4] or "").removeprefix("-"))

    def __str__(self) -> str:
        number = f"{self.major}.{self.minor}.{self.patch}"
        return f"{number}-{self.prerelease}" if self.prerelease else number


def moving_tags(version: Version, existing: Iterable[str]) -> list[str]:
    """The tags that go to *version* besides its own, *existing* being those there are: ``1.2`` and ``latest``.

    Each only where no higher release has it: a repair of 1.2 after 2.0 leaves ``latest`` where it is. A prerelease has
    neither.
    """
    if version.prerelease:
        return []
    releases = [found for found in map(Version.parse, existing) if found is not None and not found.prerelease]
    minor = [found for found in releases if (found.major, found.minor) == (version.major, version.minor)]
    tags = []
    if all(found <= version for found in minor):
        tags.append(f"{version.major}.{version.minor}")
    if all(found <= version for found in releases):
        tags.append("latest")
    return tags


def image_variable(target: str) -> str:
    """The variable by which the Compose file is told which image to take for *target*."""
    return "ECLUSE_IMAGE_" + re.sub(r"\W", "_", target).upper()


@dataclass(frozen=True)
class RegistryAddress:
    """A registry, and the part of it that is ours. *host* has the port; *prefix* ends with a slash or is empty."""

    host: str
    prefix: str = ""
    encrypted: bool = True
    user: str = ""
    password: Secret = field(default_factory=lambda: Secret(""))

    def repository(self, name: str) -> str:
        """The repository of the image *name*, as Docker writes it."""
        return f"{self.host}/{self.prefix}{name}"

    @property
    def url(self) -> str:
        """Where its API is."""
        return f"{'https' if self.encrypted else 'http'}://{self.host}"


def registry_of(environ: Mapping[str, str]) -> RegistryAddress:
    """The registry that ECLUSE_REGISTRY names, as ``https://USER:PASSWORD@HOST/PREFIX``.

    Without a user, Docker's own configuration (``docker login``) has the account. Raises ImageError where it is missing
    or no address.
    """
    text = environ.get(VARIABLE, "").strip()
    if not text:
        raise ImageError(
            "no registry to push to, or to ask",
            where=VARIABLE,
            hint=f"export {VARIABLE}=https://USER:TOKEN@HOST/PREFIX",
        )
    parts = urlsplit(text if "://" in text else f"https://{text}")
    try:
        host = f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname
    except ValueError:
        host = None
    prefix = parts.path.strip("/")
    if parts.scheme not in {"http", "https"} or not host or not re.fullmatch(r"[a-z0-9._/-]*", prefix):
        raise ImageError("this is no address of a registry", where=VARIABLE, hint="https://USER:TOKEN@HOST/PREFIX")
    if parts.password:
        Secret(parts.password)  # as it is written there, where characters are escaped
    return RegistryAddress(
        host,
        f"{prefix}/" if prefix else "",
        parts.scheme == "https",
        unquote(parts.username or ""),
        Secret(unquote(parts.password or "")),
    )
