"""The parts of a server that are taken away: our own alone."""

import pytest

from ecluse.remote.provisioner import removals
from ecluse.remote.provisioner.debian import MARK

ORDER = {
    "administrator": "admin",
    "user": "shop",
    "folder": "ecluse/shop-production",
    "front": None,
    "monitoring": None,
}


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """A machine that was provisioned: the files of its parts."""
    for name in ("UPGRADES", "FILE", "SWAP", "FIREWALL", "UNIT", "SSHD"):
        (tmp_path / name).write_text(f"# {MARK}")
        monkeypatch.setattr(removals, name, tmp_path / name)
    start = tmp_path / "ecluse-shop-production.service"
    start.write_text(f"# {MARK}")
    monkeypatch.setattr(removals, "UNITS", tmp_path)
    monkeypatch.setattr(removals, "start_unit", lambda order: start)
    return tmp_path


def test_removal_names_each_file_and_what_stays(machine):
    items = list(removals.removals(ORDER))
    assert [item.name for item in items] == ["timers of the backups", "start", "upgrades", "swap", "firewall", "ssh"]
    assert items[3].change() == f"-{machine}/FILE\n-{machine}/SWAP\n"
    assert "accounts admin (with /etc/sudoers.d/ecluse) and shop" in items[1].note()


def test_removal_of_monitoring_names_its_files(machine):
    order = {**ORDER, "monitoring": {"files": {str(machine / "SSHD"): ""}}}
    found = {item.name: item.change() for item in removals.removals(order)}
    assert found["monitoring"] == f"-{machine}/SSHD\n"


def test_removal_leaves_files_of_people(machine):
    (machine / "UPGRADES").write_text("theirs")
    assert next(item for item in removals.removals(ORDER) if item.name == "upgrades").change() == ""


def test_removal_of_nginx_leaves_other_sites(machine, monkeypatch):
    (machine / "sites").mkdir()
    (machine / "sites" / "ours").write_text(f"# {MARK}")
    monkeypatch.setattr(removals, "site_paths", lambda order: (machine / "sites" / "ours",))
    monkeypatch.setattr(removals, "SHARED", machine / "UPGRADES")
    monkeypatch.setattr(removals, "HOOK", machine / "none")
    found = {item.name: item.change() for item in removals.removals({**ORDER, "front": {"names": ["shop.example"]}})}
    assert found["nginx"] == f"-{machine}/sites/ours\n" and found["nginx of the machine"] == f"-{machine}/UPGRADES\n"


def test_removal_of_what_is_not_there_changes_nothing(machine):
    for path in machine.iterdir():
        path.unlink()
    assert not any(item.change() for item in removals.removals(ORDER))


def test_machine_of_another_environment_stays_as_it_is(machine):
    (machine / "ecluse-swap.service").write_text(f"# {MARK}\nExecStart=/usr/sbin/swapon")
    (machine / "ecluse-shop-staging.service").write_text(f"# {MARK}\nExecStart=/home/shop/ecluse start staging")
    (machine / "postgresql.service").write_text("[Unit]")
    items = list(removals.removals(ORDER))
    assert [item.name for item in items if item.change()] == ["start"]
    assert "the machine serves ecluse-shop-staging too" in items[2].note()
