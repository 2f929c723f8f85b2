"""The clock of the server."""

import pytest

from ecluse.remote.provisioner import clock


@pytest.fixture
def zones(monkeypatch, tmp_path):
    for name in ("Paris", "Rome"):
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(clock, "ZONES", tmp_path)
    monkeypatch.setattr(clock, "LOCAL", tmp_path / "localtime")
    monkeypatch.setattr(clock, "NAME", tmp_path / "timezone")
    return tmp_path


def test_time_zone_is_set_once(zones):
    (zones / "localtime").symlink_to(zones / "Rome")
    (zones / "timezone").write_text("Rome\n")
    item = clock.time_zone("Paris")
    assert item.change() == f"-{zones}/Rome\n+{zones}/Paris\n"
    item.apply()
    assert item.change() == "" and (zones / "timezone").read_text() == "Paris\n"


def test_time_zone_that_debian_does_not_know_is_refused(zones):
    with pytest.raises(SystemExit, match="no time zone Mars"):
        clock.time_zone("Mars").apply()
    assert not (zones / "localtime").exists()


def test_program_that_keeps_the_clock_right_stays(monkeypatch, tmp_path):
    monkeypatch.setattr(clock, "UNITS", tmp_path)
    assert clock.time_daemon() == "systemd-timesyncd"
    (tmp_path / "chrony.service").touch()
    assert clock.time_daemon() == "chrony"
