"""Publishing images: pushed once under the commit's name, then promoted without being changed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from ecluse.errors import ImageError
from ecluse.image.engine import Engine, PushFailed
from ecluse.image.names import Version, moving_tags, served_tag
from ecluse.image.registry import Manifest, Registry

__all__ = ["digests", "mark_served", "promote", "push"]

# Seconds before each further attempt to push.
PAUSES = (1.0, 3.0, 9.0)

# Seconds without any progress that one attempt to push may last. The engine itself goes on trying for much longer.
PATIENCE = 60.0


def push(
    engine: Engine,
    registry: Registry,
    image: str,
    name: str,
    tag: str,
    *,
    progress: Callable[[int, int], None],
    say: Callable[[str], None],
    patience: float = PATIENCE,
    pauses: Sequence[float] = PAUSES,
) -> str:
    """Push the local *image* as *name*:*tag*, and return its digest, as the registry gives it back.

    An existing tag is left alone: the image of a commit is built once, and production gets the bytes that staging
    runs. The push is repeated while the network fails; a tag appears only with everything that it names. Raises
    ImageError.
    """
    where = f"{registry.address.repository(name)}:{tag}"
    there = registry.manifest(name, tag)
    if there is not None:
        say(f"{where} is there already, and stays as it is")
        return there.digest
    digest = _push(engine, registry, image, name, tag, progress, say, patience, pauses)
    there = registry.manifest(name, tag)
    if there is None or there.digest != digest:
        found = there.digest if there else "nothing"
        raise ImageError(f"{digest} was pushed, but the registry answers with {found}", where=where)
    return digest


def _push(
    engine: Engine,
    registry: Registry,
    image: str,
    name: str,
    tag: str,
    progress: Callable[[int, int], None],
    say: Callable[[str], None],
    patience: float,
    pauses: Sequence[float],
) -> str:
    repository = registry.address.repository(name)
    for pause in (*pauses, None):
        try:
            return engine.push(image, repository, tag, registry.address, patience=patience, progress=progress)
        except PushFailed as error:
            if pause is None or not error.passing:
                raise ImageError(
                    f"the push failed: {error}",
                    where=f"{repository}:{tag}",
                    hint="the tag was not created; push again: layers that have arrived are not sent again",
                ) from None
            say(f"{repository}: {error}; again in {pause:g} s")
        time.sleep(pause)
    raise AssertionError("unreachable: the last attempt returns or raises")


def digests(registry: Registry, names: Sequence[str], tag: str) -> Mapping[str, Manifest]:
    """The digest of each of *names* under *tag*. Raises ImageError that lists the missing ones."""
    found = {name: registry.manifest(name, tag) for name in names}
    missing = [f"{registry.address.repository(name)}:{tag}" for name, manifest in found.items() if manifest is None]
    if missing:
        raise ImageError(
            f"never built: {', '.join(missing)}",
            hint="the push of this commit must have built, tested and pushed it first",
        )
    return {name: manifest for name, manifest in found.items() if manifest is not None}


def mark_served(registry: Registry, names: Sequence[str], tag: str, environment: str, commit: str) -> None:
    """Tag the images of *names* under *tag*, which are those of *commit*, as served by *environment*."""
    mark = served_tag(environment, commit)
    for name, manifest in digests(registry, names, tag).items():
        there = registry.manifest(name, mark)
        if there is None or there.digest != manifest.digest:
            registry.put_manifest(name, mark, manifest)


def _check_served(registry: Registry, found: Mapping[str, Manifest], environment: str, commit: str) -> None:
    """Raises ImageError where *environment* has not served the images *found* of *commit*."""
    for name, manifest in found.items():
        there = registry.manifest(name, served_tag(environment, commit))
        if there is None or there.digest != manifest.digest:
            raise ImageError(
                f"no rollout to {environment} has succeeded with the images of {commit}",
                where=registry.address.repository(name),
                hint=f"./ecluse deploy {environment} on that commit, then promote again",
            )


def promote(
    registry: Registry,
    names: Sequence[str],
    tag: str,
    version: Version,
    say: Callable[[str], None],
    *,
    served: tuple[str, str] | None = None,
) -> Mapping[str, str]:
    """Give the images of *names* under *tag* the version's tags; return their digests. Nothing is built or sent.

    Everything is checked before the first change: a missing image, or a version that another image has, raises
    ImageError, and so does an image that the environment and commit *served* are not known of. The moving tags
    (``1.2``, ``latest``) follow once every image has its version, each only if no higher release has it. An
    interrupted promotion can be run again.
    """
    found = digests(registry, names, tag)
    if served is not None:
        _check_served(registry, found, *served)
    for name, manifest in found.items():
        taken = registry.manifest(name, str(version))
        if taken is not None and taken.digest != manifest.digest:
            raise ImageError(
                f"{version} is released already, as {taken.digest}; {tag} is {manifest.digest}",
                where=f"{registry.address.repository(name)}:{version}",
                hint="a version is never moved: tag the commit with a new version",
            )
    existing = {name: registry.tags(name) for name in names}
    for name, manifest in found.items():
        registry.put_manifest(name, str(version), manifest)
        say(f"{registry.address.repository(name)}:{version} is {manifest.digest}")
    for name, manifest in found.items():
        for moving in moving_tags(version, existing[name]):
            registry.put_manifest(name, moving, manifest)
            say(f"{registry.address.repository(name)}:{moving} is {manifest.digest}")
    return {name: manifest.digest for name, manifest in found.items()}
