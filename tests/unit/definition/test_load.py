from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ecluse.definition.load import load
from ecluse.errors import DefinitionError

HEAD = "from ecluse import *\n"
GOOD = HEAD + "pipeline = Pipeline(name='x', jobs=(Job(name='a', steps=(command('true'),)),))\n"


def refusal(folder: Path, text: str | bytes) -> DefinitionError:
    path = folder / "pipeline.py"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(DefinitionError) as caught:
        load(path)
    return caught.value


def test_loading_a_good_file_leaves_sys_path_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "names_of_jobs.py").write_text("NAME = 'lint'\n")
    path = tmp_path / "pipeline.py"
    path.write_text("from names_of_jobs import NAME\n" + GOOD.replace("'a'", "NAME"))
    before = list(sys.path)
    assert [job.name for job in load(path).jobs] == ["lint"]
    assert sys.path == before
    del sys.modules["names_of_jobs"]


@pytest.mark.parametrize(
    ("text", "where", "what", "hint"),
    [
        (HEAD + "pipeline = Pipeline(\n", "pipeline.py:2", "'(' was never closed", "Pipeline("),
        (HEAD + "\nx = 1 / 0\n", "pipeline.py:3", "ZeroDivisionError: division by zero", "docstrings of"),
        (HEAD + "raise SystemExit\n", "pipeline.py:2", "SystemExit", "docstrings of"),
        ("import django_is_not_here\n", "pipeline.py:1", "No module named", "files beside it"),
        ("from ecluse import Jop\n", "pipeline.py:1", "cannot import name 'Jop'", "ecluse"),
        (HEAD + "Job(name='a', stepz=())\n", "pipeline.py:2", "unexpected keyword argument", "did you mean steps?"),
        (HEAD + "Job('a')\n", "pipeline.py:2", "positional argument", "docstrings of"),
        ("", "pipeline.py", "defines no pipeline", "pipeline = Pipeline("),
        (GOOD + "other = Pipeline(name='y', jobs=())\n", "pipeline.py", "2 pipelines: pipeline, other", "one"),
        (b"\xff\xfe", "pipeline.py", "not UTF-8", None),
        (b"a\0b", "pipeline.py", "null bytes", None),
        ("from asyncio import CancelledError\nraise CancelledError\n", "pipeline.py:2", "CancelledError", None),
        ("class E(Exception):\n def __str__(self): 1 / 0\nraise E\n", "pipeline.py:3", "E", "docstrings of"),
    ],
)
def test_broken_pipeline_file_is_refused_with_line_and_hint(
    tmp_path: Path, text: str | bytes, where: str, what: str, hint: str | None
) -> None:
    error = refusal(tmp_path, text)
    assert error.where == where
    assert what in error.what
    assert hint is None or hint in (error.hint or "")


def test_pipeline_that_prints_leaves_standard_output_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The result of a command may be JSON."""
    path = tmp_path / "pipeline.py"
    path.write_bytes(b"\xef\xbb\xbf" + f"{GOOD}print('hello')\n".encode())
    assert load(path).name == "x"
    assert capsys.readouterr() == ("", "hello\n")


def test_an_alias_is_not_a_second_pipeline(tmp_path: Path) -> None:
    path = tmp_path / "pipeline.py"
    path.write_text(GOOD + "ci = pipeline\n")
    assert load(path).name == "x"


def test_missing_pipeline_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="cannot be read: No such file"):
        load(tmp_path / "pipeline.py")


def test_problem_has_the_line_of_its_job(tmp_path: Path) -> None:
    text = (
        HEAD + "pipeline = Pipeline(\n name='x',\n jobs=(\n  Job(name='a', needs=('b',), steps=(command('true'),)),))\n"
    )
    error = refusal(tmp_path, text)
    assert error.where == "pipeline.py:5"
    assert error.what == "job 'a', field 'needs': there is no job 'b'"


def test_load_error_lists_all_problems(tmp_path: Path) -> None:
    text = HEAD + (
        "pipeline = Pipeline(name='x', jobs=(\n"
        " Job(name='a', needs=('lnt',), steps=()),\n"
        " Job(name='lint', matrix={'python': ()}, steps=(command('true'),)),\n"
        "))\n"
    )
    lines = refusal(tmp_path, text).what.splitlines()
    assert lines == [
        "3 problems",
        "  pipeline.py:3: job 'a', field 'needs': there is no job 'lnt' (did you mean 'lint'?)",
        "  pipeline.py:3: job 'a', field 'steps': is empty: a job needs at least one step",
        "  pipeline.py:4: job 'lint', field 'matrix.python': has no value: remove the axis, or give it at least one",
    ]
