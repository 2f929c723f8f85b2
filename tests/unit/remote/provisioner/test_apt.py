"""apt and dpkg on a server: their locks, and an installation that was interrupted."""

import pytest

from ecluse.remote.provisioner import apt


@pytest.fixture
def ran(monkeypatch, tmp_path):
    """The programs that were run, on a machine whose dpkg nobody uses."""
    programs = []
    monkeypatch.setattr(apt, "run", lambda argv, **more: programs.append([argv[0], *argv[-2:]]))
    monkeypatch.setattr(apt, "INTERRUPTED", tmp_path / "updates")
    monkeypatch.setattr(apt, "LOCKS", (tmp_path / "lock",))
    monkeypatch.setattr(apt.time, "sleep", lambda seconds: None)
    return programs


def test_interrupted_installation_is_finished_first(ran):
    apt.INTERRUPTED.mkdir()
    apt.install(["tree"])
    assert ran[0][0] == "apt-get"
    del ran[:]
    (apt.INTERRUPTED / "0001").touch()
    apt.install(["tree"])
    assert ran[0] == ["dpkg", "--configure", "-a"] and ran[-1][-1] == "tree"


def test_lock_that_is_free_is_not_waited_for(ran, capsys):
    apt.LOCKS[0].touch()
    apt.install(["tree"])
    assert capsys.readouterr().out == "" and ran


def test_holder_of_the_lock_is_told_once_then_waited_for(ran, monkeypatch, capsys):
    holders = iter(["process 7 (apt)", "process 7 (apt)", None])
    monkeypatch.setattr(apt, "_holder", lambda lock: next(holders))
    apt.install(["tree"])
    assert capsys.readouterr().out == '{"item": "waiting for process 7 (apt), which holds the lock of dpkg"}\n'


def test_lock_that_is_never_released_names_its_holder(ran, monkeypatch):
    monkeypatch.setattr(apt, "PATIENCE", -1)
    monkeypatch.setattr(apt, "_holder", lambda lock: "process 7 (apt)")
    with pytest.raises(SystemExit, match=r"process 7 \(apt\) has held the lock"):
        apt.install(["tree"])
    assert ran == []
