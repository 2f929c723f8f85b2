"""The environments of a pipeline: where releases go, how a rollout is watched, how a server is prepared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ecluse.definition.backups import Backup
from ecluse.definition.front_server import FrontServer
from ecluse.definition.monitoring import Monitoring

__all__ = ["Environment", "Provision", "Setup", "Watch", "Worker"]


@dataclass(frozen=True, kw_only=True)
class Worker:
    """A program that runs beside the site, such as Celery's worker or beat.

    *command* is run from the release's virtual environment. In it ``{slot}`` is a number that differs between the old
    and the new worker; Celery needs it for ``--hostname``, since RabbitMQ refuses two workers of one name.

    A rollout starts the new worker before the new site, which may send tasks that only the new worker knows. Then the
    old worker gets SIGTERM and has *grace* seconds to finish. A worker that must be *alone* is replaced after the
    site: the old one ends before the new one starts. *sign* is a file that the worker writes into its TMPDIR when it
    is ready.
    """

    name: str
    command: tuple[str, ...]
    alone: bool = False
    sign: str = ""
    grace: int = 70


@dataclass(frozen=True, kw_only=True)
class Watch:
    """How long and how strictly a release is observed after the switch, before its rollout counts as a success.

    For *seconds* the front door is asked, and errors (answers 5xx but 503) and restarts are counted. The rollout is
    undone after more than *most_restarts* restarts of a process, or after more than *most_errors* errors, if these are
    also more than the share *error_share* of all answers (0.01 is one in a hundred).

    On a server, at its end, the answers are compared with those of the ten minutes before the switch. The rollout is
    undone where the share of errors has grown by more than *more_errors* (0.02 is two in a hundred), or where 95 % of
    the answers take more than *slower* times as long, and more than a quarter of a second. 0: that is not asked. If
    left out, 0.02 and 4 hold for an environment with monitoring, and 0 for others.

    In a swarm where web has two tasks or more, the first task of a new release answers the share *canary_share* of the
    visitors for *canary_seconds* before any other task is replaced; 0 seconds: no canary. The same limits hold for its
    answers.
    """

    seconds: float = 10
    most_errors: int = 3
    most_restarts: int = 0
    error_share: float = 0
    more_errors: float | None = None
    slower: float | None = None
    canary_seconds: float = 20
    canary_share: float = 0.05


@dataclass(frozen=True, kw_only=True)
class Setup:
    """A management command of the site that a rollout runs, as ``("loaddata", "countries")``. It must be idempotent.

    It runs after migrations were applied. With *given* it runs whenever one of those variables is set for the command
    that rolls out, and only then; it gets the values, and they are kept nowhere.
    """

    command: tuple[str, ...]
    given: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Provision:
    """How ``ecluse provision`` prepares an empty Debian server for the sites of one account.

    *keys* are the public keys that may sign in: as *administrator*, an account that is made and may become root, and as
    the environment's user, which may not. Before there is an administrator, the server is reached as *first*. *ports*
    are open to everybody, beside that of SSH; *packages* are Debian's, beside those that a site needs.
    *time_zone* is that of the server, as ``Europe/Paris``; without it, the server keeps its own. *swap* is the size of
    a swap file in MB. *postgresql*: the site's database is one of Debian's PostgreSQL there, named for the environment,
    and DATABASE_URL names it. Without, DATABASE_URL is given, or the site has a PostgreSQL of its own. *front* is the
    nginx before the site; without it, none is installed.
    """

    keys: tuple[str, ...]
    administrator: str = "admin"
    first: str = "root"
    ports: tuple[int, ...] = (80, 443)
    packages: tuple[str, ...] = ()
    time_zone: str = ""
    swap: int = 0
    postgresql: bool = False
    front: FrontServer | None = None


@dataclass(frozen=True, kw_only=True)
class Environment:
    """A place that releases go to. *target* is the name of a kind of place: ``server``, ``swarm``. *secrets* are names,
    never values: the deployer's environment or the target has those.

    *faces_world*: people reach it from outside, so Django's deployment checks must pass before a rollout; warnings
    whose ids are *known_warnings* refuse none. *watch* are the limits of a rollout after the switch; a number is its
    seconds. *readiness* is the address that a release is asked at before it gets requests; of a site that has no such
    address, *page* is a page of its own (as ``/``), and our wrapper answers with that page, the database and the
    migrations. *health* are further addresses that a maintenance page does not cover. *setup* are commands of the site
    that a rollout runs. *stack* is the stack file of a swarm, which may refer to the variables in *env*; *replicas*
    are numbers of tasks of its services that hold in the place of the file's. The workers of a swarm stand there, the
    workers of a server in *workers*. *approval*: a provider asks a person before each rollout.

    A server is this machine; with *host*, the machine of that name, which SSH reaches as *user* on *port* (by default,
    as the configuration of the SSH client says). *host_key* is that machine's public key, as ``ssh-ed25519 AAAA…``: no
    other one is talked to. ``ecluse host-key`` prints it. *provision*: how that machine is prepared;
    *monitoring*: how it is watched, and who is told; *backup*: where its data is saved.
    """

    name: str
    target: str
    settings: str
    url: str
    secrets: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    faces_world: bool = True
    known_warnings: tuple[str, ...] = ()
    watch: Watch | float = Watch()
    readiness: str = "/readiness/"
    page: str = ""
    health: tuple[str, ...] = ()
    setup: tuple[Setup, ...] = ()
    stack: str = "docker-compose.live.yml"
    replicas: Mapping[str, int] = field(default_factory=dict)
    workers: tuple[Worker, ...] = ()
    approval: bool = False
    host: str = ""
    user: str = ""
    port: int | None = None
    host_key: str = ""
    provision: Provision | None = None
    monitoring: Monitoring | None = None
    backup: Backup | None = None

    @property
    def limits(self) -> Watch:
        """*watch*, whichever way it was written, with nothing left out."""
        given = self.watch if isinstance(self.watch, Watch) else Watch(seconds=self.watch)
        more_errors, slower = (0.02, 4.0) if self.monitoring else (0.0, 0.0)
        return replace(
            given,
            more_errors=more_errors if given.more_errors is None else given.more_errors,
            slower=slower if given.slower is None else given.slower,
        )
