"""The model of a pipeline: frozen data without behaviour.

``pipeline.py`` makes one :class:`Pipeline`. :mod:`ecluse.definition.load` checks it, :mod:`ecluse.definition.plan`
plans what an event runs, :mod:`ecluse.run` runs the plan here, and :mod:`ecluse.render` writes it as providers' YAML.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from ecluse.definition.backups import Backup
from ecluse.definition.front_server import Acme, Certificate, FrontServer, TlsProxy
from ecluse.definition.monitoring import Monitoring, Policy, QuietHours, Receiver

__all__ = [
    "Acme",
    "Backup",
    "All",
    "Any",
    "Build",
    "Certificate",
    "Condition",
    "Environment",
    "Event",
    "EventKind",
    "FrontServer",
    "ImageSpec",
    "Is",
    "Job",
    "Lock",
    "Monitoring",
    "Not",
    "Output",
    "Pipeline",
    "Policy",
    "Project",
    "Providers",
    "Provision",
    "QuietHours",
    "Receiver",
    "ReleaseSpec",
    "Service",
    "Setup",
    "Step",
    "TlsProxy",
    "Watch",
    "Worker",
]

EventKind: TypeAlias = Literal["pull_request", "merge_group", "push", "tag", "ship"]


@dataclass(frozen=True, kw_only=True)
class Event:
    """An event: a pull request, a merge group (what a merge queue would merge next), a push, a tag, or ``ship``, which
    goes no further than this machine.

    *branch* is the branch pushed to, or the base branch of a pull request or merge group. *tag* is the tag's name.
    """

    kind: EventKind
    branch: str | None = None
    tag: str | None = None


# Conditions: which events select a job. One small tree, evaluated on this machine by ecluse.definition.conditions, and
# written by each provider's package in the provider's own language. pipeline.py makes it with ecluse.definition.words.


@dataclass(frozen=True)
class Is:
    """A condition on the event: it is of *kind*, and its branch or tag matches *pattern*.

    In *pattern* ``*`` stands for anything; ``None`` matches every branch or tag. For ``tag`` the pattern is about
    the tag, for every other kind about the (base) branch.
    """

    kind: EventKind
    pattern: str | None = None


@dataclass(frozen=True)
class All:
    """A condition that holds if every one of *conditions* holds."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True)
