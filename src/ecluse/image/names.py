"""Names of images: pure functions from an event and a commit to tags, and the address of a registry."""

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
    "served_tag",
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
    """The tag of the images that *event* builds from *commit*: ``pr-7``, or ``staging-<commit>`` for the branch
    staging.

    Raises ImageError for an event that builds nothing: a version tag promotes existing images.
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


def served_tag(environment: str, commit: str) -> str:
    """The tag that says that *environment* has served the images of *commit*: ``served-staging-<commit>``."""
    return f"served-{environment[:60]}-{commit}"


@dataclass(frozen=True, order=True)
class Version:
    """A semantic version, ordered as releases are; *prerelease* is the part after a hyphen, or empty."""

    major: int
    minor: int
    patch: int
    prerelease: str = field(default="", compare=False)

    @classmethod
    def parse(cls, text: str) -> Version | None:
        """The version in *text*, with or without a leading v; None if it is not a version."""
        found = _VERSION.fullmatch(text)
        if not found:
            return None
        return cls(int(found[1]), int(found[2]), int(found[3]), (found[4] or "").removeprefix("-"))

    def __str__(self) -> str:
        number = f"{self.major}.{self.minor}.{self.patch}"
        return f"{number}-{self.prerelease}" if self.prerelease else number


def moving_tags(version: Version, existing: Iterable[str]) -> list[str]:
    """The tags that move to *version*, beside its own: ``1.2`` and ``latest``. *existing* are all tags there are.

    A tag moves only if no higher release has it: a patch of 1.2 after 2.0 does not move ``latest``. A prerelease moves
    none.
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
    """The variable that tells the Compose file which image to use for *target*."""
    return "ECLUSE_IMAGE_" + re.sub(r"\W", "_", target).upper()


@dataclass(frozen=True)
class RegistryAddress:
    """A registry and our part of it. *host* includes the port; *prefix* ends with a slash or is empty."""

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
        """The address of the registry's API."""
        return f"{'https' if self.encrypted else 'http'}://{self.host}"


def registry_of(environ: Mapping[str, str]) -> RegistryAddress:
    """The registry that ECLUSE_REGISTRY names, as ``https://USER:PASSWORD@HOST/PREFIX``.

    Without a user, the account comes from Docker's own configuration (``docker login``). Raises ImageError if the
    variable is missing or not an address.
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
        raise ImageError("this is not the address of a registry", where=VARIABLE, hint="https://USER:TOKEN@HOST/PREFIX")
    if parts.password:
        Secret(parts.password)  # as it is written there, where characters are escaped
    return RegistryAddress(
        host,
        f"{prefix}/" if prefix else "",
        parts.scheme == "https",
        unquote(parts.username or ""),
        Secret(unquote(parts.password or "")),
    )
