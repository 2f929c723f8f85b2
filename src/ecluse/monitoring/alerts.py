"""The alerts of this machine: those that are raised, and one that is sent to see that people are told."""

from __future__ import annotations

import re
import socket
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

from ecluse.definition.monitoring import Monitoring
from ecluse.errors import TargetError
from ecluse.machine.waiting import until
from ecluse.monitoring.loopback import ALERTMANAGER, PROMETHEUS, ask, moment, text
from ecluse.monitoring.policies import HEARTBEAT, TEST

__all__ = ["Alert", "raised", "send_test"]

PATIENCE = 30.0
"""Seconds within which a message that can be sent is sent."""

_REQUESTS = re.compile(r'^alertmanager_notification_requests(_failed)?_total\{.*?integration="(\w+)".*?\} (\S+)$', re.M)
_WAYS = {"email": "mail", "webhook": "webhook", "slack": "Slack"}


@dataclass(frozen=True)
class Alert:
    """An alert that is raised: its *name* and *severity*, the time *since* which it is (ISO 8601; empty where that is
    not known), and a *summary* for people.
    """

    name: str
    severity: str
    since: str
    summary: str

    def as_json(self) -> Mapping[str, str]:
        return asdict(self)

    def __str__(self) -> str:
        since = f" since {self.since}" if self.since else ""
        return f"alert {self.name} ({self.severity}){since}: {self.summary}"


def raised() -> tuple[Alert, ...]:
    """The alerts that are raised on this machine. That a program which watches is away is one more."""
    return (*_away(PROMETHEUS, "/-/ready"), *_raised())


def send_test(monitoring: Monitoring, environment: str) -> tuple[str, ...]:
    """Send an alert to all receivers of *monitoring*; returns once they were told, by these ways.

    Raises TargetError where Alertmanager is away, and where it could not tell somebody.
    """
    wanted = _ways(monitoring)
    if not wanted:
        raise TargetError("nobody is told of alerts", where=environment, hint="add Monitoring(receivers=…)")
    before = _told()
    ask(ALERTMANAGER, "/api/v2/alerts", [_test(environment)])

    def missing() -> Counter[str]:
        return wanted - (_told() - before)

    if not until(lambda: not missing(), timeout=PATIENCE, interval=0.2):
        raise TargetError(
            f"not everybody was told: {', '.join(sorted(_WAYS[way] for way in missing()))}",
            where=environment,
            hint="on the server, `journalctl -u prometheus-alertmanager` says why",
        )
    return tuple(sorted(_WAYS[way] for way in wanted))


def _raised() -> Iterator[Alert]:
    try:
        found = ask(ALERTMANAGER, "/api/v2/alerts?active=true&silenced=true&inhibited=true")
    except TargetError as error:
        yield Alert("alertmanager", "critical", "", f"nobody is told of anything: {error.what}")
        return
    wrong = [one for one in found if one["labels"]["alertname"] not in (HEARTBEAT, TEST)]
    for one in sorted(wrong, key=lambda one: str(one["startsAt"])):
        labels, said = one["labels"], one["annotations"]
        since = str(one["startsAt"]).partition(".")[0].replace("T", " ").removesuffix("Z") + " UTC"
        yield Alert(labels["alertname"], labels.get("severity", ""), since, said.get("summary", ""))


def _away(port: int, path: str) -> Iterator[Alert]:
    try:
        text(port, path)
    except TargetError as error:
        yield Alert("prometheus", "critical", "", f"no figure is known: {error.what}")


def _ways(monitoring: Monitoring) -> Counter[str]:
    """The number of messages that an alert to everybody makes, by Alertmanager's names of the ways."""
    ways: Counter[str] = Counter()
    for one in monitoring.receivers:
        ways["email"] += bool(one.mail)
        ways["webhook"] += bool(one.webhook) + bool(one.webhook_secret)
        ways["slack"] += bool(one.slack_secret)
    return +ways


def _told() -> Counter[str]:
    """The number of messages that were taken, by the way."""
    count: Counter[str] = Counter()
    for failed, way, number in _REQUESTS.findall(text(ALERTMANAGER, "/metrics")):
        count[way] += (-1 if failed else 1) * int(float(number))
    return count


def _test(environment: str) -> Mapping[str, object]:
    now = time.time()
    machine = socket.gethostname()
    return {
        "labels": {
            "alertname": TEST,
            "severity": "warning",
            "environment": environment,
            "machine": machine,
            "number": f"{now:.3f}",  # each one is another alert
        },
        "annotations": {
            "summary": "this is a test: nothing is wrong",
            "more": f"./ecluse status {environment}",
        },
        "startsAt": moment(now),
        "endsAt": moment(now + 60),
    }
