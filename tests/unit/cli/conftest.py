"""The command as a shell calls it, in this process: its exit code, and what it prints."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from ecluse.cli import main
from ecluse.providers import PROVIDERS


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str


@pytest.fixture
def ecluse(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., Ended]]:
    """A function that runs ``ecluse`` with its arguments. Nothing of a provider's environment reaches it."""
    markers = (provider.marker for provider in PROVIDERS.values())
    for name in (*markers, "ECLUSE_REGISTRY", "ECLUSE_BUILT_TAG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_COLOR", "1")
    before = signal.getsignal(signal.SIGTERM)

    def run(*arguments: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["ecluse", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Ended(ended.value.code, printed.out, printed.err)

    yield run
    signal.signal(signal.SIGTERM, before)
