"""The target ``swarm``: a Docker Swarm, of one machine or of many; the same commands, the same rollout.

A release is services of a stack. Replacing one is the swarm's own update: a task of the new release starts beside those
that serve, the engine asks its health check whether it is ready, names it to the front server once it is, and ends an
old task after that; one after the other. What is asked here is what the swarm's managers know of the tasks, and the
front door; never how a command ended.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib import resources
from pathlib import Path
from typing import Any

from ecluse.deploy import health, migrations
from ecluse.deploy.contract import Ledger, Migration, Preflight
from ecluse.deploy.lock import Holder
from ecluse.deploy.maintenance import Maintenance
from ecluse.deploy.targets.swarm import jobs, stackfile
from ecluse.deploy.targets.swarm.api import Conflict, Missing
from ecluse.deploy.targets.swarm.build import Builder, Draft
from ecluse.deploy.targets.swarm.connection import Connection, connect, variable
from ecluse.deploy.targets.swarm.ledger import Lock, SwarmLedger
from ecluse.deploy.targets.swarm.objects import Objects
from ecluse.deploy.targets.swarm.releases import Release, Releases
from ecluse.deploy.targets.swarm.tasks import (
    Task,
    ended,
    failed,
    logs,
    nodes,
    paused,
    replicas,
    rolled_back,
    seconds,
    tasks_of,
    why,
)
from ecluse.errors import (
    CommandError,
    DefinitionError,
    ImageError,
    PreflightError,
    ReleaseError,
    RolloutError,
    TargetError,
)
from ecluse.image import accounts
from ecluse.image.names import RegistryAddress, registry_of
from ecluse.image.registry import Registry
from ecluse.image.source import source_of
from ecluse.model import Environment, Pipeline

__all__ = ["Swarm", "opened"]

GATE_SECONDS = 180.0
"""Seconds that one task may take to get ready, its image pulled before."""

MOST_ERRORS = 3
"""Answers with a 5xx (but for 503) that a watch lets pass."""

STAGE_SECONDS, PREFLIGHT_SECONDS, MIGRATE_SECONDS = 900.0, 180.0, 3600.0

_HINDSIGHT = 5.0

_FILES = "/run/ecluse"
_SOURCE, _VOLUME = "/app/staticfiles", "/srv/static"
_MAINTENANCE = "maintenance"


class Swarm:
    """An environment in the swarm that *connection* reaches, as the stack *stack*."""

    def __init__(
        self,
        connection: Connection,
        environment: Environment,
        stack: str,
        builder: Callable[[Objects], Builder],
        top: Path,
        environ: Mapping[str, str],
        *,
        say: Callable[[str], None] = lambda line: None,
        gate_seconds: float = GATE_SECONDS,
    ) -> None:
        self._connection, self._api, self._environment, self._top = connection, connection.api, environment, top
        self.stack, self._say, self._gate_seconds = stack, say, gate_seconds
        self._door = variable(environ, environment.name, "ECLUSE_DOOR") or environment.url
        self.objects = Objects(self._api, stack)
        self.releases = Releases(self.objects)
        self.lock = Lock(self._api, self.objects, environment.name)
        self._builder = builder(self.objects)
        self._drafts: dict[str, Draft] = {}
        self._seen: dict[str, set[str]] = {}
        self._without: dict[str, str] = {}

    def check(self) -> None:
        """Raises TargetError where this is no manager of a swarm."""
        swarm = self._api.get("/info")["Swarm"]
        host = variable(self._connection.environ, self._environment.name, "DOCKER_HOST")
        if swarm["LocalNodeState"] != "active":
            raise TargetError(
                "this engine is not in a swarm",
                where=self._connection.name,
                hint=f"{f'docker --host {host}' if host else 'docker'} swarm init: one machine is enough",
            )
        if not swarm.get("ControlAvailable"):
            managers = ", ".join(one["Addr"] for one in swarm.get("RemoteManagers") or ())
            raise TargetError(
                "this engine is a worker of its swarm", where=self._connection.name, hint=f"ask a manager: {managers}"
            )

    # What a rollout asks of every target: see ecluse.deploy.contract.Target

    def stage(self, release_id: str) -> None:
        release = self._prepared(release_id)
        self._furnish(release_id)
        self.releases.keep(release)
        for line in self._files(release, "add", everywhere=True):
            self._say(line)

    def preflight(self, release_id: str) -> Preflight:
        flags = ("--deploy",) if self._environment.faces_world else ()
        try:
            lines = self._inside(release_id, "preflight", *flags, timeout=PREFLIGHT_SECONDS, until=migrations.MARK)
        except CommandError as error:
            raise PreflightError(f"the checks of release {release_id} fail: {error}") from None
        line = next((line for line in lines if line.startswith(migrations.MARK)), None)
        if line is None:
            raise PreflightError(f"the checks of release {release_id} say nothing: does the engine keep logs?")
        found = json.loads(line.removeprefix(migrations.MARK))
        pending = tuple(Migration(one["name"], one["sql"], tuple(one["unsafe"])) for one in found["pending"])
        return Preflight(pending, frozenset(found["unknown"]))

    def look(self, release_id: str) -> Preflight | None:
        # Where nothing has been rolled out, there is no database of this environment to be asked.
        if not self._services():
            return None
        self._prepared(release_id)
        return self.preflight(release_id)

    def migrate(self, release_id: str) -> None:
        try:
            self._inside(release_id, "migrate", timeout=MIGRATE_SECONDS)
        except CommandError as error:
            raise RolloutError(f"migrating to release {release_id} failed: {error}") from None

    def tasks(self) -> Sequence[str]:
        found = [*(draft.release for draft in self._drafts.values()), *reversed(self.releases.all())]
        if not found:
            return ()
        # In the order of the newest release; what only others have, before.
        newest = found[0].tasks
        others = dict.fromkeys(name for release in found for name in release.tasks if name not in newest)
        return (*others, *newest)

    def serving(self, task: str) -> Collection[str]:
        serving = {one.release for one in self._tasks(task) if one.serves and one.release}
        # A release without this task is served by its absence, once it has been brought.
        return serving | ({self._without[task]} if task in self._without else set())

    def start(self, task: str, release_id: str) -> None:
        release = self._kept(release_id)
        self._without.pop(task, None)
        if task not in release.tasks:
            self._without[task] = release_id
            return
        self._seen[task] = {one.id for one in self._tasks(task)}
        self._deploy(stackfile.part(release.stack, [task]))
        with suppress(Missing):
            if paused(self._api.get(f"/services/{self._name(task)}")):
                # An update that was given up in the middle is not gone on with because the same is asked for again.
                self._connection.run("service", "update", "--detach", "--quiet", "--force", self._name(task))

    def gate(self, task: str, release_id: str) -> None:
        if task in self._without:
            return
        seen = self._seen.get(task, set())
        began = time.monotonic()
        while True:
            service = self._api.get(f"/services/{self._name(task)}")
            found = self._tasks(task)
            ready = [one for one in found if one.serves and one.release == release_id]
            others = [one for one in found if one.wanted and one.release != release_id]
            wanted = replicas(service)
            if len(ready) >= wanted and not others:
                return
            self._give_up(task, release_id, service, seen)
            if time.monotonic() - began > self._gate_seconds * max(1, wanted):
                waiting = [one for one in found if one.wanted and not one.serves]
                states = ", ".join(sorted({one.state for one in waiting})) or "no task"
                raise RolloutError(
                    f"{len(ready)} of {wanted} tasks of {task} run release {release_id} after "
                    f"{time.monotonic() - began:.0f} s: {why(waiting, nodes(self._api)) or states}",
                    hint=f"./ecluse logs {self._environment.name} --of {task}",
                )
            time.sleep(0.1)

    def switch(self, task: str, release_id: str) -> None:
        """The swarm has named the tasks to the front. Here that is seen, through the front door."""
        if task != self._web(release_id):
            return
        health.gate(self._ask, release_id, ended=lambda: None, timeout=60)

    def drain(self, task: str, release_id: str | None) -> None:
        if release_id is None or task in self._without:
            self._remove([task])

    def watch(self, release_id: str, duration: float) -> None:
        release = self._kept(release_id)
        began = seconds(self._api.get("/info")["SystemTime"])
        # What had failed before has nothing to say about how it does now.
        known = {one.id: one.state for task in release.tasks for one in self._tasks(task)}

        def trouble() -> str | None:
            for task in release.tasks:
                found = [one for one in self._tasks(task) if one.release == release_id]
                broken = [one for one in found if failed(one) and known.get(one.id) != one.state]
                if broken or any(one.id not in known for one in found):
                    return f"tasks of {task} ended and were started again: {why(broken, nodes(self._api))}"
            errors = self._errors(began)
            return f"{len(errors)} errors, as {errors[-1]}" if len(errors) > MOST_ERRORS else None

        health.watch(self._ask, release_id, duration, trouble=trouble, interval=0.5)

    def healthy(self, release_id: str) -> bool:
        release = self.releases.get(release_id)
        if release is None:
            return False
        for task in release.tasks:
            try:
                wanted = replicas(self._api.get(f"/services/{self._name(task)}"))
            except Missing:
                return False
            found = [one for one in self._tasks(task) if one.wanted]
            if len([one for one in found if one.serves and one.release == release_id]) < wanted:
                return False
            if any(one.release != release_id for one in found):
                return False
        return self._ask().good(release_id)

    def prune(self, keep: Collection[str]) -> None:
        left = self.releases.prune(keep)
        serving = next((one for one in left if one.id in self.serving(self._web(one.id))), None)
        if serving is not None:
            with suppress(CommandError):
                self._files(serving, "serve", *(one.id for one in left))
        self.objects.prune({name for release in left for name in release.uses()})

    # What the commands ask

    @property
    def url(self) -> str:
        return self._environment.url

    def newest(self) -> str:
        """The id of the release that the checked-out commit is, with the configuration as it is now."""
        return self._remember(self._builder.of_commit(source_of(self._top).commit))

    def find(self, name: str) -> str:
        """The id of the release *name*: a kept one or the only one that begins so, a digest, or a whole commit."""
        kept = [release.id for release in self.releases.all() if release.id.startswith(name)]
        if name in kept or (name and len(kept) == 1):
            return name if name in kept else kept[0]
        if len(kept) > 1:
            raise ReleaseError(f"{name} is the beginning of several: {', '.join(kept)}")
        if len(name) == 40 and not set(name) - set("0123456789abcdef"):
            return self._remember(self._builder.of_commit(name))
        return self._remember(self._builder.of_digest(name))

    def kept(self, release_id: str) -> bool:
        """Whether the release can be gone back to."""
        return self.releases.get(release_id) is not None

    def commit(self, release_id: str) -> str | None:
        """The commit that the release was made of."""
        release = self._drafts[release_id].release if release_id in self._drafts else self.releases.get(release_id)
        return release.commit if release else None

    def ledger(self) -> Ledger:
        return SwarmLedger(self.objects)

    @contextmanager
    def held(self, *, who: str, host: str, what: str, commit: str | None = None) -> Iterator[Ledger]:
        """Hold the environment's lock; yields the ledger to write to."""
        with self.lock.held(who=who, host=host, what=what, commit=commit) as check:
            yield SwarmLedger(self.objects, check)

    def holder(self) -> Holder | None:
        return self.lock.holder()

    def unlock(self) -> None:
        self.lock.remove()

    def maintenance(self) -> Maintenance | None:
        kept = self.objects.get(_MAINTENANCE)
        return None if kept is None or kept.data is None else Maintenance.from_json(json.loads(kept.data))

    def maintain(self, wanted: Maintenance | None) -> None:
        """A file on the volume of the front server, which looks for it at each request; on each node that has one."""
        serving = next((one for task in self.tasks() for one in self.serving(task)), None)
        if serving is None:
            raise TargetError(f"{self._environment.name} serves nothing that could be closed")
        if wanted is None:
            self._files(self._kept(serving), "open", name=_MAINTENANCE)
            if self.objects.get(_MAINTENANCE) is not None:
                self.objects.delete(f"{self.stack}_{_MAINTENANCE}")
            return
        with suppress(Conflict):
            self.objects.create(_MAINTENANCE, _MAINTENANCE, json.dumps(wanted.as_json()).encode())
        self._files(self._kept(serving), "close", name=_MAINTENANCE)

    def stop(self) -> None:
        """End all services. Volumes, releases, secrets and history stay."""
        services = [name.removeprefix(f"{self.stack}_") for name in self._services()]
        serving = [task for task in self.tasks() if task in services]
        self._remove(serving)
        self._remove([name for name in services if name not in serving])

    def processes(self) -> list[dict[str, object]]:
        """The tasks that are meant to run, as the managers know them."""
        known = nodes(self._api)
        return [
            {
                "task": f"{task}.{one.slot or one.node[:6]}",
                "release": one.release,
                "state": one.state,
                "node": known[one.node]["Description"]["Hostname"] if one.node in known else None,
                "seconds": max(0, round(time.time() - one.since_epoch)),
                "ready": one.serves,
                "error": one.error,
            }
            for task in self.tasks()
            for one in self._tasks(task)
            if one.wanted
        ]

    def logs(self, what: str, lines: int, follow: bool) -> int:
        """Print what containers printed, on whatever node they are. Returns docker's exit code."""
        if self._name(what) not in self._services():
            known = ", ".join(name.removeprefix(f"{self.stack}_") for name in self._services())
            raise TargetError(f"no service {what!r} runs in {self._environment.name}", hint=f"there are: {known}")
        options = ("--follow",) if follow else ()
        return self._connection.attached("service", "logs", "--raw", "--tail", str(lines), *options, self._name(what))

    def exec(self, what: str, command: Sequence[str], *, terminal: bool) -> int:
        """Run *command* in a container of *what* on the engine we are connected to. Returns its exit code."""
        here = self._api.get("/info")["Swarm"]["NodeID"]
        found = [one for one in self._tasks(what) if one.serves and one.container]
        for one in found:
            if one.node == here and one.container:
                options = ("--interactive", "--tty") if terminal else ("--interactive",)
                return self._connection.attached("exec", *options, one.container, *command)
        where = {nodes(self._api)[one.node]["Description"]["Hostname"] for one in found}
        raise TargetError(
            f"no task of {what} runs on {self._connection.name}",
            hint=f"they run on {', '.join(sorted(where))}: DOCKER_HOST=ssh://… of one of them" if where else None,
        )

    def front(self) -> None:
        """Set the front server up, or change it to what the stack file says now: the one thing that a rollout leaves
        alone.
        """
        draft = self._drafts[self.newest()]
        self._label(draft.content)
        names = [name for name, role in self._roles(draft).items() if role == stackfile.FRONT]
        if not names:
            raise DefinitionError("the stack file has no service front", where=self._environment.stack)
        self._put(draft, names)
        for name in names:
            self._up(name)

    # Its parts

    def _remember(self, draft: Draft) -> str:
        self._drafts[draft.release.id] = draft
        return draft.release.id

    def _kept(self, release_id: str) -> Release:
        release = self.releases.get(release_id)
        if release is None and release_id in self._drafts:
            release = self._drafts[release_id].release
        if release is None:
            raise ReleaseError(f"release {release_id} is not kept any more", where=self._environment.name)
        return release

    def _prepared(self, release_id: str) -> Release:
        """The release, with its files and secrets in the engine."""
        draft = self._drafts.get(release_id)
        if draft is not None:
            self._make(draft.objects)
            return draft.release
        return self._kept(release_id)

    def _make(self, objects: Mapping[Any, bytes]) -> None:
        for (store, name), data in objects.items():
            self.objects.ensure(name, data, store)

    def _roles(self, draft: Draft) -> dict[str, str]:
        return stackfile.roles(draft.content, draft.release.image)

    def _furnish(self, release_id: str) -> None:
        """What is no release and must be there before one: databases, brokers, the front. What is there is left
        alone.
        """
        draft = self._drafts.get(release_id)
        if draft is None:
            return
        self._label(draft.content)
        there = self._services()
        roles = self._roles(draft)
        names = [name for name, role in roles.items() if role in ("state", stackfile.FRONT)]
        missing = [name for name in names if self._name(name) not in there]
        if missing:
            self._say(f"setting up {', '.join(missing)}")
            self._put(draft, missing)

    def _put(self, draft: Draft, names: Sequence[str]) -> None:
        part, objects = self._builder.settled(stackfile.part(draft.content, names))
        self._make(objects)
        self._deploy(part)

    def _label(self, content: Mapping[str, Any]) -> None:
        """See to it that each service has a node that it may run on. Where there is one node there is no choice."""
        known = nodes(self._api)
        for name, service in content["services"].items():
            for constraint in ((service.get("deploy") or {}).get("placement") or {}).get("constraints") or ():
                label, _, value = constraint.removeprefix("node.labels.").partition("==")
                label, value = label.strip(), value.strip()
                if not constraint.startswith("node.labels.") or any(
                    (one["Spec"].get("Labels") or {}).get(label) == value for one in known.values()
                ):
                    continue
                if len(known) > 1:
                    raise TargetError(
                        f"no node has the label that {name} asks for: {label}={value}",
                        where=self._environment.stack,
                        hint=f"choose one: docker node update --label-add {label}={value} NODE",
                    )
                (one,) = known.values()
                self._say(f"labelling the only node {label}={value}")
                spec = {**one["Spec"], "Labels": {**(one["Spec"].get("Labels") or {}), label: value}}
                self._api.post(f"/nodes/{one['ID']}/update", spec, version=one["Version"]["Index"])
                known = nodes(self._api)

    def _files(
        self, release: Release, command: str, *kept: str, everywhere: bool = False, name: str = "files"
    ) -> list[str]:
        """Bring the release's image, and its static files for the front server, to the nodes."""
        names = stackfile.roles(release.stack, release.image)
        static = next((name for name, role in names.items() if role == stackfile.STATIC), None)
        if static is None:
            template, argv, configs = release.tasks[0], ["true"], {}
        else:
            script = self.objects.ensure("static.py", _script("ecluse.deploy.targets.swarm", "static.py"), "configs")
            argv = ["python", f"{_FILES}/static.py", command, release.id, _SOURCE, _VOLUME, *kept]
            template, configs = static, {f"{_FILES}/static.py": script}
        content = stackfile.job(
            release.stack, template, name=name, command=argv, everywhere=True, configs=configs, volumes=bool(static)
        )
        try:
            return jobs.run(self._api, self._name(name), lambda: self._deploy(content), timeout=STAGE_SECONDS)
        except CommandError as error:
            raise TargetError(
                f"the images or static files of release {release.id} cannot be had everywhere: {error.what}",
                hint="can that node reach the registry, and has it room?",
            ) from None

    def _inside(self, release_id: str, *arguments: str, timeout: float, until: str | None = None) -> list[str]:
        """Run migrations.py once, in a container of the release. Returns the lines it printed."""
        release = self._kept(release_id)
        names = stackfile.roles(release.stack, release.image)
        template = next((name for name, role in names.items() if role == stackfile.MIGRATE), self._web(release_id))
        script = self.objects.ensure("migrations.py", _script("ecluse.deploy", "migrations.py"), "configs")
        path = f"{_FILES}/migrations.py"
        content = stackfile.job(
            release.stack,
            template,
            name=arguments[0],
            command=["ecluse", "wait", "DATABASE_URL", "--", "python", path, *arguments],
            configs={path: script},
        )
        name = self._name(arguments[0])
        return jobs.run(self._api, name, lambda: self._deploy(content), timeout=timeout, until=until)

    def _deploy(self, content: Mapping[str, Any]) -> None:
        """Let the swarm have *content*. What is not in it is left alone."""
        self._connection.run(
            *("stack", "deploy", "--compose-file", "-", "--detach=true", "--with-registry-auth"),
            *("--resolve-image", "never", self.stack),
            input=json.dumps(stackfile.escaped(content)),
        )

    def _remove(self, names: Sequence[str]) -> None:
        left = [one for name in names for one in self._tasks(name) if one.state in ("starting", "running")]
        for name in names:
            self._api.delete(f"/services/{self._name(name)}")
        began = time.monotonic()
        while left and time.monotonic() - began < self._gate_seconds:
            found = self._api.get("/tasks", filters={"id": [one.id for one in left]})
            left = [one for one in left if one.id in {task["ID"] for task in found if _runs(task)}]
            time.sleep(0.2 if left else 0)

    def _up(self, name: str) -> None:
        """Return once the service runs as it is meant to."""
        began = time.monotonic()
        while True:
            service = self._api.get(f"/services/{self._name(name)}")
            found = self._tasks(name)
            changed = (service.get("UpdateStatus") or {}).get("State") == "updating"
            if not changed and len([one for one in found if one.serves]) >= replicas(service):
                return
            if time.monotonic() - began > self._gate_seconds:
                waiting = [one for one in found if not one.serves]
                raise TargetError(f"{name} does not run: {why(waiting, nodes(self._api))}")
            time.sleep(0.2)

    def _give_up(self, task: str, release_id: str, service: Mapping[str, Any], seen: Collection[str]) -> None:
        """Raise where waiting for *task* is of no use. Tasks in *seen* say nothing about that."""

        def tasks(over: Callable[[Task], bool]) -> list[Task]:
            ours = [one for one in self._tasks(task) if one.release == release_id and one.id not in seen]
            return [one for one in ours if over(one)]

        found = tasks(failed)
        said = rolled_back(service, release_id)
        if not found and said is None:
            return
        began = time.monotonic()
        # The swarm gives an update up a moment before it says what became of the task, which may have ended in good
        # order once it was told to.
        while not found and time.monotonic() - began < _HINDSIGHT:
            time.sleep(0.2)
            found = tasks(ended)
        lines = logs(self._api, f"/tasks/{found[-1].id}", tail=15) if found else []
        # Told to end because its health check failed, it has ended well: there is no error then.
        reason = why(found, nodes(self._api)) or f"its health check did not succeed ({said})"
        raise RolloutError(
            "\n".join([f"{task} of release {release_id} does not start: {reason}", *(f"  {one}" for one in lines)]),
            hint=f"./ecluse logs {self._environment.name} --of {task}",
        )

    def _errors(self, since: float) -> list[str]:
        """What the front server answered with an error of the site since then."""
        found = []
        for line in logs(self._api, f"/services/{self._name(stackfile.FRONT)}", since=since):
            with suppress(ValueError, TypeError, KeyError):
                answer = json.loads(line)
                if answer["status"] >= 500 and answer["status"] != 503:
                    found.append(f"{answer['status']} to {answer['method']} {answer['uri']}")
        return found

    def _ask(self) -> health.Answer:
        return health.ask_at(self._door, self._environment.url)

    def _web(self, release_id: str) -> str:
        release = self._kept(release_id)
        names = stackfile.roles(release.stack, release.image)
        return next(name for name in release.tasks if names[name] == stackfile.WEB)

    def _name(self, service: str) -> str:
        return f"{self.stack}_{service}"

    def _tasks(self, service: str) -> list[Task]:
        return tasks_of(self._api, self._name(service))

    def _services(self) -> set[str]:
        found = self._api.get("/services", filters={"label": [f"com.docker.stack.namespace={self.stack}"]})
        return {one["Spec"]["Name"] for one in found}


@contextmanager
def opened(
    pipeline: Pipeline,
    environment: Environment,
    top: Path,
    environ: Mapping[str, str],
    say: Callable[[str], None] = lambda line: None,
) -> Iterator[Swarm]:
    """The swarm of *environment*. Raises TargetError where none answers there."""
    spec = pipeline.image
    if spec is None:
        raise DefinitionError("a swarm runs images", where="pipeline.py", hint="give it image=ImageSpec(...)")
    address: RegistryAddress | None = None
    with suppress(ImageError):  # going back, and looking, need none
        address = registry_of(environ)

    def registry() -> Registry:
        return Registry(address or registry_of(environ), accounts.from_docker)

    with connect(environ, environment.name, address) as connection:
        swarm = Swarm(
            connection,
            environment,
            f"{pipeline.name}-{environment.name}",
            lambda objects: Builder(connection, objects, environment, spec, top, environ, registry),
            top,
            environ,
            say=say,
        )
        swarm.check()
        yield swarm


def _script(package: str, name: str) -> bytes:
    return resources.files(package).joinpath(name).read_bytes()


def _runs(task: Mapping[str, Any]) -> bool:
    return task["Status"]["State"] in ("starting", "running")
