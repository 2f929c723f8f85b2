"""The session, on a toy target that is registered as any other one would be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from ecluse.definition.load import load
from ecluse.definition.model import Environment, Pipeline, Watch
from ecluse.definition.monitoring import Monitoring
from ecluse.deploy import targets
from ecluse.deploy.contract import Context, Migration, Preflight
from ecluse.deploy.history import Journal
from ecluse.deploy.session import Ended, Person, Session
from ecluse.errors import DefinitionError, PreflightError, RolloutError
from tests.support.doubles import toys
from tests.support.doubles.toys import ToyTarget

PIPELINE = """
from ecluse import *
pipeline = Pipeline(
    name="shop",
    jobs=(Job(name="lint", steps=(command("true"),)),),
    environments=(Environment(name="local", target={target!r}, settings="s", url="http://127.0.0.1:8000", {more}),),
)
"""


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> ToyTarget:
    return toys.registered(monkeypatch)


def defined(folder: Path, target: str = "toy", more: str = "") -> Pipeline:
    (folder / "pipeline.py").write_text(PIPELINE.format(target=target, more=more))
    return load(folder / "pipeline.py", targets.problems)


@contextmanager
def session(folder: Path, told: list[Ended] | None = None) -> Iterator[Session]:
    pipeline = defined(folder)
    environment = pipeline.environments[0]
    with targets.opened(Context(pipeline, environment, folder)) as target:
        tell = () if told is None else (told.append,)
        yield Session(target, environment, Person("ada", "mill"), tell=tell)


def test_toy_target_takes_a_rollout_and_a_rollback(toy: ToyTarget, tmp_path: Path) -> None:
    told: list[Ended] = []
    with session(tmp_path, told) as commands:
        commands.deploy("one")
        done = commands.deploy()
        assert toy.open == {"web": {"two"}}
        assert done.record is not None and (done.record.previous, done.record.by) == ("one", "ada@mill")
        commands.rollback()
    assert toy.open == {"web": {"one"}}
    assert [(ended.kind, ended.release) for ended in told] == [
        ("deploy", "one"),
        ("deploy", "two"),
        ("rollback", "one"),
    ]


def test_unknown_target_is_refused_when_the_pipeline_is_loaded(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=r"field 'target': there is no target 'sever' \(did you mean 'server'"):
        defined(tmp_path, target="sever")


def test_target_refuses_what_it_cannot_do_of_an_environment(toy: ToyTarget, tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="environment 'local', field 'workers': a toy has none"):
        defined(tmp_path, more='workers=(Worker(name="x", command=("y",)),)')


def test_rollback_chooses_after_an_interrupted_rollout_has_ended(toy: ToyTarget, tmp_path: Path) -> None:
    """The rollout of two had switched: the release before is one, whatever the history said until then."""
    toy.packaged = ["zero", "one", "two"]
    with session(tmp_path) as commands:
        commands.deploy("zero")
        commands.deploy("one")
        toy.serve("two")
        toy.memory.write(
            Journal(id="1", kind="deploy", release="two", previous="one", began=1, by="x", step="watch", switched=True)
        )
        assert commands.rollback().release == "one"


def test_rollout_is_watched_within_the_limits_of_the_environment(
    toy: ToyTarget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Watch] = []
    monkeypatch.setattr(toy, "watch", lambda release, limits: seen.append(limits))
    environment = Environment(
        name="local", target="toy", settings="s", url="x", watch=Watch(seconds=3, error_share=0.1)
    )
    pipeline = Pipeline(name="shop", jobs=(), environments=(environment,))
    with targets.opened(Context(pipeline, environment, tmp_path)) as target:
        Session(target, environment, Person("ada", "mill")).deploy()
    assert seen == [environment.limits] and (seen[0].seconds, seen[0].error_share) == (3, 0.1)


@pytest.mark.parametrize("monitoring", [None, Monitoring()])
def test_rollout_where_somebody_watches_asks_for_silence(
    toy: ToyTarget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, monitoring: Monitoring | None
) -> None:
    asked: list[tuple[str, str, str]] = []
    monkeypatch.setattr("ecluse.deploy.session.silence", lambda _, *words: asked.append(words))
    environment = Environment(name="local", target="toy", settings="s", url="x", watch=1, monitoring=monitoring)
    pipeline = Pipeline(name="shop", jobs=(), environments=(environment,))
    with targets.opened(Context(pipeline, environment, tmp_path)) as target:
        ended = Session(target, environment, Person("ada", "mill")).deploy()
    assert asked == ([("local", "ada@mill", f"deploy of {ended.release}")] if monitoring else [])


def test_start_needs_something_that_has_served(toy: ToyTarget, tmp_path: Path) -> None:
    with session(tmp_path) as commands, pytest.raises(RolloutError, match="local has never served anything"):
        commands.start()


def test_older_commit_is_refused_before_anything_is_touched(toy: ToyTarget, tmp_path: Path) -> None:
    with session(tmp_path) as commands:
        ordered = replace(commands, descends=lambda commit, other: commit == "commit-of-two")
        ordered.deploy("one")
        ordered.deploy("two")
        toy.operations.clear()
        with pytest.raises(PreflightError, match="commit-of-one does not descend from commit-of-two"):
            ordered.deploy("one")
        assert toy.operations == [] and toy.open == {"web": {"two"}}
        assert ordered.deploy("one", older=True).release == "one"
        ordered.deploy("two")
        assert ordered.rollback().release == "one", "who goes back says so"


def test_commit_of_a_serving_release_that_is_not_kept_is_unknown(toy: ToyTarget, tmp_path: Path) -> None:
    toy.serve("gone")
    with session(tmp_path) as commands, pytest.raises(PreflightError, match="the commit of release gone is not known"):
        replace(commands, descends=lambda commit, other: True).deploy("two")


class Dumps:
    """Fits :class:`ecluse.deploy.going_back.Dumps`; *done* says what was asked for."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def take(self, id: str) -> str:
        self.done.append("take")
        return "d1"

    def loss(self, name: str) -> list[str]:
        return [f"all since {name} is lost"]

    @contextmanager
    def in_place(self, name: str) -> Iterator[None]:
        self.done.append(f"load {name}")
        try:
            yield
        except BaseException:
            self.done.append("put back")
            raise


