"""A command that ran on another machine ends here as it would have here."""

import pytest

from ecluse.cli.elsewhere import Printed
from ecluse.errors import LockHeld


def test_printed_lines_are_shown_as_they_come(capsys):
    printed = Printed()
    printed.feed("  stage  1.00 s\n  mig")
    assert capsys.readouterr().err == "  stage  1.00 s\n"
    printed.feed("rate\nlast")
    printed.end()
    assert capsys.readouterr().err == "  migrate\nlast\n"


def test_error_of_a_run_is_raised_once_with_its_class_and_hint(capsys):
    printed = Printed()
    printed.feed("deploy of release 1\nerror: another rollout is under way: ann\n  since 12:00\nhint:  wait for it\n")
    printed.feed("more:  ./ecluse explain 7\n")
    assert capsys.readouterr().err == "deploy of release 1\n"
    with pytest.raises(LockHeld) as caught:
        printed.failed(7)
    assert str(caught.value) == "another rollout is under way: ann\n  since 12:00"
    assert caught.value.hint == "wait for it"


def test_run_that_said_no_error_ends_with_its_code():
    assert Printed().failed(70) == 70
