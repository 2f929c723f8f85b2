"""The program that provisions a server: what it would write, and what it leaves alone."""

import pytest

from ecluse.remote import provisioner

ORDER = {
    "administrator": "admin",
    "user": "shop",
    "keys": ["ssh-ed25519 AAAA"],
    "ports": [443, 80],
    "packages": ["tree"],
}


def test_firewall_opens_ssh_where_it_listens_and_the_given_ports(monkeypatch):
    monkeypatch.setattr(provisioner, "run", lambda argv: "port 2222\naddressfamily any\n")
    rules = provisioner.firewall_wanted(ORDER)
    assert "tcp dport { 80, 443, 2222 } accept" in rules and "policy drop" in rules


def test_ssh_server_is_judged_by_what_is_in_force(monkeypatch, tmp_path):
    path = tmp_path / "00-ecluse.conf"
    path.write_text(provisioner.ssh_wanted())
    monkeypatch.setattr(provisioner, "SSHD", path)
    force = "permitrootlogin no\npasswordauthentication {}\nkbdinteractiveauthentication no\n"
    monkeypatch.setattr(provisioner, "run", lambda argv: force.format("yes"))
    assert provisioner.ssh_change() == "-passwordauthentication yes\n"
    monkeypatch.setattr(provisioner, "run", lambda argv: force.format("no"))
    assert provisioner.ssh_change() == ""


def test_file_of_ours_is_written_once(tmp_path):
    path = tmp_path / "file"
    item = provisioner.a_file("upgrades", path, provisioner.upgrades(), 0o640)
    assert '+APT::Periodic::Unattended-Upgrade "1";' in item.change()
    item.apply()
    assert item.change() == "" and path.stat().st_mode & 0o777 == 0o640


def test_file_of_somebody_else_is_never_overwritten(tmp_path):
    path = tmp_path / "file"
    path.write_text("theirs\n")
    with pytest.raises(SystemExit, match="was not written by ecluse"):
        provisioner.a_file("upgrades", path, provisioner.upgrades()).change()


def test_parts_that_could_lock_out_come_last_and_are_guarded():
    guarded = [item.guarded for item in provisioner.items(ORDER)]
    assert guarded == sorted(guarded) and sum(guarded) == 2
