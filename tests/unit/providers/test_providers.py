"""A provider is a package and a line in the registry: one that there is not is added that way, and used."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ecluse import providers
from ecluse.cli import cli, job_summary
from ecluse.definition.model import Event
from ecluse.errors import RenderError
from ecluse.providers import PROVIDERS, provider_of, pull_request_number, reported
from ecluse.run.console import PlainConsole
from tests.support.doubles.runs import ended, shown
from tests.support.providers.pipelines import job, pipeline
from tests.support.providers.toy import Toy

PIPELINE = """
from ecluse import *
pipeline = Pipeline(
    name="shop",
    jobs=(
        Job(name="lint", when=pull_request("main"), steps=(command("true"),)),
        Job(name="release", when=tag("v*"), steps=(command("true"),)),
    ),
    providers=Providers(accept=("toy-timeout",)),
)
"""


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> Toy:
    """A provider in the registry."""
    added = Toy()
    monkeypatch.setattr(providers, "PROVIDERS", {**PROVIDERS, "toy": added})
    return added


@pytest.fixture
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pipeline.py").write_text(PIPELINE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ecluse(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


def test_providers_are_in_one_registry() -> None:
    assert list(PROVIDERS) == ["github", "gitlab", "travis"]


def test_laptop_reports_nothing_even_with_a_variable_left_over() -> None:
    assert reported({"CI": "true", "GITHUB_REF": "refs/heads/main"}) is None
    assert pull_request_number({}) is None


def test_added_provider_is_rendered_and_its_differences_said(top: Path, toy: Toy) -> None:
    result = ecluse("render")
    assert "wrote      .toy.yml" in result.output
    assert "note       toy-timeout: no job ends" in result.output
    assert "release:\n  on: tag v*\n" in (top / ".toy.yml").read_text()


def test_settings_of_an_added_provider_are_said_and_asked_for(
    top: Path, toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "set once   Toy CI: switch it on" in ecluse("render").output
    asked = ecluse("doctor", "toy")
    assert (asked.exit_code, asked.output) == (1, "✗ the switch\n    it is off\n")
    monkeypatch.setenv("TOY_SWITCH", "on")
    assert ecluse("doctor", "toy").exit_code == 0


def test_provider_that_cannot_be_asked_says_so(top: Path) -> None:
    (top / "pipeline.py").write_text(PIPELINE.replace('accept=("toy-timeout",)', 'only=("travis",)'))
    for name, why in (("travis", "cannot ask this provider"), ("github", "no job of the pipeline runs at github")):
        assert why in str(ecluse("doctor", name).exception)


def test_drift_of_an_added_provider_is_refused(top: Path, toy: Toy) -> None:
    ecluse("render")
    assert ecluse("render", "--check").exit_code == 0
    (top / ".toy.yml").write_text((top / ".toy.yml").read_text().replace("v*", "w*"))
    result = ecluse("render", "--check")
    assert isinstance(result.exception, RenderError) and "-  on: tag w*" in result.exception.what


def test_file_that_a_provider_renders_no_more_is_removed(top: Path, toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    ecluse("render")
    monkeypatch.setattr(toy, "files", lambda *arguments: {})
    assert "removed    .toy.yml" in ecluse("render").output
    assert not (top / ".toy.yml").exists()


def test_pipeline_is_rendered_for_the_providers_that_it_names(top: Path, toy: Toy) -> None:
    ecluse("render")
    (top / "pipeline.py").write_text(PIPELINE.replace("accept=", 'only=("gitlab", "toy"), accept='))
    output = ecluse("render").output
    assert "removed    .travis.yml" in output and "removed    .github/workflows/pipeline.yml" in output
    assert (top / ".gitlab-ci.yml").is_file() and (top / ".toy.yml").is_file()
    assert not (top / ".travis.yml").exists() and not list((top / ".github").rglob("*.yml"))


def test_unknown_provider_is_refused_with_those_that_there_are(top: Path) -> None:
    (top / "pipeline.py").write_text(PIPELINE.replace('accept=("toy-timeout",)', 'only=("gitea",)'))
    result = ecluse("render")
    assert isinstance(result.exception, RenderError)
    assert "there is no provider 'gitea'" in str(result.exception)
    assert "github, gitlab, travis" in str(result.exception.hint)


def test_event_of_an_added_provider_is_played(top: Path, toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOY", "true")
    monkeypatch.setenv("TOY_TAG", "v1.0")
    assert reported({"TOY": "true", "TOY_TAG": "v1.0"}) == Event(kind="tag", tag="v1.0")
    assert ecluse("plan").output.startswith("tag v1.0")


def test_log_of_an_added_provider_folds(toy: Toy, tmp_path: Path) -> None:
    definition = pipeline(job("lint"), job("unit"))
    run = ended(definition, tmp_path / "run", {"lint": "failed"}, logs={"lint": "E501 long\n"})
    said: list[str] = []
    shown(PlainConsole(said.append, provider_of({"TOY": "true"})), run)
    assert "<lint>\nE501 long\n</lint>\n" in "".join(said)


def test_rollout_is_in_the_summary_of_an_added_provider(toy: Toy, tmp_path: Path) -> None:
    file = tmp_path / "summary"
    job_summary.succeeded({"TOY": "true", "TOY_SUMMARY": str(file)}, "deploy", "staging", "new", None)
    assert "deploy of release new to staging" in file.read_text()
