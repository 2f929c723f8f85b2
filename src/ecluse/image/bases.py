"""The images that a Dockerfile begins with, and a mirror that has them."""

from __future__ import annotations

import re
from collections.abc import Callable

__all__ = ["mirrored"]

_FROM = re.compile(r"^\s*FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?\s*$", re.IGNORECASE | re.MULTILINE)


def mirrored(dockerfile: str, mirror: Callable[[str], str]) -> dict[str, str]:
    """The images of Docker Hub that the text *dockerfile* begins a stage with, and in whose place each is taken.

    *mirror* says the name of such an image at the mirror.
    """
    found = [(match[1], match[2]) for match in _FROM.finditer(dockerfile)]
    stages = {stage.lower() for _name, stage in found if stage}
    names = [name for name, _stage in found if name.lower() not in stages and _of_docker_hub(name)]
    return {name: mirror(name) for name in dict.fromkeys(names)}


def _of_docker_hub(name: str) -> bool:
    """Whether the engine would look for the image *name* at Docker Hub: no other registry's host is before it."""
    host, slash, _path = name.partition("/")
    elsewhere = bool(slash) and (host == "localhost" or re.search(r"[.:]", host) is not None)
    return name != "scratch" and "$" not in name and not elsewhere
