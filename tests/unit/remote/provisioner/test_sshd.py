"""The SSH server: it is judged by the values in force, in whatever file they stand."""

from ecluse.remote.provisioner import sshd


def test_ssh_server_is_judged_by_what_is_in_force(monkeypatch, tmp_path):
    path = tmp_path / "00-ecluse.conf"
    path.write_text(sshd.ssh_wanted())
    monkeypatch.setattr(sshd, "SSHD", path)
    force = "permitrootlogin no\npasswordauthentication {}\nkbdinteractiveauthentication no\n"
    monkeypatch.setattr(sshd, "run", lambda argv: force.format("yes"))
    assert sshd.ssh_change() == "-passwordauthentication yes\n"
    monkeypatch.setattr(sshd, "run", lambda argv: force.format("no"))
    assert sshd.ssh_change() == ""
