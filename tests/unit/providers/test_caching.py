from __future__ import annotations

from ecluse.definition.words import push
from ecluse.providers.caching import savers
from ecluse.providers.selection import select
from tests.support.providers.pipelines import job, pipeline

MATRIX = {"python": ("3.12", "3.13", "3.14"), "django": ("5.2", "6.1")}


def test_first_leg_of_each_python_saves_its_cache() -> None:
    definition = pipeline(job("lint"), job("tests", matrix=MATRIX), job("more", matrix={"python": ("3.11", "3.14")}))
    assert savers(definition, select(definition)) == {
        "lint": ({},),
        "tests": ({"python": "3.12", "django": "5.2"}, {"python": "3.14", "django": "5.2"}),
        "more": ({"python": "3.11"},),
    }


def test_job_with_credentials_saves_no_cache() -> None:
    definition = pipeline(job("image", when=push("main"), secrets=("KEY",)), job("lint", when=push("main")))
    assert savers(definition, select(definition)) == {"lint": ({},)}
