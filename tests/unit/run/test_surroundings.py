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
    ("command", "file", "content"),
    [
        ("make", "Makefile", "all:\n\ttest $(mode)\n"),
        ("make", "makefile", "all:\n\ttest $$mode\n"),
        ("make -C app", "app/GNUmakefile", "all:\n\ttest ${mode}\n"),
        ("tox -c app", "app/tox.ini", "pass_env = MODE\n"),
        ("app/check.sh", "app/check.sh", "#!/usr/bin/env bash\ntest $mode\n"),
        ("sh app/check.sh", "app/check.sh", "test $mode\n"),
        ("sh app/check", "app/check", "#!/bin/sh\necho ${mode:-x} $PATH\n"),
    ],
)
def test_variable_that_a_named_file_names_counts(command: str, file: str, content: str, tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / file).write_text(content)
    environ = {"MODE" if "tox" in command else "mode": "1", "PATH": "/bin", "other": "2"}
    assert [*variables([command.split()], environ, tmp_path)] == [next(iter(environ))]


@pytest.mark.parametrize(
    "line",
    [
        "PYTHONPATH=src python -m pytest",
        "cd a && PYTHONPATH= python x.py",
        "env -i python x.py",
        "unset PYTHONPATH; python x.py",
        "unset -v PYTHONPATH && python x.py",
        "unset PYTHONHOME PYTHONPATH; python x.py",
        "export -n PYTHONPATH; python x.py",
        "exec -c python x.py",
        "env -u PYTHONPATH python x.py",
        "/usr/bin/env -uPYTHONPATH python x.py",
        "env --unset=PYTHONPATH python x.py",
        "env -v -u HOME --unset PYTHONPATH python x.py",
        "env --ignore-environment python x.py",
        "env -C app -i python x.py",
        "env - python x.py",
    ],
)
def test_command_that_silences_its_python_is_refused(line: str) -> None:
    with pytest.raises(RepositoryError, match="what its Pythons read is not known"):
        check_heard([("sh", "-c", line)])


@pytest.mark.parametrize(
    "command",
    [
        ("env", "-i", "python", "x.py"),
        ("env", "-u", "PYTHONPATH", "python", "x.py"),
        ("env", "--unset=PYTHONPATH", "python", "x.py"),
        ("env", "PYTHONPATH=src", "python", "x.py"),
        ("sh", "-c", 'exec "$@"', "sh", "env", "-i"),
    ],
)
def test_command_without_a_shell_is_refused_alike(command: tuple[str, ...]) -> None:
    with pytest.raises(RepositoryError, match="what its Pythons read is not known"):
        check_heard([("true",), command])


@pytest.mark.parametrize(
    "line",
    [
        "PYTHONPATH=src:$PYTHONPATH python x.py",
        "env python x.py",
        "MYPYTHONPATH=a python x.py",
        "unset PYTHONHOME; echo PYTHONPATH",
        "exec python -c pass",
        "exec sh -c x",
        "kubectl exec -c app pod",
        "env -u HOME python x.py",
        "env -u HOME grep -i x",
        "env LEVEL=1 grep -i x",
        "env --unset=PYTHONPATHS python x.py",
    ],
)
def test_command_that_keeps_the_path_is_heard(line: str) -> None:
    check_heard([("sh", "-c", line)])
