"""Building with BuildKit: the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["build"]


def build(
    context: Path,
    *,
    target: str,
    tags: Sequence[str],
    labels: Mapping[str, str],
    epoch: int,
    release: str,
    cache: bool = True,
) -> tuple[str, ...]:
    """Builds *target* of the Dockerfile in *context*, into the engine's own store.

    *epoch* is the time that the image is to show (its commit's), in seconds since 1970: BuildKit takes it for the dates
    of the image and of its history. *release* is the id that the site reports.
    """
    arguments = {"SOURCE_DATE_EPOCH": str(epoch), "ECLUSE_RELEASE": release}
    return (
        *("docker", "buildx", "build", "--target", target),
        *("--load", "--provenance=false", "--progress=plain"),
        *(() if cache else ("--no-cache",)),
        *(part for name, value in arguments.items() for part in ("--build-arg", f"{name}={value}")),
        *(part for name, value in labels.items() for part in ("--label", f"{name}={value}")),
        *(part for tag in tags for part in ("--tag", tag)),
        str(context),
    )
