"""Asking for work in the background."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction

if TYPE_CHECKING:
    from celery import Task

__all__ = ["enqueue", "enqueue_all"]

logger = logging.getLogger(__name__)


def enqueue(task: Task[Any, Any], *arguments: Any) -> None:
    """Have a worker run *task* once the current transaction is committed: never for what was rolled back after all.

    What asks for it has already happened, and does not fail with it: a broker that is away is said in the log. Without
    one (no ``CELERY_BROKER_URL``) the task runs here, before this returns or the transaction's end does.
    """
    # A function: Django names the callback that failed by its __qualname__, which a partial has not.
    transaction.on_commit(lambda: _send(task, arguments), robust=True)


def enqueue_all(task: Task[Any, Any], arguments: Iterable[Any]) -> int:
    """Have workers run *task* once for each of *arguments*, over one connection; return how many those are.

    For a task that gives others their work: there is no transaction to wait for, and what asked fails with it where
    the broker does not answer.
    """
    from website.celery import app

    if settings.CELERY_TASK_ALWAYS_EAGER:
        logger.info("%s runs in this process: CELERY_BROKER_URL names no broker", task.name)
    count = 0
    with app.producer_or_acquire() as producer:
        for argument in arguments:
            task.apply_async((argument,), producer=producer)
            count += 1
    return count


def _send(task: Task[Any, Any], arguments: tuple[Any, ...]) -> None:
    from kombu.exceptions import OperationalError

    if settings.CELERY_TASK_ALWAYS_EAGER:
        logger.info("%s runs in this process: CELERY_BROKER_URL names no broker", task.name)
    try:
        task.delay(*arguments)
    except OperationalError as error:
        logger.error("%s%s was not queued, the broker does not answer: %s", task.name, arguments, error)
