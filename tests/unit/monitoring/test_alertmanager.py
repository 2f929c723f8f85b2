"""Alertmanager's configuration: who is told, when, and that it has no secret."""

from ecluse.definition.monitoring import Monitoring, Policy, QuietHours, Receiver
from ecluse.monitoring.alertmanager import alertmanager
from ecluse.monitoring.policies import rules

WANTED = Monitoring(
    receivers=(
        Receiver("team", mail="team@shop.example", webhook="https://shop.example/alerts"),
        Receiver("chat", slack_secret="CHAT", webhook_secret="HOOK"),
    ),
    policies=(Policy("disk", tell=("chat",), repeat=600),),
    quiet_hours=(QuietHours(begin="22:00", end="07:00", days=("saturday", "sunday"), time_zone="Europe/Paris"),),
    mail_server="localhost:25",
    mail_from="alerts@shop.example",
)


def made(monitoring):
    return alertmanager(monitoring, rules(monitoring), "/etc/here")


def test_alert_goes_to_the_receivers_of_its_policy():
    found = made(WANTED)
    routes = {route["matchers"][0]: route for route in found["route"]["routes"]}
    assert routes['alertname="disk"']["receiver"] == "chat"
    assert routes['alertname="disk"']["repeat_interval"] == "600000ms"
    assert routes['alertname="memory"']["receiver"] == found["route"]["receiver"] == "team chat"
    chat = next(one for one in found["receivers"] if one["name"] == "chat")
    assert chat["slack_configs"][0]["api_url_file"] == "/etc/here/secrets/CHAT"
    assert chat["webhook_configs"] == [{"url_file": "/etc/here/secrets/HOOK", "send_resolved": True}]


def test_warnings_are_muted_in_quiet_hours_over_midnight():
    found = made(WANTED)
    routes = {route["matchers"][0]: route for route in found["route"]["routes"]}
    assert routes['alertname="disk"']["mute_time_intervals"] == ["quiet-hours"]
    assert "mute_time_intervals" not in routes['alertname="site-down"']
    [quiet] = found["time_intervals"]
    assert [
        (part["weekdays"], part["times"][0]["start_time"], part["location"]) for part in quiet["time_intervals"]
    ] == [
        (["saturday", "sunday"], "22:00", "Europe/Paris"),
        (["sunday", "monday"], "00:00", "Europe/Paris"),
    ]


def test_alert_is_told_to_nobody_where_nobody_is_named():
    found = made(Monitoring())
    assert found["receivers"] == [{"name": "nobody"}, {"name": "heartbeat"}] and "time_intervals" not in found


def test_heartbeat_is_told_to_the_service_that_waits_for_it():
    found = made(Monitoring(heartbeat_secret="BEAT"))
    [service] = [one for one in found["receivers"] if one["name"] == "heartbeat"]
    assert service["webhook_configs"] == [{"url_file": "/etc/here/secrets/BEAT", "send_resolved": False}]
