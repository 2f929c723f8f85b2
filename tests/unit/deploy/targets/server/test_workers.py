from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ecluse.definition.model import Environment, Worker
from ecluse.deploy.targets.server.configuration import KEY, Configuration
from ecluse.deploy.targets.server.daemon import Daemon
from ecluse.deploy.targets.server.operations import ServerOperations
from ecluse.deploy.targets.server.place import Place
from ecluse.deploy.targets.server.release import ServerRelease
from ecluse.deploy.targets.server.workers import Workers, WorkerTask
from ecluse.errors import RolloutError
from ecluse.machine import durable
from ecluse.services.account import Account

ME = Account("me", 0, 0, switch=False)
TASKS = Worker(name="tasks", command=("celery", "worker", "--hostname", "tasks{slot}@%h"), sign="alive")
BEAT = Worker(name="beat", command=("celery", "beat"), alone=True)


class Supervisor:
    """Runs what it is told to, at once, and forgets what it is told to end."""

    def __init__(self, known: set[str]) -> None:
        self.known, self.running, self.log = known, dict[str, int](), list[str]()
        self.most: dict[str, int] = {}

    def alive(self) -> bool:
        return True

    def states(self) -> Mapping[str, Mapping[str, Any]]:
        return {
            name: {"statename": "RUNNING" if name in self.running else "STOPPED", "start": self.running.get(name, 0)}
            for name in self.known
        }

    def start(self, name: str) -> None:
        self.log.append(f"start {name}")
        self.running[name] = len(self.log)
        group = name.partition(":")[0]
        now = sum(one.partition(":")[0] == group for one in self.running)
        self.most[group] = max(now, self.most.get(group, 0))

    def add(self, name: str) -> None:
        self.log.append(f"add {name}")
        self.known |= {f"{name}:1", f"{name}:2"}

    def stop(self, name: str) -> None:
        if self.running.pop(name, None):
            self.log.append(f"stop {name}")


@pytest.fixture
def supervisor() -> Supervisor:
    return Supervisor({"tasks:1", "tasks:2", "beat:1", "beat:2"})


@pytest.fixture
def workers(tmp_path: Path, supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch) -> Workers:
    environment = Environment(
        name="staging",
        target="server",
        settings="settings",
        url="http://127.0.0.1",
        env={"DATABASE_URL": "postgres://x@y/z"},
        workers=(TASKS, BEAT),
    )
    place = Place(tmp_path, environment, {})
    place.slots.mkdir()
    monkeypatch.setattr(Place, "account", lambda self: ME)
    daemon = Daemon(place, print)
    daemon.holder.reserve(ME)
    (daemon.holder.folder / "lock").touch()  # the site has been rolled out before
    monkeypatch.setattr(daemon, "client", supervisor)
    return Workers(place, daemon, gate_seconds=0.2)


def task(workers: Workers, name: str) -> WorkerTask:
    return next(one for one in workers.tasks() if one.name == name)


def release(workers: Workers, name: str) -> ServerRelease:
    return configured(workers, name, TASKS, BEAT)


def configured(workers: Workers, name: str, *has: Worker) -> ServerRelease:
    """The release *name*, which has these workers."""
    place = workers._daemon.place
    configuration = Configuration("s", place.environment.env, {KEY: "k"}, has, ("/readiness/",))
    return ServerRelease(name, None, "shop.wsgi", (), place.releases / name, configuration)


def bring(workers: Workers, name: str, id: str) -> None:
    """Bring *release* into a worker's task, as a rollout does."""
    found, new = task(workers, name), release(workers, id)
    found.start(new)
    for slot in found._slots:
        if slot.release == id:
            (slot.folder / "alive").touch()
    found.gate(new)
    found.switch(new)
    found.drain(new)


def test_overlapping_workers_start_before_web_and_others_after(workers: Workers) -> None:
    web: Any = SimpleNamespace(name="web")
    operations = ServerOperations(workers._place, workers._daemon, None, web, workers)  # type: ignore[arg-type]
    assert [one.name for one in operations.tasks()] == ["tasks", "web", "beat"]


def test_new_worker_starts_beside_the_old_one_which_then_ends(workers: Workers, supervisor: Supervisor) -> None:
    bring(workers, "tasks", "one")
    bring(workers, "tasks", "two")
    assert supervisor.log == ["start tasks:1", "start tasks:2", "stop tasks:1"]
    assert task(workers, "tasks").serving() == {"two"}


