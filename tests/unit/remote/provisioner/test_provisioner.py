"""The program that provisions: the order of its changes, what may fail, and the timer before what could lock out."""

import json
import sys

import pytest

from ecluse.remote.provisioner import __main__ as program
from ecluse.remote.provisioner.item import Item


class Machine:
    """A machine of parts that are wrong until they are changed, and what was done to it."""

    def __init__(self, *wrong: str) -> None:
        self.wrong, self.done = set(wrong), []

    def item(self, name: str, *, guarded: bool = False, mends: bool = True) -> Item:
        def apply() -> None:
            self.done.append(name)
            self.wrong -= {name} if mends else set()

        return Item(name, lambda: f"+{name}\n" if name in self.wrong else "", apply, guarded)


@pytest.fixture
def machine(monkeypatch):
    machine = Machine("packages", "ssh")
    monkeypatch.setattr(program, "is_guarded", lambda: "timer" in machine.done)
    monkeypatch.setattr(program, "guard", lambda path: machine.done.append("timer"))
    return machine


def apply(*parts: Item) -> dict[str, str]:
    return program.apply([(item, item.change()) for item in parts])[0]


def test_timer_is_set_right_before_the_first_guarded_change(machine):
    changes = apply(machine.item("packages"), machine.item("time"), machine.item("ssh", guarded=True))
    assert machine.done == ["packages", "timer", "ssh"] and list(changes) == ["packages", "ssh"]
    del machine.done[:]
    assert apply(machine.item("packages"), machine.item("ssh", guarded=True)) == {} and machine.done == []


def test_timer_of_a_killed_run_is_set_anew_so_that_it_is_stopped(machine):
    machine.wrong, machine.done = set(), ["timer"]
    assert apply(machine.item("ssh", guarded=True)) == {} and machine.done == ["timer", "timer"]


def test_change_that_a_timer_took_back_meanwhile_is_made_again(machine):
    machine.wrong = set()
    parts = [(item, item.change()) for item in (machine.item("ssh", guarded=True),)]
    machine.wrong = {"ssh"}
    assert list(program.apply(parts)[0]) == ["ssh"]


def test_part_that_stays_wrong_ends_the_program(machine):
    with pytest.raises(SystemExit, match="packages is not as it should be"):
        apply(machine.item("packages", mends=False))


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
    monkeypatch.setattr(program, "is_guarded", lambda: False)
    monkeypatch.setattr(
        program, "items", lambda order: [item("nginx"), item("certificate", late=order["late"]), item("firewall")]
    )
    return done


def test_late_part_that_fails_is_said_at_the_end(applied, capsys):
    program.main("apply", {"remove": False, "late": True})
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert applied == ["nginx", "certificate", "firewall"] and said["failed"] == {"certificate": "no certificate"}


def test_other_part_that_fails_is_the_end(applied):
    with pytest.raises(SystemExit, match="no certificate"):
        program.main("apply", {"remove": False, "late": False})
    assert applied == ["nginx", "certificate"]
