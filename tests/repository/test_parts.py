"""The parts that `./ecluse ship` runs are together what other events run whole; no part misses a file that can break
it.
"""

import ast
import configparser
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from ecluse.definition.load import load
from ecluse.definition.model import Job
from ecluse.run.inputs import chosen

TOP = Path(__file__).resolve().parents[2]
PIPELINE = load(TOP / "pipeline.py")
EXCEPT = "--ignore-glob=*/"


def parts(prefix: str) -> dict[str, Job]:
    return {job.name: job for job in PIPELINE.jobs if job.name.startswith(prefix) and job.name != "tests-container"}


def arguments(job: Job) -> tuple[str, ...]:
    """The arguments that the job passes to its tox environment."""
    command = job.steps[0].run
    return command[command.index("--") + 1 :]


def folders(job: Job) -> set[str]:
    return {argument for argument in arguments(job) if argument.startswith("tests/website")}


REST = parts("tests-")["tests-site"]
OTHERS = {folder for job in parts("tests-").values() if job != REST for folder in folders(job)}
APPLICATIONS = sorted(folder.rpartition("/")[2] for folder in OTHERS if folder != "tests/website/settings")


def test_lint_inputs_are_the_files_lint_reads() -> None:
    tox = configparser.RawConfigParser()
    tox.read(TOP / "tox.ini")
    [whole] = set(re.findall(r"\{posargs:(.*)\}", tox["testenv:lint{,-code,-types,-files}"]["commands"]))
    read = {path for job in parts("lint-").values() for path in arguments(job)}
    # src is named by the two packages in it.
    packages = {f"src/{path.parent.name}" for path in TOP.glob("src/*/__init__.py")}
    assert packages <= read
    assert (read - packages) | {"src"} == set(whole.split())


def test_website_test_without_a_job_runs_in_the_last_job() -> None:
    left_out = {argument.removeprefix(EXCEPT) for argument in arguments(REST) if argument.startswith(EXCEPT)}
    assert {f"tests/website/{name}" for name in left_out} == OTHERS
    assert all((TOP / folder).is_dir() for folder in OTHERS)
    assert not [pattern for pattern in REST.inputs if pattern.startswith("!")]


@pytest.mark.parametrize("application", APPLICATIONS)
def test_application_with_its_own_job_imports_no_other(application: str) -> None:
    others = [name for name in APPLICATIONS if name != application]
    imported = {module for path in modules(application) for module in imports(path)}
    assert not [module for module in imported for name in others if f"{module}.".startswith(f"website.{name}.")]


@pytest.mark.parametrize(
    "job", [job for job in PIPELINE.jobs if job.name.startswith("tests")], ids=lambda job: job.name
)
def test_imported_support_files_are_inputs_of_the_job(job: Job) -> None:
    left_out = [argument.removeprefix(EXCEPT) for argument in arguments(job) if argument.startswith(EXCEPT)]
    found = (path for folder in folders(job) for path in (TOP / folder).rglob("*.py"))
    needed = support(path for path in found if not {*path.relative_to(TOP).parts}.intersection(left_out))
    assert not needed - {*chosen(needed, job.inputs)}


def test_imported_stand_ins_are_found_by_the_parts_check() -> None:
    # Or the test before could not fail.
    for application, name in (("uploads", "imagekit"), ("weather", "open_meteo")):
        assert f"testbed/standins/{name}.py" in support((TOP / "tests" / "website" / application).rglob("*.py"))


def support(paths: Iterable[Path]) -> set[str]:
    """The files beside the tests that *paths* import, and those that these import in turn."""
    found: set[str] = set()
    waiting = list(paths)
    while waiting:
        for module in imports(waiting.pop()):
            # A module, or a name in one.
            for name in (module, module.rpartition(".")[0]):
                path = TOP / f"{name.replace('.', '/')}.py"
                relative = path.relative_to(TOP).as_posix()
                if name.startswith(("tests.", "testbed.")) and relative not in found and path.is_file():
                    found.add(relative)
                    waiting.append(path)
    return found


def modules(application: str) -> Iterator[Path]:
    # A command may be about the site as a whole: its tests are in the last part.
    own = (TOP / "src" / "website" / application).rglob("*.py")
    yield from (path for path in own if path.parent.name != "commands")
    yield from (TOP / "tests" / "website" / application).rglob("*.py")


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
