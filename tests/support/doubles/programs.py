"""Programs that do as they are told: what takes the place of ``process.run`` and ``process.read`` in unit tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike, fspath
from typing import Any

import pytest

from ecluse.errors import CommandError
from ecluse.machine import process
from ecluse.machine.process import Answer, Completed, quote

__all__ = ["Call", "Programs"]


@dataclass(frozen=True)
class Call:
    """The arguments that a program was started with."""

    argv: tuple[str, ...]
    options: Mapping[str, Any] = field(default_factory=dict)


class Programs:
    """Answers by how a command line begins: its output, or its exit code, or a function that returns either.

    Of two beginnings that fit, the longer answers. What has no answer is an error of the test. *errors* has what is
    written to standard error, by the beginning of a command line that fails.
    """

    def __init__(self, **answers: Any) -> None:
        self.answers: dict[str, str | int | Callable[[Call], str | int]] = dict(answers)
        self.errors: dict[str, str] = {}
        self.calls: list[Call] = []

    def take_over(self, monkeypatch: pytest.MonkeyPatch) -> Programs:
        """Be what ``process.run`` and ``process.read`` call."""
        monkeypatch.setattr(process, "run", self.run)
        monkeypatch.setattr(process, "read", self.read)
        return self

    def read(self, argv: Sequence[str | PathLike[str]], **options: Any) -> Answer:
        done = self.run(argv, **options)
        errors = next((text for start, text in self.errors.items() if quote(done.argv).startswith(start)), "")
        return Answer(done.argv, done.returncode, done.output.encode("utf-8", "surrogateescape"), errors.encode())

    def run(self, argv: Sequence[str | PathLike[str]], **options: Any) -> Completed:
        call = Call(tuple(fspath(argument) for argument in argv), options)
        self.calls.append(call)
        line = quote(call.argv)
        fitting = sorted((start for start in self.answers if line.startswith(start)), key=len)
        assert fitting, f"nothing says how this ends: {line}"
        answer = self.answers[fitting[-1]]
        answer = answer(call) if callable(answer) else answer
        output, code = (answer, 0) if isinstance(answer, str) else ("", answer)
        if output and options.get("on_output"):
            options["on_output"](output)
        if code and options.get("check", True):
            raise CommandError(f"{line} ended with {code}")
        return Completed(call.argv, code, output, 0.0)

    def started(self, *beginning: str) -> list[Call]:
        """The calls whose command lines begin so, in order."""
        return [call for call in self.calls if call.argv[: len(beginning)] == beginning]
