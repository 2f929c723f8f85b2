"""The model of a pipeline: frozen data without behaviour.

``pipeline.py`` makes one :class:`Pipeline`. :mod:`ecluse.definition.load` checks it, :mod:`ecluse.definition.plan`
plans what an event runs, :mod:`ecluse.run` runs the plan here, and :mod:`ecluse.render` writes it as providers' YAML.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from ecluse.definition.backups import Backup
from ecluse.definition.environment import Environment, Provision, Setup, Watch, Worker
from ecluse.definition.front_server import Acme, Certificate, FrontServer, TlsProxy
from ecluse.definition.monitoring import Monitoring, Policy, QuietHours, Receiver
from ecluse.definition.release_spec import Build, ImageSpec, Lock, ReleaseSpec

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
    is possible. ``absent``, as the last one, lets a job go on without it.
    """

    name: str
    kind: str
    version: str
    sources: tuple[Literal["given", "embedded", "container", "absent"], ...] = ("given", "embedded", "container")


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
class Providers:
    """Settings of the jobs that are rendered for the providers.

    *python* runs the jobs whose matrix has no axis ``python``. *env* is in every job's environment. *locks* are the
    files (globs) whose content names the cache of downloaded packages. *accept* lists the accepted differences between
    the providers, by id; any other difference is an error. *only* are the names of the providers to render for; by
    default all. *deploys* is the name of the provider that runs the jobs with secrets, an environment or an identity;
    the other providers run the other jobs. *mirror* is a registry (and a path in it) that has Docker Hub's images:
    those of services, of GitLab's jobs, and the base images of ``ecluse image build`` at a provider come from there.
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
    ``$NAME`` stands for an environment variable, and is left out where there is none. *without* has further ones by the
    kind of a service (``redis``): they are set where there is no service of that kind. Where there is one, the
    addresses of that kind in all settings become its address.
    """

    settings: str
    lock: str
    folder: str = "."
    python: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    database: Mapping[str, str] = field(default_factory=dict)
    overrides: Mapping[str, object] = field(default_factory=dict)
    without: Mapping[str, Mapping[str, object]] = field(default_factory=dict)


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
