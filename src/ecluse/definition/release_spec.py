"""The releases of a pipeline: what they are made of, as an archive or as images, and the locks of their packages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Build", "ImageSpec", "Lock", "ReleaseSpec"]


@dataclass(frozen=True, kw_only=True)
class Build:
    """A folder of a release that is built first, because git does not have it: *output*, made by *steps* in *folder*.

    *folder* and *sources* (paths from the top) decide its content. *tool* must be on the PATH, in *version* or newer,
    as ``TOOL --version`` says. Otherwise it is installed from *lock*, a file of requirements with hashes; without a
    lock, the release is made without this folder, and says so.
    """

    output: str
    folder: str
    steps: tuple[tuple[str, ...], ...]
    tool: str
    version: str
    sources: tuple[str, ...] = ()
    lock: str = ""


@dataclass(frozen=True, kw_only=True)
class ReleaseSpec:
    """The content of a release: *files* (paths from the top; folders whole), and the lock of the packages they need.

    The site is the WSGI application *wsgi* (``shop.wsgi:application``), or the ASGI application *asgi*: then its own
    requirements have uvicorn. *builds* are made first and become part of the release like *files*. *python_path* are
    folders among them from which the site imports, beside the top.
    """

    files: tuple[str, ...]
    requirements: str
    settings: str
    wsgi: str = ""
    asgi: str = ""
    builds: tuple[Build, ...] = ()
    python_path: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ImageSpec:
    """The images of a release.

    *published* maps each published target of the Dockerfile to its image's name; the image that reports the release is
    last. *tests* is the target that tests them from outside, as *service* of the Compose file *compose*. *branch* is
    the branch whose images are promoted. *after* is the environment that must have served an image before.
    """

    published: Mapping[str, str]
    tests: str
    compose: str = "docker-compose.ci.yml"
    service: str = "tests"
    branch: str = "staging"
    after: str = ""


@dataclass(frozen=True, kw_only=True)
class Lock:
    """A lock file of requirements that ``ecluse lock`` renews: *path* is compiled from *sources* (both from the top).

    *options* go to ``uv pip compile`` as they are (``--extra``, ``--group``, ``--constraint``). The lock serves every
    Python from *python* on.
    """

    path: str
    sources: tuple[str, ...] = ("pyproject.toml",)
    options: tuple[str, ...] = ()
    python: str = "3.11"
