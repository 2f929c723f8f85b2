"""The status of an environment: what serves, asked of its processes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ecluse.deploy.contract import Release, Target
from ecluse.deploy.history import Journal
from ecluse.deploy.last_backup import LastBackup
from ecluse.deploy.lock import Holder
from ecluse.deploy.maintenance import Maintenance
from ecluse.errors import ReleaseError

if TYPE_CHECKING:
    from ecluse.monitoring.alerts import Alert

__all__ = ["Status", "status_of"]


@dataclass(frozen=True, kw_only=True)
class Status:
    """The state of *environment*: *serving* has the ids of all releases that run, *commit* is the commit of the only
    one. *healthy*: it is one release, whole, and it answers. *holder* is who rolls out now; without one, *journal* is
    a rollout that was interrupted. *drift* tells what somebody has changed since the last rollout. *alerts* are those
    that are raised; None where the environment is not watched. *backup* is the last proof of its backups; None where it
    has none.
    """

    environment: str
    address: str | None
    serving: Sequence[str]
    commit: str | None
    healthy: bool
    processes: Sequence[Mapping[str, object]]
    holder: Holder | None
    journal: Journal | None
    maintenance: Maintenance | None
    drift: Sequence[str] = ()
    alerts: Sequence[Alert] | None = None
    backup: LastBackup | None = None

    def as_json(self) -> dict[str, Any]:
        """For programs; docs/reference/cli.md describes it."""
        return {
            "environment": self.environment,
            "address": self.address,
            "serving": self.serving[0] if len(self.serving) == 1 else list(self.serving),
            "commit": self.commit,
            "healthy": self.healthy,
            "processes": list(self.processes),
            "rollout": str(self.holder) if self.holder else None,
            "interrupted": self.journal.as_json() if self.journal and not self.holder else None,
            "maintenance": self.maintenance.as_json() if self.maintenance else None,
            "drift": list(self.drift),
            "alerts": None if self.alerts is None else [alert.as_json() for alert in self.alerts],
            "backup": None if self.backup is None else self.backup.as_json(),
        }


def status_of(
    target: Target[Any],
    environment: str,
    alerts: Sequence[Alert] | None = None,
    backup: LastBackup | None = None,
) -> Status:
    """The status of *environment*, whose *target* is open, whose *alerts* are raised, and whose last *backup* that was
    proved is this one.
    """
    processes = target.controls.processes()
    serving = sorted({str(one["release"]) for one in processes})
    only = _only(target, serving)
    return Status(
        environment=environment,
        address=target.controls.url if processes else None,
        serving=serving,
        commit=only.commit if only else None,
        healthy=only is not None and target.operations.healthy(only),
        processes=processes,
        holder=target.records.holder(),
        journal=target.records.ledger().journal(),
        maintenance=target.controls.maintenance(),
        drift=target.controls.drift(),
        alerts=alerts,
        backup=backup,
    )


def _only(target: Target[Any], serving: Sequence[str]) -> Release | None:
    if len(serving) != 1:
        return None
    try:
        found: Release = target.operations.release(serving[0])
    except ReleaseError:
        return None
    return found
