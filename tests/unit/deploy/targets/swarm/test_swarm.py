"""The target, rolled out to by the state machine itself, on a swarm in memory: a real one is in tests/integration."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from ecluse.definition.model import Environment, ImageSpec, Setup, Watch, Worker
from ecluse.deploy import health
from ecluse.deploy.contract import Preflight, Target
from ecluse.deploy.health import Readiness
from ecluse.deploy.history import Record
from ecluse.deploy.maintenance import Maintenance
from ecluse.deploy.rollout import Request, roll_out
from ecluse.deploy.targets import swarm
from ecluse.deploy.targets.swarm import canary, catalogue, one_off_jobs, operations, parts, resolve, stack_services
from ecluse.deploy.targets.swarm.objects import Objects
from ecluse.deploy.targets.swarm.release import SwarmRelease, SwarmReleases
from ecluse.deploy.targets.swarm.resolve import Resolver
from ecluse.deploy.targets.swarm.stack_services import GONE
from ecluse.errors import DefinitionError, ImageError, PreflightError, ReleaseError, RolloutError, TargetError
from ecluse.image.registry import Manifest
from ecluse.image.source import SourceCommit
from tests.support.doubles.images import KIND, MemoryRegistry
from tests.support.doubles.orchestrator import Orchestrator, Way

STACK = """
services:
  web:
    image: ${ECLUSE_IMAGE}
    environment: {ECLUSE_RELEASE: "${ECLUSE_RELEASE}", PRICE: "$5"}
    secrets: [{source: key, target: key}]
    deploy: {replicas: 2, update_config: {order: start-first}}
  worker:
    image: ${ECLUSE_IMAGE}
    deploy: {replicas: 1, update_config: {order: start-first}}
  beat:
    image: ${ECLUSE_IMAGE}
    deploy: {replicas: 1, update_config: {order: stop-first}}
  migrate:
    image: ${ECLUSE_IMAGE}
    deploy: {replicas: 0}
  static:
    image: ${ECLUSE_IMAGE}
    volumes: [{type: volume, source: static, target: /srv/static}]
    deploy: {replicas: 0}
  front:
    image: ${ECLUSE_FRONT_IMAGE}
    configs: [{source: site, target: /etc/site.conf}]
  db:
    image: postgres:18
    deploy: {placement: {constraints: [node.labels.ecluse.state == true]}}
volumes:
  static: {}
configs:
  site: {file: SITE_CONF}
secrets:
  key: {file: "${ECLUSE_SECRETS}/key"}
