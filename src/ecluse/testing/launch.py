"""The database of ``manage.py test``, begun before the settings are loaded: some projects decide by its kind then.

Called by the settings from outside (:mod:`ecluse.outside`) around the load of a project's settings module.
"""

from __future__ import annotations

import os
from typing import Any

from ecluse.services.order import DEFAULT, VARIABLE, parse
from ecluse.services.sources import own
from ecluse.testing.options import DatabaseOptions
from ecluse.testing.run_server import RUN, Databases, begin, is_given

__all__ = ["OWN_RUNNER", "begin_early", "begun", "use_own_runner"]

OWN_RUNNER = "ECLUSE_OWN_TEST_RUNNER"
"""The setting that keeps the name of the project's own test runner."""

_begun: Databases | None = None


def begin_early() -> None:
    """Begin the run's database, and set ``DATABASE_URL`` to its address. Nothing happens where one is given."""
    global _begun
    text = os.environ.get(VARIABLE)
    order = parse(text, where=VARIABLE) if text else DEFAULT
    # A command that a test starts has the database of its run already.
    if _begun is not None or os.environ.get(RUN) or not own(order) or ("given" in order and is_given(os.environ)):
        return
    _begun = begin(DatabaseOptions(order=own(order), environ=dict(os.environ), top=os.getcwd()))
    os.environ[RUN] = f"{_begun.lease.folder}:{os.getpid()}"
    os.environ["DATABASE_URL"] = _begun.address


def begun() -> Databases | None:
    """The database that was begun in this process, if one was."""
    return _begun


def use_own_runner(settings: Any) -> None:
    """Have the project's own test runner run on the database: it is mixed with ours."""
    setattr(settings, OWN_RUNNER, settings.TEST_RUNNER)
    settings.TEST_RUNNER = "ecluse.testing.mixed.Runner"
