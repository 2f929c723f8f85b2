from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ecluse.cli import cli
from ecluse.errors import RenderError

PIPELINE = """
from ecluse import *
pipeline = Pipeline(
    name="shop",
    services=(Service(name="db", kind="postgres", version="18"),),
    jobs=(
        Job(name="lint", when=pull_request("main"), steps=(command("true"),), services=("db",)),
        Job(name="release", when=tag("v*"), steps=(command("true"),)),
    ),
    providers=Providers(accept=(ACCEPTED)),
)
"""


@pytest.fixture
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pipeline.py").write_text(PIPELINE.replace("ACCEPTED", '"travis-service-version",'))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ecluse(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


def test_render_writes_the_files_and_names_the_differences(top: Path) -> None:
    result = ecluse("render")
    assert result.exit_code == 0
    assert "wrote      .github/workflows/pipeline.yml" in result.output
    assert "note       travis-service-version: lint: postgres is 18" in result.output
    assert (top / ".travis.yml").is_file()
    assert "as it was  .travis.yml" in ecluse("render").output


def test_render_works_from_any_folder_of_the_repository(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (top / "deep").mkdir()
    monkeypatch.chdir(top / "deep")
    ecluse("render")
    assert (top / ".travis.yml").is_file()


def test_render_check_writes_and_prints_nothing_if_up_to_date(top: Path) -> None:
    ecluse("render")
    before = (top / ".travis.yml").read_bytes()
    result = ecluse("render", "--check")
    assert (result.exit_code, result.output) == (0, "")
    (top / ".travis.yml").write_bytes(before + b"# mine\n")
    result = ecluse("render", "--check")
    assert isinstance(result.exception, RenderError)
    assert "-# mine" in str(result.exception)
    assert (top / ".travis.yml").read_bytes() == before + b"# mine\n"


def test_render_with_an_unaccepted_difference_writes_nothing(top: Path) -> None:
    (top / "pipeline.py").write_text(PIPELINE.replace("ACCEPTED", ""))
    result = ecluse("render")
    assert isinstance(result.exception, RenderError)
    assert not (top / ".travis.yml").exists()


def test_graph_goes_to_standard_output_or_a_file(top: Path) -> None:
    picture = ecluse("graph").output
    assert picture.startswith("<svg") and picture.endswith("</svg>\n")
    assert ecluse("graph", "--output", "jobs.svg").output == ""
    assert (top / "jobs.svg").read_text() == picture


def test_graph_shows_what_one_event_runs(top: Path) -> None:
    picture = ecluse("graph", "--event", "tag", "--ref", "v1.0").output
    assert ">release<" in picture and ">lint<" not in picture


def test_a_ref_without_its_event_is_refused(top: Path) -> None:
    result = ecluse("graph", "--ref", "v1.0")
    assert result.exit_code == 2 and "--event" in result.output
