"""``ecluse completion``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    # click asks the bash of this machine for its version, to warn of an old one.
    monkeypatch.setattr("click.shell_completion.BashComplete._check_version", staticmethod(lambda: None))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "ZDOTDIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_the_shell_s_own_script(shell: str, ecluse: Callable[..., Any]) -> None:
    done = ecluse("completion", shell)
    assert done.code == 0
    assert f"_ECLUSE_COMPLETE={shell}_complete" in done.out


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_installed_completion_is_read_at_the_shell_s_start(shell: str, ecluse: Callable[..., Any], home: Path) -> None:
    (home / f".{shell}rc").write_text("alias ll='ls -l'")
    for _ in range(2):
        assert ecluse("completion", shell, "--install").code == 0
    script = home / ".local/share/ecluse" / f"completion.{shell}"
    assert (home / f".{shell}rc").read_text() == f"alias ll='ls -l'\n. {script}\n"
    assert f"_ECLUSE_COMPLETE={shell}_complete" in script.read_text()


def test_installed_completion_of_fish_is_in_its_folder(ecluse: Callable[..., Any], home: Path) -> None:
    done = ecluse("completion", "fish", "--install")
    assert "_ECLUSE_COMPLETE=fish_complete" in (home / ".config/fish/completions/ecluse.fish").read_text()
    assert "Start a new fish" in done.out
