"""`manage.py test`: the site's tests are pytest's, so it hands over to pytest, which has a PostgreSQL from nothing."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any, NoReturn

__all__ = ["PytestRunner"]


class PytestRunner:
    """Django's test runner, by pytest. Labels are paths and names as pytest takes them."""

    def __init__(self, *, verbosity: int = 1, failfast: bool = False, k: str | None = None, **options: Any) -> None:
        self.arguments = [
            *(["--quiet"] * (verbosity < 1) + ["--verbose"] * (verbosity - 1)),
            *(["--exitfirst"] if failfast else []),
            *(["-k", k] if k else []),
        ]

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        parser.add_argument("--failfast", action="store_true", help="stop at the first failure")
        parser.add_argument("-k", metavar="EXPRESSION", help="only tests whose names match, as pytest's -k")

    def run_tests(self, labels: Sequence[str], **options: Any) -> NoReturn:
        # In place of this process, whose Django has other settings already: pyproject.toml names those of the tests.
        os.environ.pop("DJANGO_SETTINGS_MODULE", None)
        argv = [sys.executable, "-m", "pytest", *self.arguments, *(labels or ["tests/website"])]
        os.execv(argv[0], argv)
