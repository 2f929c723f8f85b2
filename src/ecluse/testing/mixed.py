"""A project's own test runner on PostgreSQL: ``Runner`` is made of ours and of the one that its settings name."""

from __future__ import annotations

import unittest
from typing import Any

from django.conf import settings
from django.db import connections
from django.test.runner import DiscoverRunner
from django.utils.module_loading import import_string

from ecluse.testing.launch import OWN_RUNNER
from ecluse.testing.runner import DatabaseRunner, announce

__all__ = ["Promised"]


class Promised(DatabaseRunner):
    """Fails a test run that ran no test, or that used another database than PostgreSQL."""

    def suite_result(self, suite: unittest.TestSuite, result: unittest.TextTestResult, **kwargs: Any) -> int:
        """How many tests failed, and one more for a promise that was not kept."""
        failures = super().suite_result(suite, result, **kwargs)
        others = [alias for alias in connections if connections[alias].vendor != "postgresql"]
        if others:
            announce(self, f"ecluse: not all of this ran on PostgreSQL: {', '.join(others)} did not")
        if not result.testsRun:
            announce(self, "ecluse: no test was run")
        return failures + bool(others) + (not result.testsRun)


def __getattr__(name: str) -> type[DiscoverRunner]:
    if name != "Runner":
        raise AttributeError(name)
    own = import_string(getattr(settings, OWN_RUNNER))
    return type("Runner", (Promised, own), {})
