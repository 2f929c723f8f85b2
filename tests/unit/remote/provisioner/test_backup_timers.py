"""The backups of a provisioned site: their timers, and their password."""

import json

import pytest

from ecluse.remote.provisioner import backup_timers as timers
from ecluse.remote.provisioner.debian import MARK

ORDER = {
    "user": "shop",
    "environment": "production",
    "folder": "ecluse/shop-production",
    "backup": {"every": "day", "variables": {"AWS_ACCESS_KEY_ID": "of-the-vault"}},
}


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """A machine whose units, and whose site, are in a folder of the test. What would be run is returned."""
    ran = []
    monkeypatch.setattr(timers, "start_unit", lambda order: tmp_path / "ecluse-shop-production.service")
    monkeypatch.setattr(timers, "place", lambda order: str(tmp_path))
    monkeypatch.setattr(timers, "run", lambda argv, input="": ran.append((argv, input)))
    monkeypatch.setattr(timers, "_is_set", lambda timer: True)
    return ran


def test_timers_save_and_prove_as_the_account_of_the_site(machine, tmp_path):
    item = timers.backup_timers(ORDER)
    assert "+OnCalendar=*-*-* 03:17:00" in item.change()
    item.apply()
    assert item.change() == ""
    save, proof = (tmp_path / f"ecluse-shop-production.{name}.service" for name in ("backup", "proof"))
    assert (
        f"User=shop\nWorkingDirectory={tmp_path}\nExecStart={tmp_path}/ecluse backup production\n" in save.read_text()
    )
    assert f"ExecStart={tmp_path}/ecluse backup production --prove\n" in proof.read_text()
    assert (["systemctl", "enable", "ecluse-shop-production.proof.timer"], "") in machine


@pytest.mark.parametrize("backup", [None, {"every": "", "variables": {}}])
def test_timers_that_are_no_longer_wanted_are_taken_away(machine, tmp_path, backup):
    timers.backup_timers(ORDER).apply()
    item = timers.backup_timers({**ORDER, "backup": backup})
    assert item.change().count(f"-# {MARK}") == 4
    item.apply()
    assert item.change() == "" and not list(tmp_path.iterdir())
    assert (["systemctl", "disable", "--now", "ecluse-shop-production.backup.timer"], "") in machine


def test_password_is_made_where_there_is_none(machine, tmp_path):
    item = timers.backup_password(ORDER)
    assert item.change() == "+RESTIC_PASSWORD\n+AWS_ACCESS_KEY_ID\n"
    item.apply()
    [(argv, written)] = machine
    assert argv[:3] == ["runuser", "-u", "shop"] and len(json.loads(written)["RESTIC_PASSWORD"]) > 30
    assert "keep a copy of that file elsewhere" in item.note()


def test_password_that_is_there_is_never_replaced(machine, tmp_path):
    folder = tmp_path / ".ecluse" / "environments" / "production"
    folder.mkdir(parents=True)
    (folder / "backup.json").write_text('{"RESTIC_PASSWORD": "good"}')
    given = {"RESTIC_PASSWORD": "wrong", "AWS_ACCESS_KEY_ID": "of-the-vault"}
    item = timers.backup_password({**ORDER, "backup": {"every": "", "variables": given}})
    assert item.change() == "+AWS_ACCESS_KEY_ID\n"
    item.apply()
    assert json.loads(machine[0][1]) == {"RESTIC_PASSWORD": "good", "AWS_ACCESS_KEY_ID": "of-the-vault"}

    (folder / "backup.json").write_text(machine[0][1])
    given["AWS_ACCESS_KEY_ID"] = "another"
    assert item.change() == "~AWS_ACCESS_KEY_ID\n"
    item.apply()
    assert json.loads(machine[1][1]) == {"RESTIC_PASSWORD": "good", "AWS_ACCESS_KEY_ID": "another"}