def test_single_worker_never_runs_twice_at_once(workers: Workers, supervisor: Supervisor) -> None:
    for id in ("one", "two", "three", "one"):
        bring(workers, "beat", id)
        assert task(workers, "beat").serving() == {id}
    assert supervisor.most["beat"] == 1


def test_running_worker_is_not_started_again(workers: Workers, supervisor: Supervisor) -> None:
    bring(workers, "tasks", "one")
    bring(workers, "tasks", "one")
    assert supervisor.log == ["start tasks:1"]


def test_unready_worker_fails_the_gate(workers: Workers) -> None:
    task(workers, "tasks").start(release(workers, "one"))
    with pytest.raises(RolloutError, match="tasks of release one: not ready within 0.2 s"):
        task(workers, "tasks").gate(release(workers, "one"))


def test_ended_worker_fails_the_gate_at_once(workers: Workers, supervisor: Supervisor, monkeypatch: Any) -> None:
    task(workers, "tasks").start(release(workers, "one"))
    states = {"tasks:1": {"statename": "BACKOFF", "start": 1}}
    monkeypatch.setattr(supervisor, "states", lambda: states)
    with pytest.raises(RolloutError, match="its process ended"):
        task(workers, "tasks").gate(release(workers, "one"))


def test_unfinished_worker_makes_room_for_the_next_release(workers: Workers, supervisor: Supervisor) -> None:
    bring(workers, "tasks", "one")
    task(workers, "tasks").start(release(workers, "two"))  # and then the deployer was killed
    bring(workers, "tasks", "three")
    assert task(workers, "tasks").serving() == {"three"}
    assert supervisor.log[-2:] == ["start tasks:2", "stop tasks:1"]


def test_supervisor_learns_a_worker_while_it_runs(workers: Workers, supervisor: Supervisor) -> None:
    supervisor.known = set()
    durable.write_json(workers._place.folder / "address.json", {"host": "127.0.0.1", "port": 8000})
    workers._place.programs.mkdir()
    bring(workers, "tasks", "one")
    assert supervisor.log == ["add tasks", "start tasks:1"]
    assert "[program:tasks]" in (workers._place.folder / "supervisord.conf").read_text()


def test_worker_that_a_release_does_not_have_is_ended(workers: Workers, supervisor: Supervisor) -> None:
    bring(workers, "tasks", "one")
    bring(workers, "beat", "one")
    without = configured(workers, "two", BEAT)
    assert not task(workers, "tasks").part_of(without)
    bring(workers, "beat", "two")
    assert not workers.healthy(without), "a worker of the release before still runs"
    task(workers, "tasks").drain(None)
    assert workers.healthy(without)


def test_worker_of_an_older_pipeline_is_known_by_its_slots(workers: Workers) -> None:
    (workers._place.slots / "mailer" / "1").mkdir(parents=True)
    assert [one.name for one in workers.tasks()] == ["tasks", "beat", "mailer"]


def test_workers_are_healthy_with_one_of_each_kind(workers: Workers) -> None:
    assert not workers.healthy(release(workers, "one"))
    bring(workers, "tasks", "one")
    assert not workers.healthy(release(workers, "one"))
    bring(workers, "beat", "one")
    assert workers.healthy(release(workers, "one")) and not workers.healthy(release(workers, "two"))


def test_stop_leaves_no_worker(workers: Workers, supervisor: Supervisor) -> None:
    bring(workers, "tasks", "one")
    task(workers, "tasks").drain(None)
    assert supervisor.running == {}
    assert task(workers, "tasks").serving() == set()


def test_worker_has_programs_of_its_release_and_its_own_tmpdir(workers: Workers) -> None:
    task(workers, "tasks").start(release(workers, "one"))
    [slot] = [slot for slot in task(workers, "tasks")._slots if slot.release]
    description = durable.read_json(slot.folder / "slot.json")
    assert description is not None
    assert description["argv"][0].endswith("/releases/one/venv/bin/celery")
    assert description["argv"][-1] == f"tasks{slot.number}@%h"
    assert description["environment"]["TMPDIR"] == str(slot.folder)
