"""The alerts that are raised, and the one that is sent to see that people are told."""

import pytest

from ecluse.definition.monitoring import Monitoring, Receiver
from ecluse.errors import TargetError
from ecluse.monitoring import alerts

DISK = {
    "labels": {"alertname": "disk", "severity": "warning"},
    "annotations": {"summary": "the disk at / is 93 % full"},
    "startsAt": "2026-11-27T18:00:00.123Z",
}
COUNTS = """
alertmanager_notification_requests_total{{integration="webhook"}} {sent}
alertmanager_notification_requests_failed_total{{integration="webhook"}} {failed}
alertmanager_notification_requests_total{{integration="email"}} {sent}
"""
TEAM = Monitoring(receivers=(Receiver("team", webhook="https://shop.example/a", mail="a@b"),))


@pytest.fixture
def loopback(monkeypatch):
    """Both programs answer as the mapping says; what Alertmanager is told is kept."""
    known = {"alerts": [DISK], "away": (), "counts": [(0, 0)], "told": []}

    def text(port, path, body=None):
        if port in known["away"]:
            raise TargetError("does not answer")
        sent, failed = known["counts"].pop(0) if len(known["counts"]) > 1 else known["counts"][0]
        return COUNTS.format(sent=sent, failed=failed)

    def ask(port, path, body=None):
        text(port, path)
        known["told"] += body or []
        return known["alerts"]

    monkeypatch.setattr(alerts, "text", text)
    monkeypatch.setattr(alerts, "ask", ask)
    monkeypatch.setattr(alerts, "PATIENCE", 0)
    return known


def test_heartbeat_and_test_are_no_alerts(loopback):
    loopback["alerts"] = [{**DISK, "labels": {"alertname": name}} for name in ("heartbeat", "test")]
    assert alerts.raised() == ()


def test_raised_alert_has_its_name_and_since_when_and_what(loopback):
    [alert] = alerts.raised()
    assert str(alert) == "alert disk (warning) since 2026-11-27 18:00:00 UTC: the disk at / is 93 % full"
    assert alert.as_json()["name"] == "disk"


def test_program_that_watches_and_is_away_is_an_alert(loopback):
    loopback["away"] = (alerts.PROMETHEUS,)
    assert [alert.name for alert in alerts.raised()] == ["prometheus", "disk"]
    loopback["away"] = (alerts.PROMETHEUS, alerts.ALERTMANAGER)
    assert [alert.name for alert in alerts.raised()] == ["prometheus", "alertmanager"]
    assert "nobody is told of anything" in str(alerts.raised()[1])


def test_test_alert_has_ended_when_all_ways_were_taken(loopback):
    loopback["counts"] = [(3, 0), (3, 0), (4, 0)]
    assert alerts.send_test(TEAM, "production") == ("mail", "webhook")
    [told] = loopback["told"]
    assert told["labels"]["alertname"] == "test" and told["startsAt"] < told["endsAt"]


def test_way_that_fails_is_named(loopback):
    loopback["counts"] = [(3, 0), (3, 0), (4, 1)]
    with pytest.raises(TargetError, match="not everybody was told: webhook$"):
        alerts.send_test(TEAM, "production")


def test_test_alert_to_nobody_is_an_error(loopback):
    with pytest.raises(TargetError, match="nobody is told"):
        alerts.send_test(Monitoring(), "production")
    assert not loopback["told"]
