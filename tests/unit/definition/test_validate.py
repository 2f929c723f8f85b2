from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ecluse.definition.model import (
    Acme,
    Environment,
    FrontServer,
    Monitoring,
    Output,
    Pipeline,
    Providers,
    Provision,
    Service,
    Setup,
    Step,
    Watch,
)
from ecluse.definition.validate import problems
from ecluse.definition.words import all_of, any_of, command, merge_group, not_, pull_request, push, ship, tag
from tests.support.providers.pipelines import RELEASES, job, pipeline

LOCAL = Environment(name="local", target="server", settings="s", url="http://127.0.0.1:8000")


def told(found: Pipeline) -> list[str]:
    return [str(problem) for problem in problems(found)]


def test_a_good_pipeline_has_no_problem() -> None:
    assert told(RELEASES) == []


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        # References
        ({"needs": ("lint", "lint")}, "job 'tests', field 'needs': 'lint' is there 2 times"),
        ({"needs": ("lnt",)}, "job 'tests', field 'needs': there is no job 'lnt' (did you mean 'lint'?)"),
        ({"services": ("redis",)}, "job 'tests', field 'services': the pipeline defines no service 'redis'"),
        (
            {"environment": "loca", "when": ship()},
            "job 'tests', field 'environment': the pipeline defines no environment 'loca' (did you mean 'local'?)",
        ),
        # Matrix
        ({"matrix": {"python": ()}}, "job 'tests', field 'matrix.python': has no value"),
        ({"matrix": {"python": ("3.13", "3.13")}}, "field 'matrix.python': '3.13' is there 2 times"),
        ({"matrix": {"python": ("",)}}, "field 'matrix.python': has an empty value"),
        ({"matrix": {"output": ("a",)}}, "field 'matrix.output': {output} already stands for"),
        ({"matrix": {"the python": ("a",)}}, "field 'matrix.the python': an axis is named with"),
        (
            {"matrix": {"a": ("1",)}, "exclude": ({"a": "2"},)},
            "field 'exclude[0]': excludes nothing: the matrix has no a=2",
        ),
        ({"matrix": {"a": ("1",)}, "exclude": ({"a": "1"},)}, "field 'exclude': excludes every leg"),
        ({"matrix": {"a": ("1",)}, "exclude": ({},)}, "field 'exclude[0]': is empty"),
        ({"matrix": {axis: tuple(map(str, range(99))) for axis in "abcdef"}}, "field 'matrix': has 941480149401"),
        ({"matrix": {"a": ("x/y", "x:y")}}, "field 'matrix': 2 legs would share the files of the name tests.x_y"),
        ({"matrix": {"a": ("x", "X")}}, "field 'matrix': 2 legs would share the files of the name tests.x"),
        ({"matrix": {"a": ("1",), "A": ("2",)}}, "field 'matrix': 'a' and 'A' differ in capitals alone"),
        ({"matrix": {"include": ("1",)}}, "field 'matrix.include': include has a meaning of its own"),
        # Steps
        ({"steps": ()}, "job 'tests', field 'steps': is empty"),
        ({"steps": (Step(()),)}, "field 'steps[0]': has no program to run"),
        ({"steps": (command("py{python}"),)}, "field 'steps[0]': {python} stands for nothing here; there is {output}"),
        ({"steps": (command("x", A="{b.digits}"),)}, "field 'steps[0]': {b.digits} stands for nothing here"),
        ({"steps": (Step(("x",), env={"A B": "1"}),)}, "field 'steps[0].env': 'A B' is not the name of"),
        # Limits
        ({"timeout": 0}, "field 'timeout': is 0: a number of seconds"),
        ({"timeout": float("nan")}, "field 'timeout': is nan"),
        ({"timeout": 6 * 60 * 60 + 1}, "at most 21600 (6 hours)"),
        ({"retries": -1}, "field 'retries': is -1: from 0 to 10"),
        ({"environment": "local", "identity": "a", "when": ship()}, "field 'identity': a job has an environment or"),
        ({"identity": "a b", "when": ship()}, "field 'identity': names an environment of the provider"),
        ({"environment": "local", "when": ship(), "retries": 1}, "field 'retries': a job that rolls out"),
        # Paths
        ({"inputs": ("/etc/passwd",)}, "field 'inputs': '/etc/passwd' is not a path from the repository's top"),
        ({"inputs": ("../x",)}, "field 'inputs': '../x' is not a path"),
        ({"inputs": ("!src/**", "!tests")}, "field 'inputs': chooses no file"),
        ({"inputs": ("src", "!")}, "field 'inputs': '' is not a path"),
        ({"outputs": (Output(path="", kind="junit"),)}, "field 'outputs': '' is not a path from {output}"),
        # Names
        ({"env": {"1A": "x"}}, "field 'env': '1A' is not the name of an environment variable"),
        ({"env": {"A: b\nrun": "x"}}, "is not the name of an environment variable"),
    ],
)
def test_a_bad_field_is_refused_and_named(fields: dict[str, Any], problem: str) -> None:
    found = told(pipeline(job("lint"), job("tests", **fields), environments=(LOCAL,)))
    assert any(problem in line for line in found), found


