"""Rules for all rendered files together."""

from __future__ import annotations

import time

import pytest

from ecluse.definition.model import Service
from ecluse.definition.words import push
from ecluse.errors import RenderError
from ecluse.render import HEADER, render
from tests.support.providers.pipelines import RELEASES, job, pipeline


def test_rendering_twice_gives_the_same_bytes() -> None:
    assert render(RELEASES).files == render(RELEASES).files


def test_every_file_says_that_it_is_rendered_and_how() -> None:
    for text in render(RELEASES).files.values():
        assert text.startswith(f"# {HEADER}\n")


def test_inexpressible_condition_is_refused_with_its_place() -> None:
    with pytest.raises(RenderError) as error:
        render(pipeline(job("odd", when=push("a*b*c"))))
    assert error.value.where == "pipeline.py, job 'odd', field 'when'"
    assert "GitHub" in error.value.what


def test_two_services_at_one_address_are_refused() -> None:
    services = tuple(Service(name=name, kind="postgres", version="18") for name in "ab")
    with pytest.raises(RenderError, match="two services of the kind postgres") as error:
        render(pipeline(job(services=("a", "b")), services=services))
    assert error.value.where == "pipeline.py, job 'lint', field 'services'"


def test_a_hundred_jobs_render_in_a_moment() -> None:
    definition = pipeline(*(job(f"job{index}", matrix={"python": ("3.12",)}) for index in range(100)))
    render(pipeline(job()))
    began = time.process_time()
    render(definition)
    # The budget is 0.3 s, kept by benchmarks/pipeline; here only what is an order of magnitude off fails.
    assert time.process_time() - began < 3
