"""The dependencies of the site, asked all at once, each with a time limit (django-health-check's: 5 seconds)."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from health_check.base import HealthCheck, HealthCheckResult
from health_check.checks import Cache, Database, Storage

from website.health import background
from website.uploads import health as uploads
from website.weather import health as weather

__all__ = ["run"]

DEPENDENCIES: dict[str, HealthCheck] = {
    "database": Database(),
    "cache": Cache(),
    "storage": Storage(),
    **uploads.checks(),
    **background.checks(),
    **weather.checks(),
}


def run() -> dict[str, str]:
    """Each dependency's name, and "ok" or "unavailable". The library logs why: its words may hold hosts and users."""
    results = asyncio.run(_all())
    return {name: "unavailable" if result.error else "ok" for name, result in zip(DEPENDENCIES, results, strict=True)}


async def _all() -> list[HealthCheckResult]:
    # Threads of our own: those of the event loop would be waited for at its end, also the one that hangs.
    executor = ThreadPoolExecutor(len(DEPENDENCIES), thread_name_prefix="healthcheck")
    try:
        return list(await asyncio.gather(*(check.get_result(executor) for check in DEPENDENCIES.values())))
    finally:
        executor.shutdown(wait=False)
