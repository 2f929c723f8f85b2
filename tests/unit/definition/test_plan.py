from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecluse.definition.model import Event
from ecluse.definition.plan import Leg, legs, plan, stages
from ecluse.definition.words import any_of, command, pull_request, push, ship, tag, tox
from tests.support.providers.pipelines import job, pipeline

PULL_REQUEST = Event(kind="pull_request", branch="staging")
CHANGE = any_of(pull_request("staging"), ship())
PIPELINE = pipeline(
    job("deploy", when=ship(), needs=("package",)),
    job("tests", when=CHANGE, matrix={"python": ("3.12", "3.13"), "django": ("5.2", "6.1")}),
    job("lint", when=CHANGE),
    job("package", when=ship(), needs=("lint", "tests")),
    job("promote", when=tag("v*")),
)


def running(*arguments: object, **options: object) -> list[str]:
    return [leg.name for leg in plan(*arguments, **options).running]  # type: ignore[arg-type]


def why(name: str, *arguments: object, **options: object) -> str:
    return next(leg.reason for leg in plan(*arguments, **options).legs if leg.name == name)  # type: ignore[arg-type]


def test_an_event_selects_jobs_each_with_the_reason() -> None:
    assert running(PIPELINE, PULL_REQUEST) == [
        "tests (3.12, 5.2)",
        "tests (3.12, 6.1)",
        "tests (3.13, 5.2)",
        "tests (3.13, 6.1)",
        "lint",
    ]
    assert why("lint", PIPELINE, PULL_REQUEST) == "pull request to staging"
    assert why("package", PIPELINE, PULL_REQUEST) == "only on ship"
    assert why("promote", PIPELINE, PULL_REQUEST) == "only on tag v*"


def test_needs_come_first_and_stages_count_them() -> None:
    planned = plan(PIPELINE, Event(kind="ship"))
    assert [(leg.stage, leg.name) for leg in planned.running] == [
        (1, "tests (3.12, 5.2)"),
        (1, "tests (3.12, 6.1)"),
        (1, "tests (3.13, 5.2)"),
        (1, "tests (3.13, 6.1)"),
        (1, "lint"),
        (2, "package"),
        (3, "deploy"),
    ]


def test_jobs_asked_for_by_name_run_alone_whatever_the_event() -> None:
    assert running(PIPELINE, PULL_REQUEST, jobs=["package"]) == ["package"]
    assert why("lint", PIPELINE, PULL_REQUEST, jobs=["package"]) == "not asked for"


def test_with_needs_adds_needed_jobs_and_the_reason() -> None:
    options = {"jobs": ["deploy"], "with_needs": True, "matrix": {"python": ["3.12"], "django": ["5.2"]}}
    assert running(PIPELINE, PULL_REQUEST, **options) == ["tests (3.12, 5.2)", "lint", "package", "deploy"]
    assert why("lint", PIPELINE, PULL_REQUEST, **options) == "needed by package"
    assert why("deploy", PIPELINE, PULL_REQUEST, **options) == "asked for"


def test_matrix_option_narrows_only_jobs_with_that_axis() -> None:
    narrowed = {"matrix": {"python": ["3.12"]}}
    assert running(PIPELINE, PULL_REQUEST, **narrowed) == ["tests (3.12, 5.2)", "tests (3.12, 6.1)", "lint"]
    assert why("tests (3.13, 5.2)", PIPELINE, PULL_REQUEST, **narrowed) == "not asked for: --matrix python=3.12"


def test_a_leg_whose_python_is_missing_does_not_run_and_says_so() -> None:
    planned = plan(PIPELINE, PULL_REQUEST, missing_pythons={"3.12"})
    assert [leg.name for leg in planned.running] == ["tests (3.13, 5.2)", "tests (3.13, 6.1)", "lint"]
    assert planned.legs[-1].job.name == "promote"
    assert (
        why("tests (3.12, 5.2)", PIPELINE, PULL_REQUEST, missing_pythons={"3.12"})
        == "python 3.12 is not on this machine"
    )


def test_job_that_needs_a_job_without_legs_does_not_run() -> None:
    found = plan(PIPELINE, Event(kind="ship"), missing_pythons={"3.12", "3.13"})
    assert [leg.name for leg in found.running] == ["lint"]
    reasons = {leg.name: leg.reason for leg in found.legs}
    assert reasons["package"] == "needs tests, which does not run"
    assert reasons["deploy"] == "needs package, which does not run"


def test_job_does_not_run_if_its_need_is_for_another_event() -> None:
    # As in GitHub, where a skipped need skips what follows it.
    found = pipeline(job("image", when=push()), job("lint", when=pull_request(), needs=("image",)))
    assert running(found, PULL_REQUEST) == []
    assert why("lint", found, PULL_REQUEST) == "needs image, which does not run"


def test_a_job_without_condition_runs_on_every_event() -> None:
    assert why("lint", pipeline(job("lint", when=None)), Event(kind="tag", tag="x")) == "every event"


def test_leg_fills_its_values_in_and_knows_its_own_command() -> None:
    leg = Leg(
        job=job("t", steps=(tox("py{python.digits}", "--junit-xml={output}/j.xml"), command("x", A="{python}"))),
        values={"python": "3.13"},
    )
    first, second = leg.steps("out")
    assert first.run == ("tox", "run", "-e", "py313", "--", "--junit-xml=out/j.xml")
    assert first.name == "tox -e py313"
    assert second.env == {"A": "3.13"}
    assert leg.command() == ("./ecluse", "run", "t", "--matrix", "python=3.13")
    assert (leg.name, leg.slug) == ("t (3.13)", "t.3.13")


def test_an_excluded_combination_is_no_leg() -> None:
    matrix = {"a": ("1", "2"), "b": ("x", "y")}
    found = list(legs(job("t", matrix=matrix, exclude=({"a": "1", "b": "y"}, {"a": "2", "b": "x"}))))
    assert found == [{"a": "1", "b": "x"}, {"a": "2", "b": "y"}]


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, tuple[str, ...]]:
    """Jobs that need only jobs before them, in any order of definition."""
    names = [f"j{index}" for index in range(draw(st.integers(1, 8)))]
    needs = {
        name: tuple(draw(st.lists(st.sampled_from(names[:index]), unique=True)) if index else ())
        for index, name in enumerate(names)
    }
    return {name: needs[name] for name in draw(st.permutations(names))}


@given(graphs())
def test_every_job_runs_once_and_after_its_needs(needs: dict[str, tuple[str, ...]]) -> None:
    found = pipeline(*(job(name, needs=names) for name, names in needs.items()))
    order = [leg.name for leg in plan(found, PULL_REQUEST).running]
    assert sorted(order) == sorted(needs)
    assert all(order.index(need) < order.index(name) for name, names in needs.items() for need in names)


@pytest.mark.parametrize("count", [1, 40])
def test_a_chain_has_as_many_stages_as_jobs(count: int) -> None:
    chain = [job(f"j{index}", needs=(f"j{index - 1}",) if index else ()) for index in range(count)]
    assert max(stages(chain).values()) == count


def test_legs_of_two_jobs_never_share_a_name_of_files() -> None:
    leg = Leg(job=job("tests", matrix={"part": ("unit",)}), values={"part": "unit"})
    assert leg.slug == "tests.unit" != Leg(job=job("tests-unit")).slug
    long = Leg(job=job("tests"), values={"part": "x" * 400}).slug
    assert len(long) < 120 and long != Leg(job=job("tests"), values={"part": "x" * 401}).slug