"""

_read_once = cache(resolve._read)
"""A stack file as it is read: most tests read the same two files."""

SPEC = ImageSpec(published={"front": "shop-front", "app": "shop"}, tests="tests")


class World:
    """A repository at a commit, a registry that has its images, and a swarm of one node."""

    def __init__(self, top: Path, *nodes: str) -> None:
        self.top, self.registry, self.orchestrator = top, MemoryRegistry(), Orchestrator(*nodes)
        self.way = Way(self.orchestrator)
        self.environ = {"ECLUSE_SECRETS": str(top / "secrets")}
        self.said: list[str] = []
        self.replicas: dict[str, int] = {}
        self.limits = Watch(canary_seconds=0)
        self.commit = "0" * 40
        (top / "secrets").mkdir()
        (top / "secrets" / "key").write_text("a secret of the site\n")
        (top / "site.conf").write_text("server {}\n")
        self.file(STACK)
        self.build("1" * 40)

    def file(self, text: str) -> None:
        (self.top / "docker-compose.live.yml").write_text(text.replace("SITE_CONF", str(self.top / "site.conf")))

    def build(self, commit: str) -> None:
        """Commit, and push the images of the commit."""
        self.commit = commit
        for name in SPEC.published.values():
            manifest = Manifest(KIND, f"{name} of {commit}".encode())
            for reference in (f"staging-{commit}", manifest.digest):
                self.registry.content[name, reference] = manifest

    def digest(self, commit: str) -> str:
        return self.registry.content["shop", f"staging-{commit}"].digest

    def environment(self) -> Environment:
        return Environment(
            name="staging",
            target="swarm",
            settings="s",
            url="https://shop.example",
            secrets=("KEY",),
            replicas=self.replicas,
            watch=self.limits,
        )

    def target(self) -> Target[SwarmRelease]:
        """The target, as a command opens it."""
        way: Any = self.way
        registry: Any = self.registry
        environment = self.environment()

        def resolver(objects: Any) -> Resolver:
            return Resolver(way, objects, environment, SPEC, self.top, self.environ, lambda: registry)

        return parts.target(way, environment, "shop-staging", resolver, self.top, self.said.append)

    def find(self, name: str) -> str:
        return self.target().catalogue.find(name).id

    def watch(self, release: str, seconds: float = 0, **limits: Any) -> None:
        operations = self.target().operations
        operations.watch(operations.release(release), Watch(seconds=seconds, **limits))

    def deploy(self, name: str | None = None) -> Record | None:
        """Deploy to staging, as ``ecluse deploy staging`` does."""
        target = self.target()
        release = target.catalogue.find(name) if name else target.catalogue.newest()
        with target.records.held(who="ada", host="here", what=f"deploy of {release.id}") as ledger:
            request = Request(release=release, kind="deploy", by="ada@here", watch=Watch(seconds=0))
            return roll_out(target.operations, ledger, request)

    def scale(self, **wanted: int | None) -> Sequence[str]:
        return self.target().controls.scale(wanted)

    def look(self) -> Preflight | None:
        """The findings of ``ecluse plan deploy staging``."""
        operations, catalogue = self.target().operations, self.target().catalogue
        return operations.look(catalogue.newest(), None)

    def serving(self) -> set[str | None]:
        return self.orchestrator.serving("shop-staging_web")


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    made = World(tmp_path)
    monkeypatch.setattr(catalogue, "source_of", lambda top: SourceCommit(made.commit, 1_760_000_000, clean=True))
    monkeypatch.setattr(
        health, "ask_at", lambda door, url, path: made.orchestrator.door("shop-staging_web"), raising=True
    )
    # How often a gate asks, and how long it waits in between, is tested where it belongs.
    monkeypatch.setattr(health, "TIMES", 1)
    monkeypatch.setattr(stack_services, "_STEADY", 0)
    monkeypatch.setattr(one_off_jobs, "_LOOK", 0)
    for module, name in ((one_off_jobs, "_ASK"), (canary, "_LOOK"), (operations, "_LOOK")):
        monkeypatch.setattr(module, name, 0.001)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    monkeypatch.setattr(resolve, "_read", lambda text: deepcopy(_read_once(text)))
    return made


@pytest.fixture
def first(world: World) -> str:
    """The release that serves, of the first commit."""
    record = world.deploy()
    assert record is not None and record.outcome == "succeeded"
    world.said.clear()
    world.orchestrator.deployed.clear()
    world.orchestrator.done.clear()
    return record.release


def pending(name: str, sql: str = "") -> dict[str, object]:
    """A migration as a release reports it."""
    return {"name": name, "database": "default", "sql": sql, "unsafe": [], "locks": [], "notes": [], "one_way": []}


def test_first_rollout_sets_up_infrastructure_before_the_release(world: World) -> None:
    world.orchestrator.found["pending"] = [pending("shop.0001_initial", "CREATE TABLE")]
    record = world.deploy()
    assert record is not None
    assert world.orchestrator.deployed == ["front", "db", "worker", "web", "beat"]
    assert [name for name, _command in world.orchestrator.done] == ["files", "preflight", "migrate", "files"]
    assert world.said == ["labelling the only node ecluse.state=true", "setting up front, db"]
    assert world.serving() == {record.release}
    assert record.release.startswith(world.digest(world.commit).removeprefix("sha256:")[:12])
    assert (record.migrations, record.outcome) == (("shop.0001_initial",), "succeeded")


def test_next_rollout_leaves_infrastructure_and_keeps_the_old(world: World, first: str) -> None:
    world.build("2" * 40)
    record = world.deploy()
    assert record is not None and record.previous == first
    assert world.orchestrator.deployed == ["worker", "web", "beat"]
    assert world.target().operations.release(first).id == first
    world.deploy(first)
    assert world.serving() == {first}


def test_changed_secret_makes_another_release_of_the_same_commit(world: World, first: str) -> None:
    assert world.deploy() is None, "it serves already"
    (world.top / "secrets" / "key").write_text("another secret\n")
    record = world.deploy()
    assert record is not None
    assert record.release.partition("-")[0] == first.partition("-")[0] and record.release != first


def test_unstartable_release_is_undone_and_its_output_is_shown(world: World, first: str) -> None:
    world.build("2" * 40)
    world.orchestrator.broken = lambda service, release: service == "web" and release != first
    world.orchestrator.printed["web"] = ["ImproperlyConfigured: no such setting"]
    with pytest.raises(RolloutError) as caught:
        world.deploy()
    said = str(caught.value)
    assert "one: task: non-zero exit (1)" in said and "ImproperlyConfigured: no such setting" in said
    assert f"{first} serves again" in said
    assert world.serving() == {first}
    assert world.orchestrator.serving("shop-staging_worker") == {first}


def test_next_command_removes_the_job_of_a_killed_deployer(world: World, first: str) -> None:
    left = {"services": {"files": {"image": "shop", "command": ["sleep"], "deploy": {"mode": "global-job"}}}}
    world.orchestrator.deploy("shop-staging", left)
    assert "shop-staging_files" in world.orchestrator.services
    world.deploy(first)
    assert "shop-staging_files" not in world.orchestrator.services
    assert world.orchestrator.serving("shop-staging_web") == {first}


def test_stuck_update_is_retried_when_its_node_is_down(world: World) -> None:
    world.deploy()
    swarm = world.orchestrator
    swarm.nodes["node-gone"] = {**swarm.nodes["node-one"], "ID": "node-gone", "Status": {"State": "down"}}
    swarm.stuck["shop-staging_web"] = ()
    world.build("2" * 40)
    record = world.deploy()
    assert record is not None and record.outcome == "succeeded"
    assert swarm.serving("shop-staging_web") == {record.release}
    assert GONE in swarm.services["shop-staging_web"]["Spec"]["Labels"] and swarm.stuck == {}


def test_service_that_starts_no_task_hints_at_its_node(
    world: World, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.build("2" * 40)
    world.orchestrator.idle.add("shop-staging_web")
    monkeypatch.setattr("time.monotonic", itertools.count().__next__)
    with pytest.raises(RolloutError, match="0 of 2 tasks of web run release .*: accepted, .* engine .*: a full disk?"):
        world.deploy()


def test_deploy_after_stop_starts_database_and_front_server(world: World, first: str) -> None:
    world.target().controls.stop()
    assert world.orchestrator.services == {}
    world.deploy(first)
    assert {"shop-staging_db", "shop-staging_front", "shop-staging_web"} <= set(world.orchestrator.services)


def test_failed_checks_refuse_the_release_before_it_serves(world: World, first: str) -> None:
    world.build("2" * 40)
    world.orchestrator.broken = lambda service, release: service == "preflight"
    world.orchestrator.printed["preflight"] = ["shop.E001: it does not add up"]
    with pytest.raises(PreflightError, match="(?s)the checks of release .* fail: .*shop.E001"):
        world.deploy()
    assert world.orchestrator.deployed == []


def test_a_migration_that_fails_is_reported_with_its_output(world: World, first: str) -> None:
    world.build("2" * 40)
    world.orchestrator.found["pending"] = [pending("shop.0002_x")]
    world.orchestrator.broken = lambda service, release: service == "migrate"
    world.orchestrator.printed["migrate"] = ["division by zero"]
    with pytest.raises(RolloutError, match="(?s)migrating to release .* failed: .*division by zero"):
        world.deploy()
    assert world.serving() == {first}


def test_unreachable_image_stops_the_rollout_before_it_begins(world: World, first: str) -> None:
    world.build("2" * 40)
    world.orchestrator.broken = lambda service, release: service == "files"
    with pytest.raises(TargetError, match="are not on every node") as caught:
        world.deploy()
    assert caught.value.hint == "can that node reach the registry, and has it room?"
    assert world.serving() == {first}


def runs(task: dict[str, Any]) -> bool:
    return bool(task["Status"]["State"] == "running")


def line(status: int, number: int, upstream: str = "10.0.0.1:8000") -> str:
    """A line of the front server's log."""
    found = {"status": status, "method": "GET", "uri": "/", "upstream": upstream, "request_id": str(number)}
    return json.dumps(found)


