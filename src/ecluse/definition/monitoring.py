"""How a server is watched, and who is told of it: part of the model of a pipeline."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Literal, TypeAlias

__all__ = ["Monitoring", "Policy", "QuietHours", "Receiver", "Severity", "Weekday"]

Severity: TypeAlias = Literal["warning", "critical"]
Weekday: TypeAlias = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


@dataclass(frozen=True)
class Policy:
    """When an alert is raised about *figure*, and cleared again; ``ecluse.monitoring.figures`` has all figures.

    The alert is raised once the figure has been *above* (or *below*) for *for_* seconds, and cleared once the figure
    is below *clear_below* (or above *clear_above*) again. What is left out is as the figure has it; a clearing
    threshold keeps its proportion to the other. *tell* names receivers, by default all of them; they are told again
    every *repeat* seconds. *name* is that of the alert, by default the figure's.
    """

    figure: str
    _: KW_ONLY
    name: str = ""
    above: float | None = None
    clear_below: float | None = None
    below: float | None = None
    clear_above: float | None = None
    for_: float | None = None
    severity: Severity = "warning"
    tell: tuple[str, ...] = ()
    repeat: float = 4 * 60 * 60


@dataclass(frozen=True)
class Receiver:
    """Somebody who is told of alerts, by an address for each way: *mail* is a mail address, *webhook* the address of a
    page that gets Alertmanager's JSON. An address that is itself a secret stands in a variable of ``ecluse provision``:
    *webhook_secret* and *slack_secret* name it.
    """

    name: str
    _: KW_ONLY
    mail: str = ""
    webhook: str = ""
    webhook_secret: str = ""
    slack_secret: str = ""


@dataclass(frozen=True, kw_only=True)
class QuietHours:
    """A time, *begin* to *end* (as ``22:00`` and ``07:00``) on *days*, at which nobody is told of warnings; of critical
    alerts everybody is told at all times. An *end* before *begin* is on the next day. *time_zone* is as
    ``Europe/Paris``; without it, UTC.
    """

    begin: str
    end: str
    days: tuple[Weekday, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    time_zone: str = ""


@dataclass(frozen=True, kw_only=True)
class Monitoring:
    """How the machine of an environment is watched. ``ecluse provision`` puts it there.

    The default policies hold, but for those in *without*. *policies* are further ones; one of the same name takes the
    place of the default. *receivers* are told, by mail through *mail_server* (``smtp.shop.example:587``) from
    *mail_from*; where it asks for an account, as *mail_user* with the password in the variable *mail_secret*.

    The variable *heartbeat_secret* has the address of a service that tells people when it hears nothing any more: it is
    called every 5 minutes for as long as the machine, Prometheus and Alertmanager run.
    """

    receivers: tuple[Receiver, ...] = ()
    policies: tuple[Policy, ...] = ()
    without: tuple[str, ...] = ()
    quiet_hours: tuple[QuietHours, ...] = ()
    mail_server: str = ""
    mail_from: str = ""
    mail_user: str = ""
    mail_secret: str = ""
    heartbeat_secret: str = ""