class Any:
    """A condition that holds if at least one of *conditions* holds."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True)
class Not:
    """A condition that holds if *condition* does not."""

    condition: Condition


Condition: TypeAlias = Is | All | Any | Not


@dataclass(frozen=True)
class Step:
    """A command of a job. *run* is an argument vector, never a line of shell.

    In *run* and *env*, ``{axis}`` is the leg's matrix value on that axis, ``{axis.digits}`` the digits of that value,
    and ``{output}`` a folder of this leg alone, for the files of :class:`Output`. Legs that run at the same time share
    the working tree, so they must write different files anywhere else in it.
    """

    run: tuple[str, ...]
    name: str = ""
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Service:
    """A service that jobs use. *kind* is one of ``ecluse.services.kinds``: postgres, redis, rabbitmq, mongodb.

    *sources* are the places it may come from, in the order to try. The machine that runs the job decides which of them
    is possible.
    """

    name: str
    kind: str
    version: str
    sources: tuple[Literal["given", "embedded", "container"], ...] = ("given", "embedded", "container")


@dataclass(frozen=True, kw_only=True)
class Output:
    """A file or folder of a job that people want: kept with the run, uploaded by a provider.

    *path* is relative to the leg's own folder, ``{output}`` in a step. *kind* decides how the report shows it.
    """

    path: str
    kind: Literal["junit", "coverage", "report", "release"]


@dataclass(frozen=True, kw_only=True)
class Job:
    """A named unit of work.

    *inputs* are the paths (globs, from the repository's top; behind a ``!`` taken away) that decide the outcome: a job
    that succeeded with the same ones is not run again. A job without inputs is never skipped. *matrix* makes a leg of
    the job for every combination of its axes' values but those in *exclude*. *timeout* is in seconds, for one attempt;
    *retries* are attempts after the first. *environment* names where the job rolls out to: such a job is never
    skipped, and runs alone there. *engine*: its steps need a Docker engine. *browser*: they need Chrome or Chromium.
    *history*: they need the repository's history, where a provider would check out the one commit.

    *together* names the one job in which a provider runs this job and every other job that names the same.

    *identity*: a step proves to another service which repository and job it is (an OpenID Connect token, as trusted
    publishing to a package index wants). It names an environment of the provider, which can ask somebody first.
    """

    name: str
    steps: tuple[Step, ...]
    description: str = ""
    needs: tuple[str, ...] = ()
    when: Condition | None = None
    services: tuple[str, ...] = ()
    matrix: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    exclude: tuple[Mapping[str, str], ...] = ()
    inputs: tuple[str, ...] = ()
    outputs: tuple[Output, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    environment: str | None = None
    identity: str | None = None
    engine: bool = False
    browser: bool = False
    history: bool = False
    together: str = ""
    timeout: float = 600
    retries: int = 0


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

    In a swarm where web has two tasks or more, the first task of a new release answers the share *canary_share* of the
    visitors for *canary_seconds* before any other task is replaced; 0 seconds: no canary. The same limits hold for its
    answers.
    """

    seconds: float = 10
    most_errors: int = 3
    most_restarts: int = 0
    error_share: float = 0
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
        """*watch*, whichever way it was written."""
        return self.watch if isinstance(self.watch, Watch) else Watch(seconds=self.watch)


@dataclass(frozen=True, kw_only=True)
class Build:
    """A folder of a release that is built first, because git does not have it: *output*, made by *steps* in *folder*.

    *folder* and *sources* (paths from the top) decide its content. *tool* must be on the PATH, in *version* or newer,
    as ``TOOL --version`` says. Otherwise it is installed from *lock*, a file of requirements with hashes; without a
    lock, the release is made without this folder, and says so.
    """

    output: str
    folder: str
    steps: tuple[tuple[str, ...], ...]
    tool: str
    version: str
    sources: tuple[str, ...] = ()
    lock: str = ""


@dataclass(frozen=True, kw_only=True)
class ReleaseSpec:
    """The content of a release: *files* (paths from the top; folders whole), and the lock of the packages they need.

    The site is the WSGI application *wsgi* (``shop.wsgi:application``), or the ASGI application *asgi*: then its own
    requirements have uvicorn. *builds* are made first and become part of the release like *files*. *python_path* are
    folders among them from which the site imports, beside the top.
    """

    files: tuple[str, ...]
    requirements: str
    settings: str
    wsgi: str = ""
    asgi: str = ""
    builds: tuple[Build, ...] = ()
    python_path: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ImageSpec:
    """The images of a release.

    *published* maps each published target of the Dockerfile to its image's name; the image that reports the release is
    last. *tests* is the target that tests them from outside, as *service* of the Compose file *compose*. *branch* is
    the branch whose images are promoted. *after* is the environment that must have served an image before.
    """

    published: Mapping[str, str]
    tests: str
    compose: str = "docker-compose.ci.yml"
    service: str = "tests"
    branch: str = "staging"
    after: str = ""


@dataclass(frozen=True, kw_only=True)
class Providers:
    """Settings of the jobs that are rendered for the providers.

    *python* runs the jobs whose matrix has no axis ``python``. *env* is in every job's environment. *locks* are the
    files (globs) whose content names the cache of downloaded packages. *accept* lists the accepted differences between
    the providers, by id; any other difference is an error. *only* are the names of the providers to render for; by
    default all. *deploys* is the name of the provider that runs the jobs with secrets, an environment or an identity;
    the other providers run the other jobs. *mirror* is a registry (and a path in it) that has Docker Hub's images:
    those of services, and of GitLab's jobs, are taken from there.
    """

    python: str = "3.13"
    env: Mapping[str, str] = field(default_factory=dict)
    locks: tuple[str, ...] = ("requirements/*.txt",)
    accept: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    deploys: str = ""
    mirror: str = ""


@dataclass(frozen=True, kw_only=True)
class Project:
    """How a Django project that knows nothing of Écluse is run: see :func:`ecluse.definition.words.project`.

    *folder* has its manage.py. *python* (as ``3.12``; empty: Écluse's own) and *lock*, a file of requirements with
    hashes, make the virtual environment of its commands. *env* has the variables that its *settings* read, with values
    for tests; what the caller's environment has wins. *database* names variables that get a part of the database's
    address each (``url``, ``name``, ``host``, ``port``, ``user``, ``password``); without any, the default database is
    set from outside. *overrides* are settings that are set once its settings module has been loaded; the text
    ``$NAME`` stands for an environment variable, and is left out where there is none.
    """

    settings: str
    lock: str
    folder: str = "."
    python: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    database: Mapping[str, str] = field(default_factory=dict)
    overrides: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Lock:
    """A lock file of requirements that ``ecluse lock`` renews: *path* is compiled from *sources* (both from the top).

    *options* go to ``uv pip compile`` as they are (``--extra``, ``--group``, ``--constraint``). The lock serves every
    Python from *python* on.
    """

    path: str
    sources: tuple[str, ...] = ("pyproject.toml",)
    options: tuple[str, ...] = ()
    python: str = "3.11"


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """A pipeline: how a change gets from a pull request to users."""

    name: str
    jobs: tuple[Job, ...]
    services: tuple[Service, ...] = ()
    environments: tuple[Environment, ...] = ()
    project: Project | None = None
    release: ReleaseSpec | None = None
    image: ImageSpec | None = None
    locks: tuple[Lock, ...] = ()
    providers: Providers = field(default_factory=Providers)