def test_errors_of_the_front_server_fail_the_watch(world: World, first: str) -> None:
    world.watch(first)
    world.orchestrator.printed["front"] = [*(line(500, number) for number in range(3)), "no json", line(503, 3)]
    world.watch(first)
    world.orchestrator.printed["front"].append(line(500, 4))
    with pytest.raises(RolloutError, match="4 errors, as 500 to GET /"):
        world.watch(first)
    world.watch(first, most_errors=4)
    world.watch(first, error_share=0.8)
    with pytest.raises(RolloutError, match="4 errors in 5 answers, as 500 to GET /"):
        world.watch(first, error_share=0.7)


def test_errors_of_a_new_task_undo_web_first(world: World, first: str, monkeypatch: pytest.MonkeyPatch) -> None:
    world.build("2" * 40)
    monkeypatch.setattr(stack_services, "_ASKED", 0)
    swarm = world.orchestrator
    swarm.halfway.add("shop-staging_web")
    swarm.printed["front"] = [line(500, number, "10.0.0.1:8000, 10.0.9.9:8000") for number in range(4)]
    with pytest.raises(RolloutError, match="web of release .* does not do well: 4 errors, as 500 to GET /"):
        world.deploy()
    assert swarm.deployed == ["worker", "web", "web", "worker", "beat"]
    assert swarm.orders["shop-staging_web"] == {"order": "stop-first", "parallelism": 0}, "errors end at once"
    assert swarm.orders["shop-staging_beat"] == {"order": "stop-first"}
    assert world.serving() == {first}


def shares(world: World) -> list[tuple[str, ...]]:
    """The shares that the front server was told to give to canaries."""
    return [command[6:] for name, command in world.orchestrator.done if name == "share"]


def test_canary_with_errors_ends_before_web_is_replaced(world: World, first: str) -> None:
    world.build("2" * 40)
    world.limits = Watch(canary_seconds=60, canary_share=0.1)
    world.orchestrator.printed["front"] = [line(500, number, "10.0.9.9:8000") for number in range(4)]
    with pytest.raises(RolloutError, match="the canary of release .* does not do well: 4 errors, as 500 to GET /"):
        world.deploy()
    assert world.orchestrator.deployed[:2] == ["worker", "web-canary"]
    assert shares(world) == [("0.1", "web-canary"), ("0",)]
    assert "shop-staging_web-canary" not in world.orchestrator.services and world.serving() == {first}


