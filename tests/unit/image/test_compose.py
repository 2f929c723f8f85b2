from pathlib import Path

from ecluse.image.compose import down, up


def test_outside_test_returns_its_services_code_and_cleans_up():
    compose = ("docker", "compose", "--ansi", "never", "--file", "ci.yml", "--project-name", "p1")
    assert up(Path("ci.yml"), project="p1", service="tests") == (
        *compose,
        *("up", "--no-build", "--quiet-pull", "--exit-code-from", "tests"),
    )
    assert down(Path("ci.yml"), project="p1") == (
        *compose,
        *("down", "--volumes", "--remove-orphans", "--timeout", "5"),
    )