@pytest.mark.parametrize("name", ["", "1st", "a b", "a.b", "é", "a" * 101, "x\n"])
def test_name_of_a_job_that_a_provider_refuses_is_refused(name: str) -> None:
    assert any("is a letter or _, then letters" in line for line in told(pipeline(job(name))))


def test_a_cycle_is_refused_and_named_in_order() -> None:
    found = pipeline(job("a", needs=("b",)), job("b", needs=("c",)), job("c", needs=("a",)), job("d", needs=("a",)))
    assert told(found) == ["job 'a', field 'needs': is a cycle: a → b → c → a"]


def test_a_job_that_needs_itself_is_a_cycle() -> None:
    assert told(pipeline(job("a", needs=("a",)))) == ["job 'a', field 'needs': is a cycle: a → a"]


def test_two_jobs_of_one_name_are_refused() -> None:
    assert told(pipeline(job("a"), job("a"))) == ["job 'a', field 'name': is defined 2 times"]


def test_a_pipeline_without_jobs_is_refused() -> None:
    assert told(pipeline()) == ["field 'jobs': a pipeline needs at least one job"]


@pytest.mark.parametrize("fields", [{"secrets": ("TOKEN",)}, {"environment": "local"}, {"identity": "pypi"}])
@pytest.mark.parametrize(
    ("when", "refused"),
    [
        (None, True),
        (pull_request("staging"), True),
        (any_of(push("staging"), pull_request()), True),
        (not_(push()), True),
        (not_(pull_request("staging")), True),
        (push("staging"), False),
        (any_of(tag("v*"), ship()), False),
        (not_(pull_request()), True),
        (merge_group("staging"), True),
        (not_(any_of(pull_request(), merge_group())), False),
        (all_of(push(), not_(push("staging"))), False),
    ],
)
def test_secrets_are_refused_for_jobs_of_forks(when: Any, refused: bool, fields: dict[str, Any]) -> None:
    found = told(pipeline(job("a", when=when, **fields), environments=(LOCAL,)))
    assert [line for line in found if "a fork's gets no secret" in line] == found
    assert bool(found) == refused


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        (
            {"matrix": {"python": "3.13"}},
            "job 'a', field 'matrix.python': a tuple of str expected, got str '3.13'; one value alone is",
        ),
        (
            {"matrix": {"python": (3.10,)}},
            "job 'a', field 'matrix.python[0]': str expected, got float 3.1; in quotes: '3.1'",
        ),
        (
            {"needs": ["b"]},
            "job 'a', field 'needs': a tuple of str expected, got list ['b']; write it with ( ) instead of [ ]",
        ),
        ({"steps": ("tox",)}, "job 'a', field 'steps[0]': Step expected, got str 'tox'"),
        (
            {"steps": (Step(("x", 1)),)},  # type: ignore[arg-type]
            "job 'a', field 'steps[0].run[1]': str expected, got int 1; in quotes: '1'",
        ),
        ({"env": {"A": None}}, "job 'a', field 'env.A': str expected, got NoneType None"),
        ({"env": {1: "a"}}, "job 'a', field 'env, key 1': str expected, got int 1; in quotes: '1'"),
        ({"when": "staging"}, "job 'a', field 'when'"),
        ({"when": any_of("push")}, "job 'a', field 'when.conditions[0]'"),  # type: ignore[arg-type]
        ({"timeout": "60"}, "job 'a', field 'timeout': float expected, got str '60'"),
        ({"retries": True}, "job 'a', field 'retries': int expected, got bool True"),
        (
            {"outputs": (Output(path="x", kind="html"),)},  # type: ignore[arg-type]
            "job 'a', field 'outputs[0].kind': one of 'junit', 'coverage', 'report', 'release' expected, got",
        ),
    ],
)
def test_a_wrong_type_at_any_depth_is_refused_and_named(fields: dict[str, Any], problem: str) -> None:
    found = told(pipeline(job("a", **fields)))
    assert len(found) == 1
    assert found[0].startswith(problem)


