"""Silence during a rollout: nobody is told of what each rollout does to the processor and the disk."""

from __future__ import annotations

import time
from contextlib import suppress

from ecluse.definition.monitoring import Monitoring
from ecluse.errors import TargetError
from ecluse.monitoring.loopback import ALERTMANAGER, ask, moment
from ecluse.monitoring.policies import rules

__all__ = ["silence"]

PEAKS = ("processor", "disk-traffic", "forks")
"""The figures that a rollout drives up: it unpacks, installs, migrates, and runs two releases for a while."""

SECONDS = 20 * 60
"""How long a silence lasts: these figures are means of up to ten minutes."""


def silence(monitoring: Monitoring, environment: str, by: str, why: str) -> None:
    """Have nobody told of warnings about these figures from now on, for a while. Critical alerts are told. Where
    Alertmanager is away, nobody is told of anything, and `status` says so.
    """
    names = [rule.name for rule in rules(monitoring) if rule.about in PEAKS and rule.policy.severity == "warning"]
    if not names:
        return
    now = time.time()
    wanted = {"alertname": "|".join(names), "environment": environment}
    matchers = [{"name": name, "value": value, "isRegex": name == "alertname"} for name, value in wanted.items()]
    asked = {
        "matchers": matchers,
        "startsAt": moment(now),
        "endsAt": moment(now + SECONDS),
        "createdBy": by,
        "comment": why,
    }
    with suppress(TargetError):
        ask(ALERTMANAGER, "/api/v2/silences", asked)