@contextmanager
def migrated(toy: ToyTarget, folder: Path) -> Iterator[tuple[Session, Dumps, list[str]]]:
    """A session, its dumps, and what it says: two serves, whose migration has no way back."""
    dumps, said = Dumps(), list[str]()
    with session(folder) as commands:
        commands = replace(commands, dumps=dumps, say=said.append)
        commands.deploy("one")
        toy.found = Preflight((Migration("shop.0002_drops", one_way=("its data is deleted",)),))
        commands.deploy("two")
        toy.found = Preflight()
        yield commands, dumps, said


def test_rollback_with_data_says_what_is_lost_before(toy: ToyTarget, tmp_path: Path) -> None:
    with migrated(toy, tmp_path) as (commands, dumps, said):
        with pytest.raises(PreflightError, match="nothing has changed") as refused:
            commands.rollback_with_data(sure=False)
        assert refused.value.hint == "./ecluse rollback local --with-data --yes"
        assert "all since d1 is lost" in said and dumps.done == ["take"] and toy.open == {"web": {"two"}}


def test_rollback_with_data_brings_the_dump_then_the_release(toy: ToyTarget, tmp_path: Path) -> None:
    with migrated(toy, tmp_path) as (commands, dumps, said):
        toy.before = lambda operation: dumps.done.append(f"{operation} {'closed' if toy.closed else 'open'}")
        ended = commands.rollback_with_data(sure=True)
        assert ended.record is not None and (ended.release, ended.record.restored) == ("one", "d1")
        assert dumps.done[:3] == ["take", "load d1", "stage closed"] and "put back" not in dumps.done
        assert toy.open == {"web": {"one"}} and toy.closed is None
        with pytest.raises(PreflightError, match="no rollout has migrated the database"):
            commands.rollback_with_data(sure=True)


def test_rollback_with_data_that_fails_puts_the_data_back(toy: ToyTarget, tmp_path: Path) -> None:
    with migrated(toy, tmp_path) as (commands, dumps, said):
        toy.broken = {"one"}
        with pytest.raises(RolloutError, match="release two serves again"):
            commands.rollback_with_data(sure=True)
        assert dumps.done == ["take", "load d1", "put back"]
        assert toy.open == {"web": {"two"}} and toy.closed is None
