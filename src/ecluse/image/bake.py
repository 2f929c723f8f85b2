"""Building images with BuildKit: the command line and its input."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

__all__ = ["BuildTarget", "build", "definition"]


@dataclass(frozen=True)
class BuildTarget:
    """A target of the Dockerfile, and the image that is built from it."""

    name: str
    tags: Sequence[str]
    labels: Mapping[str, str] = field(default_factory=dict)


def build(*, cache: bool = True) -> tuple[str, ...]:
    """The command that builds the :func:`definition` on its standard input into the engine's own store.

    It builds all targets at once: common stages are built once, the others in parallel.
    """
    return (
        *("docker", "buildx", "bake", "--file", "-", "--load", "--provenance=false", "--progress=plain"),
        *(() if cache else ("--no-cache",)),
    )


def definition(
    context: Path,
    targets: Sequence[BuildTarget],
    *,
    epoch: int,
    release: str,
    bases: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """The *targets* of the Dockerfile in *context*, as ``docker buildx bake`` reads them.

    *epoch* is the time that the images are to show (their commit's), in seconds since 1970: BuildKit takes it for the
    dates of an image and of its history. *release* is the id that the site reports. *bases* are images, each by the
    name that the Dockerfile has for it.
    """
    contexts = {name: f"docker-image://{image}" for name, image in bases.items()}
    arguments = {"SOURCE_DATE_EPOCH": str(epoch), "ECLUSE_RELEASE": release}
    made = {
        target.name: {
            "context": str(context),
            "target": target.name,
            "tags": list(target.tags),
            "labels": {name: _literal(value) for name, value in target.labels.items()},
            "args": {name: _literal(value) for name, value in arguments.items()},
            **({"contexts": contexts} if contexts else {}),
        }
        for target in targets
    }
    return json.dumps({"group": {"default": {"targets": list(made)}}, "target": made}, indent=1)


def _literal(text: str) -> str:
    """*text* escaped for bake's language, so that it contains no variable."""
    return text.replace("${", "$${").replace("%{", "%%{")
