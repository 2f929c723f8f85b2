"""Work for the background: a task is asked for by its name, so that no caller imports the code that it runs."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.conf import settings
from django.db import transaction

if TYPE_CHECKING:
    from celery import Task

__all__ = ["enqueue", "enqueue_all"]

logger = logging.getLogger(__name__)


def enqueue(name: str, *arguments: Any) -> None:
    """Have a worker run the task *name* once the current transaction is committed; never after a rollback.

    The caller does not fail when the broker is away: the log says so. Without a broker (no ``CELERY_BROKER_URL``) the
    task runs in this process, before this function returns or the transaction ends.
    """
    # A function: Django names the callback that failed by its __qualname__, which a partial has not.
    transaction.on_commit(lambda: _send(name, arguments), robust=True)


def enqueue_all(name: str, arguments: Iterable[Any]) -> int:
    """Have workers run the task *name* once for each of *arguments*, over one connection; return the number of runs.

    For a task that hands out work to others: there is no transaction to wait for, and it fails when the broker does
    not answer.
    """
    from website.celery import app

    task = _task(name)
    count = 0
    with app.producer_or_acquire() as producer:
        for argument in arguments:
            task.apply_async((argument,), producer=producer)
            count += 1
    return count


def _send(name: str, arguments: tuple[Any, ...]) -> None:
    from kombu.exceptions import OperationalError

    try:
        _task(name).delay(*arguments)
    except OperationalError as error:
        logger.error("%s%s was not queued, the broker does not answer: %s", name, arguments, error)


def _task(name: str) -> Task[Any, Any]:
    """The task *name*, which the application that its name begins with has."""
    from website.celery import app

    # A task has its name once its module is imported. (Celery's way to import them all would set Django up once more.)
    import_module(f"{apps.get_app_config(name.partition('.')[0]).name}.tasks")
    if settings.CELERY_TASK_ALWAYS_EAGER:
        logger.info("%s runs in this process: CELERY_BROKER_URL names no broker", name)
    return app.tasks[name]
