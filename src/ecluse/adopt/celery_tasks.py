"""Background tasks: the project's Celery application, whether its broker is to be had, and the workers for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from ecluse.adopt.asking import SettingsReport
from ecluse.definition.model import Worker
from ecluse.errors import ServiceError
from ecluse.probes import wait

__all__ = ["CeleryTasks", "answers", "find"]

# Seconds for a broker to say that it is ready.
_PATIENCE = 2.0


@dataclass(frozen=True)
class CeleryTasks:
    """The tasks of a project: its Celery application *app* (``shop.celery:app``), its *broker*'s address, and whether
    something runs at fixed times (*beat*). *scheduler* is for beat where the project names none: Celery's usual one
    writes a file into the release.

    *eager* is the setting with which tasks run at once; empty where the application does not read the settings.
    *variable* is the caller's variable that has the broker's address. *reached*: the broker is to be had.
    """

    app: str
    broker: str = ""
    beat: bool = False
    scheduler: str = ""
    eager: str = ""
    always_eager: bool = False
    variable: str = ""
    reached: bool = False

    @property
    def workers(self) -> tuple[Worker, ...]:
        """The programs that run the tasks beside the site; none without a broker."""
        if not self.reached or self.always_eager:
            return ()
        celery = ("celery", "--app", self.app)
        found = [
            Worker(name="tasks", command=(*celery, "worker", "--loglevel", "INFO", "--hostname", "tasks{slot}@%h"))
        ]
        if self.beat:
            by = ("--scheduler", self.scheduler) if self.scheduler else ()
            found.append(Worker(name="beat", command=(*celery, "beat", "--loglevel", "INFO", *by), alone=True))
        return tuple(found)

    @property
    def service(self) -> str:
        """The kind of service that the broker is; empty where Écluse knows none such."""
        return {"redis": "redis", "rediss": "redis", "amqp": "rabbitmq", "pyamqp": "rabbitmq", "amqps": "rabbitmq"}.get(
            urlsplit(self.broker).scheme, ""
        )

    @property
    def place(self) -> str:
        """The broker's kind and host, without what is secret in its address."""
        parts = urlsplit(self.broker)
        return f"{parts.scheme}://{parts.hostname or ''}"


def find(
    answer: SettingsReport, environ: Mapping[str, str], reached: Callable[[str], bool] | None = None
) -> CeleryTasks | None:
    """The background tasks of a project; None where it has no Celery application."""
    told = answer.celery
    if not told:
        return None
    broker = str(told.get("broker") or "")
    named = (name for name, missing in answer.asked.items() if not missing and broker and environ.get(name) == broker)
    return CeleryTasks(
        app=str(told["app"]),
        broker=broker,
        beat=bool(told.get("beat")),
        scheduler=str(told.get("scheduler") or ""),
        eager=str(told.get("eager") or ""),
        always_eager=bool(told.get("always_eager")),
        variable=next(named, ""),
        reached=(reached or answers)(broker),
    )


def answers(broker: str) -> bool:
    """Whether the broker at the address *broker* is ready. A folder is a broker that is always there."""
    if urlsplit(broker).scheme == "filesystem":
        return True
    try:
        wait([broker], timeout=_PATIENCE)
    except ServiceError:
        return False
    return True