def test_release_that_has_served_needs_no_canary(world: World, first: str) -> None:
    world.build("2" * 40)
    world.limits = Watch(canary_seconds=0.001)
    assert (record := world.deploy()) is not None and record.outcome == "succeeded"
    assert world.said == ["the canary gave 0 answers, 0 of them errors"]
    assert shares(world) == [("0.05", "web-canary"), ("0",)]
    world.deploy(first)
    assert world.serving() == {first} and len(shares(world)) == 2


def test_canary_that_a_killed_deployer_left_is_ended(world: World, first: str) -> None:
    canary = {"image": "shop", "deploy": {"replicas": 1}}
    world.orchestrator.deploy("shop-staging", {"services": {"web-canary": canary}})
    world.build("2" * 40)
    world.deploy()
    assert shares(world) == [("0",)] and "shop-staging_web-canary" not in world.orchestrator.services


def test_web_of_one_task_has_no_canary_by_default(world: World, first: str) -> None:
    world.replicas = {"web": 1}
    world.limits = Watch()
    world.build("2" * 40)
    world.deploy()
    assert shares(world) == [] and "web-canary" not in world.orchestrator.deployed


def tasks_of_web(world: World) -> int:
    found = [one for one in world.orchestrator.tasks if one["ServiceName"] == "shop-staging_web"]
    return len([one for one in found if one["DesiredState"] == "running"])


def test_scaled_service_keeps_its_number_over_rollouts(world: World, first: str) -> None:
    lines = world.scale(web=4)
    assert lines[1:2] == [f"web has 4, given by ecluse scale; release {first} says 2"] and tasks_of_web(world) == 4
    assert world.target().controls.drift() == []
    world.build("2" * 40)
    world.deploy()
    assert tasks_of_web(world) == 4 and world.target().controls.drift() == []
    world.deploy(first)
    assert tasks_of_web(world) == 4, "a rollback does not bring back the number"
    assert world.scale(web=None)[1] == "web has 2" and tasks_of_web(world) == 2


def test_number_changed_by_hand_is_drift_from_the_scaled_one(world: World, first: str) -> None:
    world.scale(web=3)
    world.orchestrator.services["shop-staging_web"]["Spec"]["Mode"] = {"Replicated": {"Replicas": 5}}
    assert world.target().controls.drift() == ["web has 5 tasks, changed by hand from 3"]


@pytest.mark.parametrize(
    ("name", "count", "reason"),
    [
        ("db", 2, "db is no service of release .*"),
        ("beat", 2, "beat never runs twice"),
        ("web", 0, "web cannot have 0 tasks"),
    ],
)
def test_scale_refuses_impossible_number_of_tasks(world: World, first: str, name: str, count: int, reason: str) -> None:
    with pytest.raises(TargetError, match=reason):
        world.scale(worker=2, **{name: count})
    assert not any("given by" in line for line in world.scale()), "nothing was changed before"


def test_scale_takes_a_number_back_whose_tasks_do_not_run(world: World, first: str) -> None:
    world.orchestrator.broken = lambda service, release: service == "web"
    with pytest.raises(RolloutError, match="web of release .* does not start"):
        world.scale(web=4)
    world.orchestrator.broken = lambda service, release: False
    assert world.scale()[1] == "web has 2"


def test_last_output_of_a_job_is_kept(world: World, first: str, capsys: pytest.CaptureFixture[str]) -> None:
    world.build("2" * 40)
    world.orchestrator.printed["migrate"] = ["one", "two", "three"]
    world.deploy()
    controls = world.target().controls
    assert controls.logs("migrate", 2, follow=False) == 0
    assert capsys.readouterr().out == "two\nthree\n"
    with pytest.raises(TargetError) as caught:
        controls.logs("nothing", 2, follow=False)
    assert "migrate" in str(caught.value.hint)


def test_look_keeps_no_output(world: World, first: str) -> None:
    before = [one.name for one in Objects(world.orchestrator, "shop-staging").all("output")]
    world.orchestrator.printed["look"] = ["of a look"]
    world.look()
    assert [one.name for one in Objects(world.orchestrator, "shop-staging").all("output")] == before


