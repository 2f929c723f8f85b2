from __future__ import annotations

from pathlib import Path

import pytest

from ecluse.errors import RepositoryError
from ecluse.run.surroundings import check_heard, variables


@pytest.mark.parametrize("line", ['test "$mode" = x', "echo ${mode:-none}", "echo $mode/a"])
def test_variable_that_a_shell_names_counts(line: str, tmp_path: Path) -> None:
    environ = {"mode": "1", "other": "2"}
    assert variables([("sh", "-c", line)], environ, tmp_path) == {"mode": "1"}


@pytest.mark.parametrize(
    "line",
    [
        "PYTHONPATH=src python -m pytest",
        "cd a && PYTHONPATH= python x.py",
        "env -i python x.py",
        "unset PYTHONPATH; python x.py",
    ],
)
def test_command_that_silences_its_python_is_refused(line: str) -> None:
    with pytest.raises(RepositoryError, match="what its Pythons read is not known"):
        check_heard([("sh", "-c", line)])


@pytest.mark.parametrize(
    "line", ["PYTHONPATH=src:$PYTHONPATH python x.py", "env python x.py", "MYPYTHONPATH=a python x.py"]
)
def test_command_that_keeps_the_path_is_heard(line: str) -> None:
    check_heard([("sh", "-c", line)])
