"""The program that provisions: a part that may fail at the end keeps no other one from being done."""

import json
import sys

import pytest

from ecluse.remote.provisioner import __main__ as program
from ecluse.remote.provisioner.item import Item


@pytest.fixture
def applied(monkeypatch):
    """The names of the parts that are applied; "certificate" fails."""
    done = []

    def item(name, **more):
        def apply():
            done.append(name)
            if name == "certificate":
                sys.exit("no certificate")

        return Item(name, lambda: "" if name in done else "+it\n", apply, **more)

    monkeypatch.setattr(program, "check", lambda: None)
    monkeypatch.setattr(program, "alone", lambda: None)
    monkeypatch.setattr(program, "items", lambda order: [item("nginx"), item("certificate", **order), item("firewall")])
    return done


def test_late_part_that_fails_is_said_at_the_end(applied, capsys):
    program.main("apply", {"late": True})
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert applied == ["nginx", "certificate", "firewall"] and said["failed"] == {"certificate": "no certificate"}


def test_other_part_that_fails_is_the_end(applied):
    with pytest.raises(SystemExit, match="no certificate"):
        program.main("apply", {})
    assert applied == ["nginx", "certificate"]