def test_wrong_type_in_service_or_environment_is_named() -> None:
    service = Service(name="db", kind="postgres", version=18)  # type: ignore[arg-type]
    (first,) = told(pipeline(job("a"), services=(service,)))
    assert first.startswith("service 'db', field 'version': str expected, got int 18")


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"watch": -1}, "'watch': is a number of seconds, 0 or more"),
        ({"watch": Watch(most_errors=-1)}, "'watch': allows a number of errors or restarts, 0 or more"),
        ({"replicas": {"web": 0}}, "'replicas': gives web 0 tasks: 1 or more"),
        ({"watch": Watch(more_errors=-1)}, "'watch': lets errors grow by a share of -1: from 0 to 1"),
        ({"watch": Watch(slower=0.5)}, "'watch': lets answers take 0.5 times as long: 1 or more, or 0"),
        ({"watch": Watch(error_share=5)}, "'watch': has an error share of 5: from 0 to 1"),
        ({"watch": "10"}, "'watch'"),
        ({"readiness": "readiness"}, "'health': 'readiness' is not the path of a page: it begins with /"),
        ({"health": ("/a b",)}, "'health': '/a b' is not the path of a page"),
        ({"setup": (Setup(command=()),)}, "'setup': has a command without a name"),
        ({"setup": (Setup(command=("seed",), given=("1A",)),)}, "'setup': '1A' is not the name"),
    ],
)
def test_environment_with_impossible_fields_is_refused(fields: Any, problem: str) -> None:
    assert any(problem in line for line in told(pipeline(environments=(replace(LOCAL, **fields),))))


@pytest.mark.parametrize(
    ("host", "fields", "refused"),
    [
        ("SHOP.example", {"ports": (443, 80)}, []),
        ("shop.example", {"packages": ("tree",)}, []),
        ("shop.example", {"swap": 512}, ["provision.swap"]),
        ("other.example", {"ports": (80,), "administrator": "root2"}, []),
        ("shop.example", {"ports": (80,), "administrator": "boss"}, ["provision.administrator", "provision.ports"]),
    ],
)
def test_environments_of_one_host_agree_on_the_machine(host: str, fields: Any, refused: list[str]) -> None:
    one = replace(LOCAL, name="staging", host="shop.example", provision=Provision(keys=("k",)))
    two = replace(LOCAL, name="production", host=host, provision=Provision(keys=("k",), **fields))
    found = told(pipeline(job("lint"), environments=(one, two)))
    assert [line.split("'")[3] for line in found] == refused
    assert all("of the same host: one for both" in line for line in found)


def test_name_that_postgresql_would_cut_is_refused() -> None:
    wanted = Provision(keys=("k",), postgresql=True)
    environment = replace(LOCAL, name="e" * 63, host="shop.example", provision=wanted)
    [found] = told(pipeline(job("lint"), environments=(environment,)))
    assert "63 letters are the most" in found


def test_host_is_watched_for_one_environment() -> None:
    one = replace(LOCAL, name="staging", host="shop.example", monitoring=Monitoring())
    two = replace(one, name="production", host="SHOP.example")
    assert "2 have monitoring of the host shop.example" in told(pipeline(job("lint"), environments=(one, two)))[0]
    assert not told(pipeline(job("lint"), environments=(one, replace(two, monitoring=None))))


@pytest.mark.parametrize(("host", "refused"), [("other.example", []), ("shop.example", ["provision.front.names"])])
def test_name_of_two_sites_of_one_host_is_refused(host: str, refused: list[str]) -> None:
    provision = Provision(keys=("k",), front=FrontServer(names=("shop.example",), tls=Acme()))
    one = replace(LOCAL, name="staging", host="shop.example", provision=provision)
    found = told(pipeline(job("lint"), environments=(one, replace(one, name="production", host=host))))
    assert [line.split("'")[3] for line in found] == refused


def test_watch_is_limits_or_their_seconds() -> None:
    assert replace(LOCAL, watch=3).limits == Watch(seconds=3, more_errors=0, slower=0)
    assert replace(LOCAL, watch=Watch(error_share=0.01)).limits.error_share == 0.01


def test_watch_compares_where_monitoring_or_a_field_says_so() -> None:
    watched = replace(LOCAL, monitoring=Monitoring())
    assert (watched.limits.more_errors, watched.limits.slower) == (0.02, 4)
    own = replace(watched, watch=Watch(slower=0)).limits
    assert (own.more_errors, own.slower) == (0.02, 0)
    assert replace(LOCAL, watch=Watch(slower=2)).limits.slower == 2


def test_jobs_that_differ_in_capitals_are_refused() -> None:
    assert "'lint' and 'Lint' differ in capitals alone" in told(pipeline(job("lint"), job("Lint")))[0]


def test_variable_name_for_all_jobs_is_checked() -> None:
    found = told(replace(pipeline(job("lint")), providers=Providers(env={"A: 1\nB": ""})))
    assert found == ["field 'providers.env': 'A: 1\\nB' is not the name of an environment variable"]


@pytest.mark.parametrize(("text", "said"), [("a\0b", "has a NUL in it"), ("a\ud800", "has half a character in it")])
@pytest.mark.parametrize("field", ["steps", "env", "description", "matrix"])
def test_text_that_no_program_takes_is_refused(text: str, said: str, field: str) -> None:
    fields: dict[str, Any] = {
        "steps": {"steps": (command("echo", text),)},
        "env": {"env": {"A": text}},
        "description": {"description": text},
        "matrix": {"matrix": {"a": (text,)}},
    }[field]
    assert any(said in line for line in told(pipeline(job("tests", **fields))))
