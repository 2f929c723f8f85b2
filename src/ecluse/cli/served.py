"""A rollout that succeeded is written down where the promotion of its images looks: in their registry, as a tag."""

from __future__ import annotations

from collections.abc import Mapping

from ecluse.definition.model import Event, ImageSpec
from ecluse.deploy.session import Ended
from ecluse.errors import ImageError
from ecluse.image import accounts, publish
from ecluse.image.names import registry_of, tag_of
from ecluse.image.registry import Registry

__all__ = ["mark"]


def mark(spec: ImageSpec, ended: Ended, environ: Mapping[str, str]) -> None:
    """Mark the images of the release that serves, so that a tag may promote them. Raises ImageError."""
    if ended.kind != "deploy" or ended.commit is None:
        return
    source = tag_of(Event(kind="push", branch=spec.branch), ended.commit)
    try:
        registry = Registry(registry_of(environ), accounts.from_docker)
        publish.mark_served(registry, list(spec.published.values()), source, ended.environment, ended.commit)
    except ImageError as error:
        raise ImageError(
            f"release {ended.release} serves, but its images could not be marked for a promotion: {error.what}",
            where=error.where,
            hint=f"./ecluse deploy {ended.environment} again: what serves already is only marked",
        ) from error
