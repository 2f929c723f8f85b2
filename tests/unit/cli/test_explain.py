from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ecluse.cli.explain import ADVICE, by_code


def test_explain_says_meaning_advice_and_page(ecluse: Callable[..., Any]) -> None:
    done = ecluse("explain", "11")
    assert done.code == 0
    assert done.out.startswith("The new release was refused before anything changed")
    assert "--allow-migration APP.NUMBER" in done.out
    assert done.out.endswith("More in Écluse's documentation: explanation/rollouts.md\n")


def test_every_error_has_advice_and_every_advice_an_error() -> None:
    assert ADVICE.keys() == by_code().keys()


def test_explain_without_a_code_lists_all(ecluse: Callable[..., Any]) -> None:
    lines = ecluse("explain").out.splitlines()
    assert [int(line.split()[0]) for line in lines] == sorted(ADVICE)
    assert "  7  Somebody else is rolling out to this environment" in "\n".join(lines)


def test_explain_refuses_an_unknown_code(ecluse: Callable[..., Any]) -> None:
    done = ecluse("explain", "99")
    assert done.code == 2 and "no error ends with 99; there are 1, 3, 4" in done.err
