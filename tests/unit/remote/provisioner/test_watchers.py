"""The programs that watch the server: what of them would change."""

import pytest

from ecluse.monitoring import texts
from ecluse.remote.provisioner import watchers
from ecluse.remote.provisioner.debian import MARK
from ecluse.remote.provisioner.item import Item


@pytest.fixture
def wanted(monkeypatch, tmp_path):
    (tmp_path / "debian_version").write_text("13.1\n")
    monkeypatch.setattr(watchers, "VERSION", tmp_path / "debian_version")
    monkeypatch.setattr(watchers, "packages", lambda names: Item("packages", lambda: "", lambda: None))
    monkeypatch.setattr(watchers, "runs", lambda unit: True)
    (tmp_path / "secrets").mkdir()
    (tmp_path / "rules.yml").write_text(f"# {MARK}\n")
    return {
        "files": {str(tmp_path / "rules.yml"): f"# {MARK}\n"},
        "services": {"prometheus": 9090},
        "timer": "figures.timer",
        "secrets": {"HOOK": "a-secret"},
        "secrets_folder": str(tmp_path / "secrets"),
    }


def test_new_secret_is_named_and_not_shown(wanted, tmp_path):
    assert watchers.watchers(wanted).change() == "+secret HOOK\n"
    (tmp_path / "secrets" / "HOOK").write_text("a-secret")
    assert watchers.watchers(wanted).change() == ""
    assert watchers.watchers({**wanted, "secrets": {"HOOK": None}}).change() == ""  # it is kept


def test_secret_that_is_nowhere_is_asked_for(wanted):
    with pytest.raises(SystemExit, match="not set: HOOK"):
        watchers.watchers({**wanted, "secrets": {"HOOK": None}}).change()


def test_program_that_does_not_run_is_a_change(wanted, monkeypatch, tmp_path):
    (tmp_path / "secrets" / "HOOK").write_text("a-secret")
    monkeypatch.setattr(watchers, "runs", lambda unit: unit != "prometheus.service")
    assert watchers.watchers(wanted).change() == "+prometheus.service runs\n"


def test_debian_12_is_refused(wanted, tmp_path):
    (tmp_path / "debian_version").write_text("12.9\n")
    with pytest.raises(SystemExit, match="monitoring needs Debian 13"):
        watchers.watchers(wanted).change()


def test_files_have_the_mark_by_which_they_are_known_as_ours():
    assert texts.MARK == MARK
