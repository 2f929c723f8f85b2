"""The commands of README, docs and the command line's help, run in a clone of this repository as they are written.

A block of shell that cannot run here says why, in a comment before it: ``<!-- not run: needs a server -->``. In a block
``console``, lines after a ``$`` are commands, and the others are what they print.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from ecluse.cli import cli
from tests.support.documents import DOCUMENTS, Block, blocks
from tests.support.providers.repositories import copy

TOP = Path(__file__).resolve().parents[3]
SHELL = [block for document in DOCUMENTS for block in blocks(document) if block.language in ("bash", "console")]
KEPT = ("LANG", "TZ", "TMPDIR")

# Examples of the help that end by themselves in a moment, and need no more than a clone.
EXAMPLES = {
    "plan": ("plan",),
    "run": ("run --dry-run --explain",),
    "render": ("render --check",),
    "graph": ("graph",),
    "completion": ("completion",),
    "test": ("test list",),
}


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone in which the tool is installed, and an environment for development."""
    if not (TOP / ".ecluse" / "tool" / "bin" / "python").is_file():
        pytest.skip("the tool is not installed here: ./ecluse --version installs it")
    folder = copy(tmp_path_factory.mktemp("documents") / "clone")
    (folder / ".ecluse").mkdir()
    (folder / ".ecluse" / "tool").symlink_to(TOP / ".ecluse" / "tool")
    (folder / ".tox").mkdir()
    (folder / ".tox" / "dev").symlink_to(sys.prefix)
    return folder


def sh(clone: Path, script: str) -> subprocess.CompletedProcess[str]:
    environ = {name: os.environ[name] for name in KEPT if name in os.environ}
    environ["HOME"] = str(clone.parent)
    environ["PATH"] = f"{sys.prefix}/bin{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ("bash", "-euc", script), cwd=clone, env=environ, text=True, capture_output=True, check=False, timeout=300
    )


@pytest.mark.parametrize("block", [one for one in SHELL if one.reason is None], ids=lambda block: block.name)
def test_shell_block_of_a_document_runs(block: Block, clone: Path) -> None:
    if block.language == "bash":
        done = sh(clone, block.text)
        assert done.returncode == 0, done.stdout + done.stderr
        return
    expected = re.split(r"(?m)^\$ (.*)\n", block.text)
    for command, output in zip(expected[1::2], expected[2::2], strict=True):
        done = sh(clone, command)
        assert output.strip() in done.stdout + done.stderr


@pytest.mark.parametrize("name", EXAMPLES)
def test_example_of_the_help_runs(name: str, clone: Path) -> None:
    found = [example for example in examples(name) if example.removeprefix("./ecluse ").startswith(EXAMPLES[name])]
    assert found
    for example in found:
        if not {"deploy", "provision"} & {*example.split()}:  # they need an environment that serves
            done = sh(clone, example)
            assert done.returncode == 0, f"{example}\n{done.stdout}{done.stderr}"


def examples(name: str) -> list[str]:
    """The examples at the beginning of a command's help, without what they are explained by."""
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    first, *lines = (command.help or "").lstrip("\b\n ").splitlines()
    assert first in ("Example:", "Examples:")
    block = lines[: lines.index("")] if "" in lines else lines
    return [re.split(r" {2,}", line.strip())[0] for line in block]


def test_installed_completion_is_there_in_a_new_bash(clone: Path) -> None:
    for _ in range(2):
        done = sh(clone, "./ecluse completion bash --install")
        assert done.returncode == 0, done.stderr
    assert (clone.parent / ".bashrc").read_text().count("ecluse") == 1
    asked = """
    COMP_WORDS=(./ecluse rollb) COMP_CWORD=1
    _ecluse_completion ./ecluse && echo "${COMPREPLY[@]}"
    complete -p ecluse
    """
    done = sh(clone, f"bash --noprofile -ic {shlex.quote(asked)}")
    assert done.stdout.splitlines()[0] == "rollback", done.stderr
    assert "_ecluse_completion" in done.stdout
