"""The gunicorn of a release: whether it ends its work without losing a request."""

from __future__ import annotations

from pathlib import Path

from packaging.version import Version

from ecluse.errors import TargetError

__all__ = ["SAFE_GUNICORN", "require_safe", "require_uvicorn"]

SAFE_GUNICORN = "24.1.1"
"""The first gunicorn whose threads answer what they have accepted before they stop. Of 25 requests a second during a
rollout, 21.2, 22.0 and 23.0 reset one or two each time; 24.1.1, 25.0 and 27.0 none in five rollouts.
"""


def require_safe(venv: Path) -> None:
    """Raise TargetError where the gunicorn in the virtual environment *venv* is older than SAFE_GUNICORN."""
    for metadata in venv.glob("lib/python*/site-packages/gunicorn-*.dist-info"):
        version = metadata.name.removeprefix("gunicorn-").removesuffix(".dist-info")
        if Version(version) < Version(SAFE_GUNICORN):
            raise TargetError(
                f"the release has gunicorn {version}, which loses requests as it stops",
                hint=f"have gunicorn>={SAFE_GUNICORN} in the site's requirements",
            )


def require_uvicorn(venv: Path) -> None:
    """Raise TargetError where the virtual environment *venv* has no uvicorn, which answers for an ASGI application."""
    if not any(venv.glob("lib/python*/site-packages/uvicorn-*.dist-info")):
        raise TargetError(
            "the release is an ASGI application and has no uvicorn",
            hint="have uvicorn in the site's requirements, and websockets where it has such",
        )
