"""The silence during a rollout."""

import re

import pytest

from ecluse.definition.monitoring import Monitoring, Policy
from ecluse.errors import TargetError
from ecluse.monitoring import silence


@pytest.fixture
def told(monkeypatch):
    """The silences that Alertmanager was asked for."""
    asked = []
    monkeypatch.setattr(silence, "ask", lambda port, path, body: asked.append((port, path, body)))
    return asked


def silenced(told):
    """Whether an alert of this name is one of those that nobody is told of."""
    [(port, path, body)] = told
    assert (port, path) == (9093, "/api/v2/silences")
    [names, environment] = body["matchers"]
    assert environment == {"name": "environment", "value": "production", "isRegex": False}
    return lambda name: bool(re.fullmatch(names["value"], name))


def test_silence_is_for_warnings_that_each_rollout_raises(told):
    policies = (Policy("forks", name="forks-too", above=9), Policy("processor", name="burning", severity="critical"))
    silence.silence(Monitoring(policies=policies), "production", "ada@mill", "deploy of one")
    names = ("processor", "disk-traffic", "forks", "forks-too", "burning", "site-down", "errors", "disk", "memory")
    assert [name for name in names if silenced(told)(name)] == ["processor", "disk-traffic", "forks", "forks-too"]
    assert told[0][2]["createdBy"] == "ada@mill" and told[0][2]["comment"] == "deploy of one"


def test_silence_ends_by_itself(told, monkeypatch):
    monkeypatch.setattr(silence.time, "time", lambda: 0)
    silence.silence(Monitoring(), "production", "ada", "deploy")
    body = told[0][2]
    assert (body["startsAt"], body["endsAt"]) == ("1970-01-01T00:00:00Z", "1970-01-01T00:20:00Z")


def test_silence_about_no_policy_is_not_asked_for(told):
    silence.silence(Monitoring(without=("processor", "disk-traffic", "forks")), "production", "ada", "deploy")
    assert told == []


def test_rollout_goes_on_where_alertmanager_is_away(monkeypatch):
    def away(*_):
        raise TargetError("Alertmanager does not answer")

    monkeypatch.setattr(silence, "ask", away)
    silence.silence(Monitoring(), "production", "ada", "deploy")
