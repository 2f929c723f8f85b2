"""The commands about an environment, on a toy target: what they ask of it, and what they say."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ecluse.cli import environments as module
from ecluse.cli.environment import logs
from ecluse.deploy.contract import Migration, Preflight
from ecluse.deploy.history import Journal
from ecluse.deploy.lock import Holder
from tests.support.doubles import toys
from tests.support.doubles.toys import ToyTarget

PIPELINE = """
from ecluse import *
pipeline = Pipeline(
    name="shop",
    jobs=(Job(name="lint", steps=(command("true"),)),),
    environments=(
        Environment(name="local", target="toy", settings="s", url="http://127.0.0.1:8000", faces_world=False),
    ),
)
"""

HOLDER = Holder(who="ada", host="here", pid=7, what="deploy of two", commit=None, since=1.0, heartbeat=1.0)

Run = Callable[..., Any]


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ToyTarget:
    """The environment ``local``, where nothing has been rolled out."""
    (tmp_path / "pipeline.py").write_text(PIPELINE)
    monkeypatch.chdir(tmp_path)
    return toys.registered(monkeypatch)


@pytest.fixture
def serving(target: ToyTarget, ecluse: Run) -> ToyTarget:
    assert ecluse("deploy", "local", "--release", "one").code == 0
    target.operations.clear()
    target.asked_for.clear()
    return target


def interrupted(release: str, step: Any) -> Journal:
    return Journal(id="1", kind="deploy", release=release, previous="one", began=1.0, by="ada@here", step=step)


def test_the_newest_release_is_rolled_out_where_none_is_named(serving: ToyTarget, ecluse: Run) -> None:
    done = ecluse("deploy", "local")
    assert (done.code, done.out) == (0, "http://127.0.0.1:8001\n"), done.err
    assert serving.open["web"] == {"two"}
    assert "deploy of release two to local" in done.err and "release two serves after" in done.err
    assert serving.asked_for == [("deploy of two", "commit-of-two")]


def test_deploy_warns_of_what_visitors_lose(serving: ToyTarget, ecluse: Run) -> None:
    serving.found = Preflight(lost=("it lacks pages /feed/",))
    done = ecluse("deploy", "local", "--json")
    assert json.loads(done.out)["lost"] == ["it lacks pages /feed/"]
    serving.found = Preflight(lost=("it lacks static files in /client/",))
    done = ecluse("rollback", "local")
    assert "warning: unlike release two, it lacks static files in /client/\n" in done.err


def test_deploy_leaves_a_serving_release_alone(serving: ToyTarget, ecluse: Run) -> None:
    done = ecluse("deploy", "local", "--release", "one", "--json")
    expected = {"release": "one", "outcome": "unchanged", "serving": "one", "address": serving.url}
    assert json.loads(done.out) == expected
    assert serving.operations == []


def test_deploy_of_unready_release_exits_6_and_names_what_serves(serving: ToyTarget, ecluse: Run) -> None:
    serving.broken.add("two")
    done = ecluse("deploy", "local")
    assert (done.code, done.out) == (6, "")
    assert "did not get ready" in done.err and "one serves again" in done.err


def test_a_migration_is_refused_until_it_is_allowed_by_name(serving: ToyTarget, ecluse: Run) -> None:
    serving.found = Preflight((Migration("shop.0002_drops", "DROP", ("drops the column",)),))
    refused = ecluse("deploy", "local")
    assert refused.code == 11
    assert "--allow-migration shop.0002" in refused.err
    assert ecluse("deploy", "local", "--allow-migration", "shop.0002").code == 0


@pytest.mark.parametrize(
    ("step", "switched", "said"),
    [
        ("preflight", False, "the rollout of two that was interrupted is failed; release one serves"),
        ("replace", False, "the rollout of two that was interrupted is undone; release one serves"),
        ("watch", True, "the rollout of two that was interrupted is finished"),
    ],
)
def test_deploy_recovers_an_interrupted_rollout_first(
    serving: ToyTarget, ecluse: Run, step: Any, switched: bool, said: str
) -> None:
    if switched:
        serving.serve("two")
    serving.memory.write(interrupted("two", step).at(step, switched=switched))
    done = ecluse("deploy", "local", "--release", "one")
    assert done.code == 0, done.err
    assert said in done.err


def test_deploy_names_the_holder_of_the_lock(serving: ToyTarget, ecluse: Run) -> None:
    serving.held_by = HOLDER
    done = ecluse("deploy", "local")
    assert done.code == 7
    assert "ada on here (process 7)" in done.err and "deploy of two" in done.err


def test_rollback_returns_to_the_previous_release(serving: ToyTarget, ecluse: Run) -> None:
    ecluse("deploy", "local")
    assert ecluse("rollback", "local").code == 0
    assert serving.open["web"] == {"one"}
    assert ecluse("rollback", "local", "--to", "two").code == 0
    assert serving.open["web"] == {"two"}


def test_rollback_of_the_first_release_is_refused(serving: ToyTarget, ecluse: Run) -> None:
    done = ecluse("rollback", "local")
    assert done.code == 6
    assert "local has had no release before this one" in done.err


def test_rollback_to_a_pruned_release_says_deploy_it(serving: ToyTarget, ecluse: Run) -> None:
    ecluse("deploy", "local")
    serving.packaged = ["two"]
    done = ecluse("rollback", "local")
    assert done.code == 6
    assert "./ecluse deploy local --release one" in done.err


class TestStatus:
    def test_status_of_one_healthy_release_exits_0(self, serving: ToyTarget, ecluse: Run) -> None:
        done = ecluse("status", "local")
        assert done.code == 0
        assert done.out.startswith("local: release one, healthy at http://127.0.0.1:8001\n")
        assert "  one  running, ready, process 41, for 5 s" in done.out

    def test_status_of_two_releases_or_an_unhealthy_one_exits_1(self, serving: ToyTarget, ecluse: Run) -> None:
        serving.open["web"].add("two")
        done = ecluse("status", "local")
        assert done.code == 1
        assert "local: release one and two, NOT healthy" in done.out

    def test_status_of_a_stopped_environment_exits_1(self, target: ToyTarget, ecluse: Run) -> None:
        done = ecluse("status", "local")
        assert (done.code, done.out) == (1, "local: stopped\n")

    def test_status_tells_of_running_or_interrupted_rollouts(self, serving: ToyTarget, ecluse: Run) -> None:
        serving.memory.write(interrupted("two", "replace"))
        assert (
            "the rollout of two was interrupted; the next deploy or rollback ends it" in ecluse("status", "local").out
        )
        serving.held_by = HOLDER
        assert "a rollout is under way: ada on here" in ecluse("status", "local").out

    def test_programs_are_told_the_same(self, serving: ToyTarget, ecluse: Run) -> None:
        serving.memory.write(interrupted("two", "replace"))
        told = json.loads(ecluse("status", "local", "--json").out)
        assert (told["serving"], told["commit"], told["healthy"]) == ("one", "commit-of-one", True)
        assert told["interrupted"]["step"] == "replace" and told["rollout"] is None


def test_history_has_what_failed_with_its_reason(serving: ToyTarget, ecluse: Run) -> None:
    serving.broken.add("two")
    ecluse("deploy", "local")
    shown = ecluse("history", "local").out
    assert "deploy    one  succeeded" in shown and "deploy    two  undone" in shown
    assert "  commit commit-of-on" in shown
    assert "    release two did not get ready" in shown
    (last,) = json.loads(ecluse("history", "local", "--json", "-n", "1").out)
    assert (last["release"], last["outcome"], last["serving"]) == ("two", "undone", "one")


def test_logs_and_exec_return_the_exit_code_of_the_target(serving: ToyTarget, ecluse: Run) -> None:
    assert ecluse("logs", "local", "-f", "-n", "7", "--of", "worker").code == 3
    assert ecluse("exec", "local", "python", "manage.py", "shell", "--command", "1").code == 4
    assert serving.asked_for == [
        ("logs", "worker", 7, True),
        ("exec", "web", ("python", "manage.py", "shell", "--command", "1"), False, {}),
    ]


def test_exec_passes_the_answers_of_createsuperuser(
    serving: ToyTarget, ecluse: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "a-password-of-nobody")
    monkeypatch.setenv("DJANGO_SUPERUSER_it's", "no name of a variable in a shell")
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE_OF_SOMEBODY", "elsewhere")
    assert ecluse("exec", "local", "python").code == 4
    given = {"DJANGO_SUPERUSER_PASSWORD": "a-password-of-nobody"}
    assert serving.asked_for == [("exec", "web", ("python",), False, given)]


def test_only_environment_may_be_left_out(serving: ToyTarget, ecluse: Run) -> None:
    done = ecluse("status")
    assert (done.code, done.out) == (0, ecluse("status", "local").out)
    assert "environment local: the only one of pipeline.py" in done.err
    assert json.loads(ecluse("plan", "deploy", "--json").out)["environment"] == "local"
    assert ecluse("maintenance", "on").out == "visitors of local get the maintenance page\n"
    assert ecluse("exec", "python", "manage.py", "check", "--tag", "models").code == 4
    assert ecluse("exec", "--of", "worker", "--", "python").code == 4
    assert "environment local" in ecluse("scale").err
    assert "'webb' is not SERVICE=NUMBER" in ecluse("scale", "webb").err
    assert serving.asked_for == [
        ("exec", "web", ("python", "manage.py", "check", "--tag", "models"), False, {}),
        ("exec", "worker", ("python",), False, {}),
        ("scale", {}),
    ]


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        (["-n", "3"], ("-n", "3", "local")),
        (["--of", "local"], ("--of", "local", "local")),
        (["local", "-f"], ("local", "-f")),
    ],
)
def test_environment_is_sent_to_its_machine_once(target: ToyTarget, written: list[str], sent: tuple[str, ...]) -> None:
    context = logs.make_context("logs", [*written])
    assert context.meta["ecluse.arguments"] == sent


def test_environment_is_asked_for_where_there_are_several(serving: ToyTarget, ecluse: Run, tmp_path: Path) -> None:
    one = PIPELINE[PIPELINE.index("        Environment(") : PIPELINE.index("    ),\n)")]
    two = one.replace('"local"', '"staging"').replace("8000", "8100")
    (tmp_path / "pipeline.py").write_text(PIPELINE.replace(one, one + two))
    done = ecluse("status")
    assert done.code == 2 and "which environment? pipeline.py has local, staging" in done.err
    assert ecluse("status", "local").code == 0
    assert "no environment 'python'" in ecluse("exec", "python", "manage.py", "shell").err
    assert serving.asked_for == []


def test_stop_also_ends_an_interrupted_rollout(serving: ToyTarget, ecluse: Run) -> None:
    serving.memory.write(interrupted("two", "replace"))
    done = ecluse("stop", "local")
    assert (done.code, done.out) == (0, "local is stopped\n")
    assert serving.memory.journal() is None and serving.open == {"web": set()}


def test_start_serves_the_last_release_not_the_newest(serving: ToyTarget, ecluse: Run) -> None:
    ecluse("stop", "local")
    done = ecluse("start", "local")
    assert (done.code, done.out) == (0, "http://127.0.0.1:8001\n"), done.err
    assert serving.open["web"] == {"one"}
    assert json.loads(ecluse("start", "local", "--json").out)["outcome"] == "unchanged"


def test_start_recovers_an_interrupted_rollout_first(serving: ToyTarget, ecluse: Run) -> None:
    serving.serve("two")
    serving.memory.write(replace(interrupted("two", "watch"), switched=True))
    done = ecluse("start", "local")
    assert done.code == 0 and "that was interrupted is finished" in done.err
    assert serving.open["web"] == {"two"}


def test_start_without_any_release_is_an_error(target: ToyTarget, ecluse: Run) -> None:
    done = ecluse("start", "local")
    assert done.code == 6 and "local has never served anything" in done.err and "ecluse deploy local" in done.err


def test_unlock_of_a_running_rollout_needs_force(serving: ToyTarget, ecluse: Run) -> None:
    serving.held_by = HOLDER
    done = ecluse("unlock", "local")
    assert done.code == 7
    assert "ada on here" in done.err and "ecluse unlock --force" in done.err
    assert not serving.lock_removed
    assert ecluse("unlock", "local", "--force").out.startswith("the lock of ada on here")
    assert serving.lock_removed
    assert ecluse("unlock", "local").out == "nobody holds the lock of local\n"


def test_maintenance_closes_the_site_and_status_names_who_did(serving: ToyTarget, ecluse: Run) -> None:
    assert ecluse("maintenance", "on", "local").out == "visitors of local get the maintenance page\n"
    assert serving.closed is not None
    first = serving.closed
    assert ecluse("maintenance", "on", "local").out == "visitors of local still get the maintenance page\n"
    assert serving.closed == first, "it says who began, and when"
    assert f"by {first.by}" in ecluse("status", "local").out
    assert json.loads(ecluse("status", "local", "--json").out)["maintenance"]["by"] == first.by
    assert ecluse("maintenance", "off", "local").out == "visitors of local get the site\n"
    assert serving.closed is None
    assert ecluse("maintenance", "off", "local").out == "visitors of local still get the site\n"


def test_scale_passes_numbers_on_and_holds_the_lock(serving: ToyTarget, ecluse: Run) -> None:
    assert ecluse("scale", "local", "web=4", "worker=default").out == "web has 4\n"
    assert serving.asked_for[-2:] == [("scale", None), ("scale", {"web": 4, "worker": None})]


def test_scale_without_a_service_shows_numbers(serving: ToyTarget, ecluse: Run) -> None:
    assert ecluse("scale", "local").out == "web has 2\n"
    assert serving.asked_for == [("scale", {})], "nothing holds the lock"


@pytest.mark.parametrize("wrong", ["web", "=3", "web=", "web=some", "web=-1", "web=1.5"])
def test_scale_refuses_what_is_no_number(serving: ToyTarget, ecluse: Run, wrong: str) -> None:
    done = ecluse("scale", "local", wrong)
    assert done.code == 2 and f"{wrong!r} is not SERVICE=NUMBER" in done.err


class TestOutlook:
    def test_plan_deploy_shows_the_rollout_and_changes_nothing(self, serving: ToyTarget, ecluse: Run) -> None:
        serving.found = Preflight((Migration("shop.0002_adds", "ALTER TABLE shop_album\nADD COLUMN note"),))
        done = ecluse("plan", "deploy", "local")
        assert done.code == 0, done.err
        assert "release two to local, over release one" in done.out
        assert "migration shop.0002_adds\n    ALTER TABLE shop_album\n    ADD COLUMN note" in done.out
        assert serving.operations == [] and serving.open["web"] == {"one"}

    def test_plan_deploy_of_unsafe_migration_exits_11_and_names_flag(self, serving: ToyTarget, ecluse: Run) -> None:
        serving.found = Preflight((Migration("shop.0002_drops", "DROP", ("drops the column",)),))
        done = ecluse("plan", "deploy", "local")
        assert done.code == 11
        assert "unsafe: release one cannot live with it: drops the column" in done.out
        assert "refused, unless --allow-migration shop.0002" in done.out
        done = ecluse("plan", "deploy", "local", "--allow-migration", "shop.0002")
        assert done.code == 0 and "allowed by name" in done.out

    def test_programs_are_told_the_same(self, serving: ToyTarget, ecluse: Run) -> None:
        told = json.loads(ecluse("plan", "deploy", "local", "--release", "one", "--json").out)
        assert (told["release"], told["serving"], told["unchanged"], told["goes"]) == ("one", "one", True, True)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("deploy", "mars"), 2, "no environment 'mars' in pipeline.py (there are: local)"),
        (("deploy", "local", "--release", "three"), 5, "no release 'three'"),
        (("front", "local"), 10, "a toy has no front server"),
        (("package",), 3, "the pipeline has no release"),
    ],
)
def test_missing_release_or_environment_is_named(
    target: ToyTarget, ecluse: Run, arguments: tuple[str, ...], code: int, said: str
) -> None:
    done = ecluse(*arguments)
    assert done.code == code
    assert said in done.err


def test_unnamed_user_is_shown_by_number(monkeypatch: pytest.MonkeyPatch, serving: ToyTarget, ecluse: Run) -> None:
    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found: 10001")

    monkeypatch.setattr(module.getpass, "getuser", nobody)
    monkeypatch.setattr(module.os, "getuid", lambda: 10001)
    ecluse("deploy", "local")
    assert serving.memory.history()[-1].by.startswith("10001@")


def test_older_commit_is_refused_where_people_see_it(
    serving: ToyTarget, ecluse: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module.git, "descends", lambda top, commit, other: False)
    assert ecluse("deploy", "local").code == 0, "here branches are tried one after the other"
    file = Path("pipeline.py")
    file.write_text(file.read_text().replace(", faces_world=False", ""))
    for command in (("deploy", "local"), ("plan", "deploy", "local")):
        done = ecluse(*command, "--release", "one")
        assert done.code == 11
        assert "commit-of-one does not descend from commit-of-two, which serves" in done.err + done.out
        assert ecluse(*command, "--release", "two").code == 0
    assert ecluse("plan", "deploy", "local", "--release", "one", "--older").code == 0
    assert ecluse("deploy", "local", "--release", "one", "--older").code == 0
