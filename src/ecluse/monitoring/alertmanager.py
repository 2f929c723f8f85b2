"""The configuration of Alertmanager: who is told of which alert, when, how often again, and in which words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ecluse.definition.monitoring import Monitoring, QuietHours, Receiver
from ecluse.monitoring.policies import HEARTBEAT, TEST, Rule
from ecluse.monitoring.texts import MARK, duration

__all__ = ["MESSAGE", "alertmanager"]

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_LOOPBACK = ("localhost", "127.0.0.1")
_QUIET = "quiet-hours"
_BEAT = {"receiver": HEARTBEAT, "group_wait": "0s", "group_interval": "1m", "repeat_interval": "4m"}
"""Alertmanager repeats at the first turn of *group_interval* after *repeat_interval*: every 5 minutes."""

_TIME = "2006-01-02 15:04:05 MST"  # as Go writes the form of a time

MESSAGE = f"""\
{{{{/* {MARK} */}}}}
{{{{ define "ecluse.subject" -}}}}
{{{{ if eq .Status "resolved" }}}}over{{{{ else }}}}{{{{ .CommonLabels.severity }}}}{{{{ end -}}}}
: {{{{ .CommonLabels.alertname }}}} on {{{{ .CommonLabels.machine }}}} ({{{{ .CommonLabels.environment }}}})
{{{{- end }}}}
{{{{ define "ecluse.text" -}}}}
{{{{ range .Alerts -}}}}
{{{{ if eq .Status "resolved" }}}}over: {{{{ end }}}}{{{{ .Annotations.summary }}}}
since {{{{ .StartsAt.Format "{_TIME}" }}}}
{{{{- if eq .Status "resolved" }}}}, over since {{{{ .EndsAt.Format "{_TIME}" }}}}{{{{ end -}}}}
, on {{{{ .Labels.machine }}}} ({{{{ .Labels.environment }}}})
{{{{ with .Annotations.release }}}}{{{{ . }}}}
{{{{ end }}}}{{{{ with .Annotations.processes }}}}biggest processes: {{{{ . }}}}
{{{{ end }}}}more: {{{{ .Annotations.more }}}}

{{{{ end }}}}{{{{ end }}}}
"""
"""The templates of a message: what, how much, since when, where, which release and processes, and what shows more."""


def alertmanager(monitoring: Monitoring, rules: Sequence[Rule], folder: str) -> Mapping[str, Any]:
    """The configuration, for a machine that has its files in *folder*. It has no secret: those are files of their own
    in ``secrets``, named as their variables.
    """
    everybody = tuple(one.name for one in monitoring.receivers)
    told = [rule.policy.tell or everybody for rule in rules]
    groups = dict.fromkeys([everybody, *told])
    known = {one.name: one for one in monitoring.receivers}
    return {
        "global": _mail(monitoring, folder),
        "templates": [f"{folder}/message.tmpl"],
        "route": {
            "receiver": _group(everybody),
            "group_by": ["alertname", "environment"],
            "group_wait": "10s",
            "group_interval": "1m",
            "repeat_interval": "4h",
            "routes": [
                {"matchers": [f'alertname="{TEST}"'], "group_by": ["..."], "group_wait": "0s"},
                {"matchers": [f'alertname="{HEARTBEAT}"'], **_BEAT},
                *(_route(rule, names, monitoring) for rule, names in zip(rules, told, strict=True)),
            ],
        },
        "receivers": [
            *({"name": _group(names), **_configurations([known[name] for name in names], folder)} for names in groups),
            {"name": HEARTBEAT, **_heartbeat(monitoring, folder)},
        ],
        **_quiet(monitoring.quiet_hours),
    }


def _route(rule: Rule, names: tuple[str, ...], monitoring: Monitoring) -> Mapping[str, Any]:
    quiet = monitoring.quiet_hours and rule.policy.severity == "warning"
    return {
        "matchers": [f'alertname="{rule.name}"'],
        "receiver": _group(names),
        "repeat_interval": duration(rule.policy.repeat),
        **({"mute_time_intervals": [_QUIET]} if quiet else {}),
    }


def _group(names: tuple[str, ...]) -> str:
    return " ".join(names) or "nobody"


def _configurations(receivers: Sequence[Receiver], folder: str) -> Mapping[str, Any]:
    text = '{{ template "ecluse.text" . }}'
    subject = '{{ template "ecluse.subject" . }}'
    found: dict[str, list[Mapping[str, Any]]] = {}
    for one in receivers:
        if one.mail:
            message = {"text": text, "html": "", "headers": {"Subject": subject}}
            found.setdefault("email_configs", []).append({"to": one.mail, "send_resolved": True, **message})
        if one.webhook:
            found.setdefault("webhook_configs", []).append({"url": one.webhook, "send_resolved": True})
        if one.webhook_secret:
            file = _secret(folder, one.webhook_secret)
            found.setdefault("webhook_configs", []).append({"url_file": file, "send_resolved": True})
        if one.slack_secret:
            file = _secret(folder, one.slack_secret)
            message = {"title": subject, "text": text, "fallback": subject, "title_link": ""}
            found.setdefault("slack_configs", []).append({"api_url_file": file, "send_resolved": True, **message})
    return found


def _heartbeat(monitoring: Monitoring, folder: str) -> Mapping[str, Any]:
    if not monitoring.heartbeat_secret:
        return {}
    return {"webhook_configs": [{"url_file": _secret(folder, monitoring.heartbeat_secret), "send_resolved": False}]}


def _mail(monitoring: Monitoring, folder: str) -> Mapping[str, Any]:
    found: dict[str, Any] = {"resolve_timeout": "5m"}
    if monitoring.mail_server:
        # Mail that stays on the machine is not encrypted; all other mail is.
        local = monitoring.mail_server.rpartition(":")[0] in _LOOPBACK
        found |= {"smtp_smarthost": monitoring.mail_server, "smtp_from": monitoring.mail_from}
        found["smtp_require_tls"] = not local
    if monitoring.mail_user:
        found |= {"smtp_auth_username": monitoring.mail_user}
        found["smtp_auth_password_file"] = _secret(folder, monitoring.mail_secret)
    return found


def _secret(folder: str, name: str) -> str:
    return f"{folder}/secrets/{name}"


def _quiet(hours: Sequence[QuietHours]) -> Mapping[str, Any]:
    if not hours:
        return {}
    return {"time_intervals": [{"name": _QUIET, "time_intervals": [part for one in hours for part in _parts(one)]}]}


def _parts(hours: QuietHours) -> Iterator[Mapping[str, Any]]:
    """The interval; where it goes over midnight, its two parts."""
    zone = hours.time_zone or "UTC"
    nights = [_DAYS[(_DAYS.index(day) + 1) % 7] for day in hours.days]
    parts: list[tuple[list[str], str, str]] = [([*hours.days], hours.begin, hours.end)]
    if hours.end < hours.begin:
        parts = [([*hours.days], hours.begin, "24:00"), (nights, "00:00", hours.end)]
    for days, begin, end in parts:
        if begin != end:
            yield {"weekdays": days, "times": [{"start_time": begin, "end_time": end}], "location": zone}
