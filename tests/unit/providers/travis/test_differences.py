from __future__ import annotations

from ecluse.definition.model import Service
from ecluse.definition.words import push, tag
from tests.support.providers.pipelines import RELEASES, job, lost, only, pipeline


def test_difference_names_the_jobs_it_affects() -> None:
    found = lost(only("travis", RELEASES))
    assert found["travis-service-version"] == [
        "tests: postgres is 18 in the pipeline, version 16 on Travis",
        "tests: redis is 8 in the pipeline, whatever version its image has on Travis",
    ]
    assert found["travis-artifacts"] == ["tests: outputs and reports end with the job; its log has what failed"]
    assert len(found["travis-concurrency"]) == len(found["travis-environment"]) == 2


def test_a_job_that_waits_for_more_than_it_needs_is_named() -> None:
    definition = pipeline(job("a"), job("b"), job("c", needs=("a",)), job("d", needs=("c", "b")))
    assert lost(definition) == {"travis-stages": ["c also waits for b, and does not run if one of them fails"]}


def test_jobs_of_different_events_are_no_stage_difference() -> None:
    definition = pipeline(job("a"), job("b", when=push("x")), job("c", needs=("a",)))
    assert lost(definition) == {}


def test_a_postgres_of_travis_s_own_version_is_no_difference() -> None:
    service = Service(name="s", kind="postgres", version="16")
    assert lost(pipeline(job(services=("s",)), services=(service,))) == {}


def test_job_with_identity_is_named_and_nothing_waits_for_it() -> None:
    publish = job("publish", when=tag("v*"), identity="pypi")
    later = job("later", when=tag("v*"), needs=("first",))
    found = lost(only("travis", pipeline(publish, job("first", when=tag("v*")), later)))
    assert found == {"travis-identity": ["publish: not run on Travis"]}
