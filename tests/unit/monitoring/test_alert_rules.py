"""The rules of alerts: raised at one threshold, cleared at another."""

from ecluse.definition.monitoring import Monitoring, Policy
from ecluse.monitoring.alert_rules import alert_rules
from ecluse.monitoring.figures import FIGURES
from ecluse.monitoring.policies import rules


def alerts(monitoring):
    [group] = alert_rules(rules(monitoring), "shop.example", "production")["groups"]
    return {rule["alert"]: rule for rule in group["rules"] if "alert" in rule}


def test_raised_alert_stays_until_its_clearing_threshold():
    found = alerts(Monitoring(policies=(Policy("disk", above=90, clear_below=80.5, for_=2.5),)))
    raised = 'on (mountpoint) ALERTS{alertname="disk", alertstate="firing"}'
    assert found["disk"]["expr"] == f"ecluse:disk > 90 or (ecluse:disk >= 80.5 and {raised})"
    assert found["disk"]["for"] == "2500ms"
    assert found["certificate"]["expr"].startswith("ecluse:certificate < 14 or (ecluse:certificate <= 20 and on (site)")


def test_alert_says_where_it_is_and_shows_more():
    found = alerts(Monitoring())["memory"]
    assert found["labels"] == {"severity": "warning", "environment": "production", "machine": "shop.example"}
    assert set(found["annotations"]) == {"summary", "release", "processes", "more"}
    assert found["annotations"]["more"] == "./ecluse status production"


def test_every_figure_becomes_a_series_that_others_can_ask_for():
    [group] = alert_rules((), "shop.example", "production")["groups"]
    assert len(group["rules"]) == len(FIGURES) + 1 and group["rules"][-1]["alert"] == "heartbeat"
    assert {"record", "expr"} == set(group["rules"][0])
