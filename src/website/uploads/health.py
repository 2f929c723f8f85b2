"""The dependencies of uploads, for /healthcheck/, which gates nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from health_check.base import HealthCheck
from health_check.exceptions import ServiceUnavailable

from website.uploads import projections, storage
from website.uploads.projections import ProjectionUnavailable
from website.uploads.storage import StorageError

__all__ = ["checks"]


@dataclass
class Answers(HealthCheck):  # type: ignore[misc]  # it ships no types
    """The check that *ask* returns."""

    name: str
    ask: Callable[[], object]

    def run(self) -> None:
        try:
            self.ask()
        except (ProjectionUnavailable, StorageError) as error:
            raise ServiceUnavailable(f"{self.name}: {error}") from error


def checks() -> dict[str, HealthCheck]:
    """A check for each server that is configured."""
    found: dict[str, HealthCheck] = {
        name: Answers(name, lambda name=name: projections.get(name).check()) for name in projections.configured()
    }
    if storage.chosen() == "imagekit":
        found["imagekit"] = Answers("imagekit", lambda: storage.get("imagekit").check())
    return found