def test_task_restart_fails_the_watch(world: World, first: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0

    def door(address: str, url: str, path: str) -> Readiness:
        nonlocal asked
        asked += 1
        if asked == 2:
            world.orchestrator.restart("shop-staging_worker")
        return Readiness(200, first)

    monkeypatch.setattr(health, "ask_at", door)
    with pytest.raises(RolloutError, match="tasks of worker ended and were started again: one: out of memory"):
        world.watch(first, 0.05)


def test_release_is_healthy_if_all_services_run_and_it_answers(
    world: World, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    operations = world.target().operations
    release = operations.release(first)
    assert operations.healthy(release)
    monkeypatch.setattr(health, "ask_at", lambda door, url, path: Readiness(503, first))
    assert not operations.healthy(release)
    monkeypatch.undo()
    world.orchestrator.delete("/services/shop-staging_beat")
    assert not operations.healthy(release)


class TestFind:
    def test_kept_release_is_found_by_a_unique_beginning(self, world: World, first: str) -> None:
        assert world.find(first) == world.find(first[:6]) == first
        world.environ["ECLUSE_SECRETS"] = ""
        (world.top / "site.conf").write_text("another one\n")
        again = world.deploy(world.digest(world.commit))
        assert again is None, "the front is no part of a release"

    def test_ambiguous_beginning_of_a_release_is_refused(self, world: World, first: str) -> None:
        (world.top / "secrets" / "key").write_text("another secret\n")
        world.deploy()
        with pytest.raises(ReleaseError, match=f"{first[:8]} is the beginning of several"):
            world.find(first[:8])

    def test_commit_or_digest_names_a_release(self, world: World, first: str) -> None:
        assert world.find("1" * 40) == first
        assert world.target().operations.release(first).commit == "1" * 40
        digest = world.digest("1" * 40)
        assert world.find(digest) == world.find(f"registry.example/team/shop@{digest}") == first

    @pytest.mark.parametrize(
        ("name", "said", "hint"),
        [
            ("staging-" + "1" * 40, "is neither a kept release nor a digest", "is what it names now"),
            ("latest", "is neither a kept release nor a digest", "--release sha256:…"),
            ("sha256:" + "0" * 64, "the registry has no registry.example/team/shop@sha256:0", None),
            (
                "other.example/x@sha256:" + "0" * 64,
                "other.example/x is not this environment's repository",
                "team/shop@",
            ),
        ],
    )
    def test_tag_that_may_move_is_refused_as_a_release(
        self, world: World, name: str, said: str, hint: str | None
    ) -> None:
        with pytest.raises(ReleaseError, match=said) as caught:
            world.find(name)
        assert (hint is None) == (caught.value.hint is None) and (hint or "") in (caught.value.hint or "")

    def test_a_commit_that_was_never_built_is_named(self, world: World) -> None:
        with pytest.raises(ImageError, match="never built: registry.example/team/shop-front:staging-3333"):
            world.find("3" * 40)


class TestStackFile:
    @pytest.mark.parametrize(
        ("change", "error", "said"),
        [
            (("web:", "site:"), TargetError, "no service of the release is web"),
            (("image: postgres:18", "image: postgres:18\n    restart: always"), TargetError, "services.db.restart"),
            (("services:", "sevices:"), DefinitionError, "a stack file has services"),
            (("services:", "services: {{"), DefinitionError, "this is no YAML"),
        ],
    )
    def test_invalid_stack_file_is_refused(
        self, world: World, change: tuple[str, str], error: type[Exception], said: str
    ) -> None:
        world.file(STACK.replace(*change, 1))
        with pytest.raises(error, match=said):
            world.target().catalogue.newest()

    def test_missing_stack_file_is_named(self, world: World) -> None:
        (world.top / "docker-compose.live.yml").unlink()
        with pytest.raises(DefinitionError, match="the stack file cannot be read: No such file") as caught:
            world.target().catalogue.newest()
        assert caught.value.where == "docker-compose.live.yml"

    def test_secret_without_value_is_named_first(self, world: World) -> None:
        world.environ["ECLUSE_SECRETS"] = ""
        with pytest.raises(TargetError, match="no value of these secrets, and none is given: key") as caught:
            world.target().catalogue.newest()
        assert caught.value.hint is not None and "ECLUSE_SECRETS=FOLDER" in caught.value.hint

    def test_a_secret_that_the_swarm_has_is_not_needed_again(self, world: World, first: str) -> None:
        world.environ["ECLUSE_SECRETS"] = ""
        assert world.target().catalogue.newest().id == first

    def test_secret_value_comes_from_the_environment_variable(self, world: World, first: str) -> None:
        world.environ["KEY"] = "given by the provider"
        assert world.target().catalogue.newest().id != first

    def test_dollar_signs_reach_the_containers_unchanged(self, world: World, first: str) -> None:
        (kept,) = SwarmReleases(Objects(world.orchestrator, "shop-staging")).all()
        assert kept.stack["services"]["web"]["environment"] == {"ECLUSE_RELEASE": first, "PRICE": "$5"}


class TestReplicas:
    """The number of tasks of a service is the environment's, and what somebody changes by hand is told."""

    def test_environment_says_how_many_tasks_a_service_has(self, world: World) -> None:
        world.replicas = {"web": 3}
        record = world.deploy()
        assert record is not None
        found = world.target().controls.processes()
        assert [one["task"] for one in found if str(one["task"]).startswith("web.")] == ["web.1", "web.2", "web.3"]
        assert world.target().controls.drift() == []

    def test_replicas_of_an_unknown_service_are_refused(self, world: World) -> None:
        world.replicas = {"webb": 3}
        with pytest.raises(DefinitionError, match="replicas names webb, which is no service") as caught:
            world.target().catalogue.newest()
        assert "beat, db, front, migrate, static, web, worker" in str(caught.value.hint)

    def test_change_by_hand_is_reported_and_reset(self, world: World, first: str) -> None:
        world.orchestrator.services["shop-staging_web"]["Spec"]["Mode"]["Replicated"]["Replicas"] = 5
        drift = ["web has 5 tasks, changed by hand from 2"]
        assert world.target().controls.drift() == drift
        world.build("2" * 40)
        world.deploy()
        assert world.said[0] == f"{drift[0]}: this rollout resets it"
        assert world.target().controls.drift() == []

    def test_tasks_that_share_a_machine_are_moved_apart(self, world: World, first: str) -> None:
        swarm = world.orchestrator
        swarm.nodes["node-two"] = {**swarm.nodes["node-one"], "ID": "node-two"}
        web = world.target().operations.tasks()[1]
        release = world.target().operations.release(first)

        def machines() -> list[str]:
            return [
                one["NodeID"] for one in swarm.get("/tasks", filters={"service": ["shop-staging_web"]}) if runs(one)
            ]

        assert machines() == ["node-one", "node-one"]
        web.switch(release)
        assert machines() == ["node-one", "node-two"]
        before = list(swarm.tasks)
        web.switch(release)
        assert swarm.tasks == before, "there is nothing to do"

    def test_service_that_was_removed_by_hand_is_reported(self, world: World, first: str) -> None:
        world.orchestrator.delete("/services/shop-staging_beat")
        assert world.target().controls.drift() == ["beat has been removed by hand"]


class TestSecrets:
    """A deployer who gives no value means the secret that is in use."""

    def change(self, world: World, value: str) -> None:
        (world.top / "secrets" / "key").write_text(value)

    def secret(self, release: str, world: World) -> str:
        return str(world.target().operations.release(release).stack["secrets"]["key"]["name"])

    def secrets(self, world: World) -> list[str]:
        return sorted(one["Spec"]["Name"] for one in world.orchestrator.stores["secrets"].values())

    def test_secret_comes_from_what_serves_after_a_rollback(self, world: World, first: str) -> None:
        self.change(world, "another secret\n")
        second = world.deploy()
        assert second is not None
        world.deploy(first)
        world.environ["ECLUSE_SECRETS"] = ""
        world.build("2" * 40)
        third = world.deploy()
        assert third is not None
        assert self.secret(third.release, world) == self.secret(first, world) != self.secret(second.release, world)

    def test_secret_of_a_failed_rollout_is_not_used_again(self, world: World, first: str) -> None:
        self.change(world, "a wrong secret\n")
        world.orchestrator.broken = lambda service, release: service == "web" and release != first
        with pytest.raises(RolloutError):
            world.deploy()
        world.environ["ECLUSE_SECRETS"] = ""
        assert world.target().catalogue.newest().id == first

    def test_secret_after_a_stop_is_the_one_that_served_last(self, world: World, first: str) -> None:
        self.change(world, "another secret\n")
        world.deploy()
        world.deploy(first)
        world.target().controls.stop()
        world.environ["ECLUSE_SECRETS"] = ""
        assert world.target().catalogue.newest().id == first

    def test_plan_of_a_new_secret_leaves_nothing(self, world: World, first: str) -> None:
        before = self.secrets(world), set(world.orchestrator.stores["configs"])
        self.change(world, "another secret\n")
        target = world.target()
        target.operations.look(target.catalogue.newest(), first)
        assert (self.secrets(world), set(world.orchestrator.stores["configs"])) == before
        assert [name for name, _command in world.orchestrator.done] == ["look"]


class TestNodes:
    def test_machine_that_is_down_is_left_out_of_staging(self, world: World, first: str) -> None:
        world.orchestrator.nodes["node-gone"] = {**world.orchestrator.nodes["node-one"], "ID": "node-gone"}
        world.orchestrator.nodes["node-gone"] |= {"Description": {"Hostname": "gone"}, "Status": {"State": "down"}}
        world.build("2" * 40)
        record = world.deploy()
        assert record is not None and record.outcome == "succeeded"
        assert world.said[0] == "gone is down: it is left out, and gets nothing of this"

    def test_machine_that_is_down_ends_a_job_of_its_own(self, world: World, first: str) -> None:
        world.orchestrator.nodes["node-one"]["Status"] = {"State": "down"}
        operations = world.target().operations
        with pytest.raises(RolloutError, match="migrating to release .* failed: one went down while it ran this"):
            operations.migrate(operations.release(first))
        with pytest.raises(RolloutError, match="one went down"):
            operations.preflight(operations.release(first), None)
        assert world.said == ["one went down while it ran this: begun again on another machine"]

    def test_missing_node_label_is_asked_for_on_several_nodes(self, world: World) -> None:
        world.orchestrator.nodes = Orchestrator("one", "two").nodes
        with pytest.raises(TargetError, match="no node has the label that db asks for: ecluse.state=true") as caught:
            world.deploy()
        assert caught.value.hint == "choose one: docker node update --label-add ecluse.state=true NODE"

    @pytest.mark.parametrize(
        ("swarm", "said", "hint"),
        [
            ({"LocalNodeState": "inactive"}, "this engine is not in a swarm", "docker swarm init"),
            (
                {"LocalNodeState": "active", "ControlAvailable": False, "RemoteManagers": [{"Addr": "10.0.0.1:2377"}]},
                "this engine is a worker of its swarm",
                "ask a manager: 10.0.0.1:2377",
            ),
        ],
    )
    def test_engine_that_is_no_manager_is_refused(
        self, world: World, swarm: dict[str, Any], said: str, hint: str
    ) -> None:
        parts.check(world.way, "staging")
        world.orchestrator.swarm = swarm
        with pytest.raises(TargetError, match=said) as caught:
            parts.check(world.way, "staging")
        assert hint in str(caught.value.hint)


class TestCommands:
    def test_processes_are_the_tasks_with_desired_state_running(self, world: World, first: str) -> None:
        found = world.target().controls.processes()
        assert [one["task"] for one in found] == ["worker.1", "web.1", "web.2", "beat.1"]
        assert {(one["release"], one["node"], one["ready"]) for one in found} == {(first, "one", True)}

    def test_logs_of_any_service_come_from_docker(self, world: World, first: str) -> None:
        assert world.target().controls.logs("db", 7, True) == 5
        options = ("--tail", "7", "--follow", "shop-staging_db")
        assert world.way.terminal == [("service", "logs", *options)]
        with pytest.raises(TargetError, match="no service 'mail' runs in staging") as caught:
            world.target().controls.logs("mail", 7, False)
        assert "db" in str(caught.value.hint)

    @pytest.mark.parametrize("terminal", [True, False])
    def test_a_command_runs_in_a_container_of_the_release(self, world: World, first: str, terminal: bool) -> None:
        assert (
            world.target().controls.exec("web", ("python", "manage.py", "shell"), terminal=terminal, variables={}) == 5
        )
        (argv,) = world.way.terminal
        assert argv[0] == "exec" and ("--tty" in argv) == terminal
        assert argv[-4].startswith("container") and argv[-3:] == ("python", "manage.py", "shell")

    def test_variables_of_a_command_are_named_and_not_shown(self, world: World, first: str) -> None:
        given = {"DJANGO_SUPERUSER_USERNAME": "ada", "DJANGO_SUPERUSER_PASSWORD": "hidden"}
        world.target().controls.exec("web", ("true",), terminal=False, variables=given)
        (argv,) = world.way.terminal
        assert argv[2:6] == ("--env", "DJANGO_SUPERUSER_PASSWORD", "--env", "DJANGO_SUPERUSER_USERNAME")
        assert "hidden" not in str((argv, world.orchestrator.deployed)) and world.way.extra == [given]

    def test_command_is_a_job_that_is_gone_afterwards(self, world: World, first: str) -> None:
        world.target().controls.exec("worker", ("true",), terminal=False, variables={})
        assert not [name for name in world.orchestrator.services if "exec-" in name]
        ((name, command),) = world.orchestrator.done
        assert name.startswith("exec-") and command == ("python", "/run/ecluse/idle.py")

    def test_command_runs_elsewhere_where_the_manager_is_drained(
        self, world: World, first: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        world.orchestrator.nodes["node-one"]["Spec"] = {"Availability": "drain"}
        given = {"DJANGO_SUPERUSER_PASSWORD": "hidden"}
        command = ("python", "manage.py", "check")
        assert world.target().controls.exec("web", command, terminal=True, variables=given) == 0
        ((name, command),) = world.orchestrator.done
        assert name.startswith("exec-") and command == ("python", "manage.py", "check")
        assert world.said == [
            "the engine that answers takes no tasks: the command runs on another machine, without input",
            "and without DJANGO_SUPERUSER_PASSWORD",
        ]
        assert "hidden" not in str(world.orchestrator.deployed)

    def test_command_in_the_database_needs_its_machine(self, world: World, first: str) -> None:
        assert world.target().controls.exec("db", ("psql",), terminal=False, variables={}) == 5
        world.orchestrator.swarm["NodeID"] = "elsewhere"
        with pytest.raises(TargetError, match="no task of db runs on the swarm of the test") as caught:
            world.target().controls.exec("db", ("psql",), terminal=False, variables={})
        assert caught.value.hint is not None and caught.value.hint.startswith("they run on one")

    def test_rollout_leaves_a_command_that_runs_alone(self, world: World, first: str) -> None:
        job = {"image": "shop", "command": ["/run/ecluse/idle.py"], "deploy": {"mode": "replicated-job"}}
        world.orchestrator.deploy("shop-staging", {"services": {"exec-1": job}})
        world.build("2" * 40)
        world.deploy()
        assert "shop-staging_exec-1" in world.orchestrator.services

    def test_stop_ends_all_services_and_keeps_the_release(self, world: World, first: str) -> None:
        target = world.target()
        target.controls.stop()
        assert world.orchestrator.services == {} and target.operations.release(first).id == first
        assert target.controls.processes() == []
        world.deploy()
        assert world.serving() == {first}

    def test_the_front_is_changed_only_when_asked_for(self, world: World, first: str) -> None:
        (world.top / "site.conf").write_text("server { listen 8080; }\n")
        world.deploy()
        assert world.orchestrator.deployed == []
        world.target().controls.front()
        assert world.orchestrator.deployed == ["front"]

    def test_task_without_an_address_yet_is_no_failure(
        self, world: World, first: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(stack_services, "_STEADY", 0.1)
        swarm, deploy = world.orchestrator, world.orchestrator.deploy

        def late(stack: str, content: Any) -> None:
            deploy(stack, content)
            swarm.tasks.append(deepcopy(next(one for one in swarm.tasks if one["ServiceName"] == "shop-staging_front")))
            why = "node is missing network attachments, ip addresses may be exhausted"
            swarm.tasks[-1] |= {"ID": "early", "DesiredState": "shutdown"}
            swarm.tasks[-1]["Status"] |= {"State": "rejected", "Err": why}

        monkeypatch.setattr(swarm, "deploy", late)
        world.target().controls.front()
        assert "changing the front server back" not in world.said

    def test_front_that_fails_is_changed_back(self, world: World, first: str) -> None:
        before = world.orchestrator.services["shop-staging_front"]["Spec"]
        world.environ["KEY"] = "a secret that comes with it"
        world.file(
            STACK.replace("    configs: [{source: site", "    secrets: [{source: key}]\n    configs: [{source: site")
        )
        secrets = set(world.orchestrator.stores["secrets"])
        world.orchestrator.broken = lambda service, release: service == "front"
        with pytest.raises(TargetError, match="the front server is as it was before"):
            world.target().controls.front()
        assert "changing the front server back" in world.said and "front runs on one" in world.said
        assert world.orchestrator.services["shop-staging_front"]["Spec"] == before
        assert set(world.orchestrator.stores["secrets"]) == secrets, "what was given for it is gone"

    def test_stack_without_front_server_sets_none_up(self, world: World) -> None:
        world.file(STACK.replace("  front:", "  proxy:"))
        with pytest.raises(DefinitionError, match="the stack file has no service front"):
            world.target().controls.front()

    def test_maintenance_lasts_until_it_is_ended(self, world: World, first: str) -> None:
        target = world.target()
        wanted = Maintenance(by="ada@here", since=1.0)
        assert target.controls.maintenance() is None
        target.controls.maintain(wanted)
        assert world.target().controls.maintenance() == wanted
        target.controls.maintain(None)
        assert world.target().controls.maintenance() is None
        assert [command[2] for _name, command in world.orchestrator.done] == ["close", "open"]

    def test_maintenance_without_a_serving_release_is_refused(self, world: World) -> None:
        with pytest.raises(TargetError, match="no release serves in staging"):
            world.target().controls.maintain(None)

    def test_look_changes_no_serving_service(self, world: World, first: str) -> None:
        world.orchestrator.found["unknown"] = ["shop.0009_later"]
        world.build("2" * 40)
        target = world.target()
        assert target.operations.look(target.catalogue.newest(), None) == Preflight(
            unknown=frozenset({"shop.0009_later"}), behind=()
        )
        assert world.serving() == {first} and world.orchestrator.deployed == []

    def test_look_before_the_first_rollout_finds_no_database(self, world: World) -> None:
        target = world.target()
        assert target.operations.look(target.catalogue.newest(), None) is None


def test_service_of_only_one_release_comes_and_goes_with_it(world: World, first: str) -> None:
    world.build("2" * 40)
    world.file(STACK.replace("  worker:", "  mailer:"))
    second = world.deploy()
    assert second is not None
    assert "shop-staging_worker" not in world.orchestrator.services
    assert world.orchestrator.serving("shop-staging_mailer") == {second.release}
    world.deploy(first)
    assert "shop-staging_mailer" not in world.orchestrator.services
    assert world.orchestrator.serving("shop-staging_worker") == {first}


def test_swarm_has_its_workers_and_commands_in_the_stack_file(world: World) -> None:
    environment = vars(world.environment())
    worker, setup = Worker(name="tasks", command=("celery",)), Setup(command=("seed",))
    assert [field for field, _what in swarm.problems(Environment(**{**environment, "workers": (worker,)}))] == [
        "workers"
    ]
    assert [field for field, _what in swarm.problems(Environment(**{**environment, "setup": (setup,)}))] == ["setup"]
    assert list(swarm.problems(world.environment())) == []
