"""The rules by which Prometheus makes figures and raises alerts.

An alert that was raised stays until its figure is beyond the clearing threshold: so it does not flap around the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ecluse.monitoring.figures import FIGURES, PROGRAMS, Figure, series
from ecluse.monitoring.policies import HEARTBEAT, Rule
from ecluse.monitoring.texts import duration

__all__ = ["INTERVAL", "alert_rules"]

INTERVAL = 15
"""Seconds between two looks at every figure."""

_BUSIEST = {
    "memory": (
        f"topk(3, {PROGRAMS['memory']}) > 0",
        "{{ .Labels.groupname }} {{ .Value | humanize1024 }}B",
    ),
    "processor": (
        f"topk(3, {PROGRAMS['processor']}) > 0",
        '{{ .Labels.groupname }} {{ .Value | printf "%.0f" }} %',
    ),
}
_RELEASE = (
    '{{ range query "topk(1, time() - ecluse_release_switched_seconds) / 60" }}release {{ .Labels.release }},'
    ' {{ .Value | printf "%.0f" }} minutes after its switch{{ end }}'
)


def alert_rules(rules: Sequence[Rule], machine: str, environment: str) -> Mapping[str, Any]:
    """The rules' file, for the *machine* of *environment*: all figures, then an alert for each rule."""
    made = [{"record": series(name), "expr": figure.expression} for name, figure in FIGURES.items()]
    alerts = [_alert(rule, machine, environment) for rule in rules]
    beat = {"alert": HEARTBEAT, "expr": "vector(1)", "labels": {"environment": environment, "machine": machine}}
    # One group is one order: an alert sees the figures of its own turn.
    return {"groups": [{"name": "ecluse", "interval": duration(INTERVAL), "rules": [*made, *alerts, beat]}]}


def _alert(rule: Rule, machine: str, environment: str) -> Mapping[str, Any]:
    figure = rule.figure
    return {
        "alert": rule.name,
        "expr": _expression(rule),
        "for": duration(rule.seconds),
        "labels": {"severity": rule.policy.severity, "environment": environment, "machine": machine},
        "annotations": {
            "summary": figure.message,
            "release": _RELEASE,
            "processes": _processes(figure),
            "more": f"./ecluse status {environment}",
        },
    }


def _expression(rule: Rule) -> str:
    name, labels = series(rule.about), ", ".join(rule.figure.labels)
    over, back = (">", ">=") if rule.figure.side == "above" else ("<", "<=")
    raised = f'ALERTS{{alertname="{rule.name}", alertstate="firing"}}'
    return f"{name} {over} {rule.limit!r} or ({name} {back} {rule.clear!r} and on ({labels}) {raised})"


def _processes(figure: Figure) -> str:
    query, form = _BUSIEST[figure.busiest]
    quoted, comma = query.replace('"', '\\"'), "{{ if $i }}, {{ end }}"
    return f'{{{{ range $i, $one := query "{quoted}" }}}}{comma}{{{{ with $one }}}}{form}{{{{ end }}}}{{{{ end }}}}'
