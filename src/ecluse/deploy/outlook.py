"""A preview of a rollout: what it would do, found out without doing any of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ecluse.deploy.contract import Ledger, Migration, Operations, R
from ecluse.deploy.history import Journal
from ecluse.deploy.judge import behind, flag, refused
from ecluse.deploy.rollout import current
from ecluse.errors import EcluseError

__all__ = ["Outlook", "outlook"]


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """The changes that ``ecluse deploy`` would make. *migrations* are pending; None where there is no database to ask.

    *refused* are the pending migrations that stop the rollout; *behind* are applied migrations that break the release,
    for these *reasons*. *how* says by what the migrations of each database were judged.
    *order* is the reason where it would take changes back. *interrupted* is a rollout that would be finished or
    undone first: what comes after it is not known before. *drift* is what somebody
    has changed since the last rollout, which this one resets. *lost* are sentences: what the release lacks of the one
    that serves.
    """

    environment: str
    release: str
    serving: str | None
    unchanged: bool
    migrations: tuple[Migration, ...] | None
    refused: tuple[Migration, ...] = ()
    behind: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    how: tuple[str, ...] = ()
    order: str | None = None
    interrupted: Journal | None = None
    drift: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()

    @property
    def goes(self) -> bool:
        """Whether the rollout would begin, as far as that can be known before."""
        return not self.refused and not self.behind and self.order is None

    def as_json(self) -> dict[str, Any]:
        """For programs; docs/reference/cli.md describes it."""
        return {
            "environment": self.environment,
            "release": self.release,
            "serving": self.serving,
            "unchanged": self.unchanged,
            "goes": self.goes,
            "migrations": None if self.migrations is None else [self._migration(one) for one in self.migrations],
            "behind": list(self.behind),
            "reasons": list(self.reasons),
            "judged": list(self.how),
            "order": self.order,
            "interrupted": self.interrupted.as_json() if self.interrupted else None,
            "drift": list(self.drift),
            "lost": list(self.lost),
        }

    def _migration(self, one: Migration) -> dict[str, Any]:
        return {
            "name": one.name,
            "database": one.database,
            "sql": one.sql,
            "locks": list(one.locks),
            "notes": list(one.notes),
            "unsafe": list(one.unsafe),
            "one_way": list(one.one_way),
            "refused": one in self.refused,
            "flag": flag(one) if one.unsafe else None,
        }


def outlook(
    target: Operations[R],
    ledger: Ledger,
    environment: str,
    release: R,
    allowed: Sequence[str],
    order: EcluseError | None = None,
    drift: Sequence[str] = (),
) -> Outlook:
    """The changes that rolling *release* out would make now; *order* is its refusal where it would take changes back.

    Raises what the target raises; PreflightError where its checks fail.
    """
    serving = current(target, ledger)
    found = target.look(release, serving)
    return Outlook(
        environment=environment,
        release=release.id,
        serving=serving,
        unchanged=serving == release.id and target.healthy(release),
        migrations=None if found is None else found.pending,
        refused=tuple(refused(found, serving, allowed)) if found else (),
        behind=tuple(behind(found, ledger.history())) if found else (),
        reasons=(found.behind or ()) if found else (),
        how=found.how if found else (),
        order=f"{order.what}\n  {order.hint}" if order else None,
        interrupted=ledger.journal(),
        drift=tuple(drift),
        lost=found.lost if found else (),
    )
