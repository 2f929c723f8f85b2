import sys

import pytest

from ecluse.machine.tools import argv_of


@pytest.mark.parametrize(
    ("step", "module"), [(("tox", "run"), "tox"), (("./ecluse", "render"), "ecluse"), (("uv", "lock"), "uv")]
)
def test_step_gets_the_tool_s_own_program(step: tuple[str, ...], module: str) -> None:
    assert argv_of(step) == (sys.executable, "-P", "-m", module, *step[1:])


@pytest.mark.parametrize("step", [("python", "-m", "tox"), ("tests/tox",), ()])
def test_step_gets_other_programs_from_the_path(step: tuple[str, ...]) -> None:
    assert argv_of(step) == step
