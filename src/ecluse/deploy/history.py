"""What a rollout writes down: its journal while it is under way, and its record once it has ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, TypeAlias

__all__ = ["Journal", "Kind", "Outcome", "Record", "Step"]

Kind: TypeAlias = Literal["deploy", "rollback"]
Step: TypeAlias = Literal["stage", "preflight", "migrate", "replace", "watch", "record", "prune", "undo"]
Outcome: TypeAlias = Literal["succeeded", "refused", "failed", "undone"]
"""*refused*: nothing was changed, the release was not fit. *failed*: it failed before anything that serves was touched.
*undone*: it failed later, and what served before serves again."""


@dataclass(frozen=True, kw_only=True)
class Journal:
    """A rollout under way, written before each step is begun. Times are seconds since the epoch.

    *previous* is what served when it began. *switched*: every task of the new release had taken over; *watch* are the
    seconds that it is then looked at.
    """

    id: str
    kind: Kind
    release: str
    previous: str | None
    began: float
    by: str
    commit: str | None = None
    step: Step = "stage"
    switched: bool = False
    watch: float = 0
    steps: Mapping[str, float] = field(default_factory=dict)
    migrations: tuple[str, ...] = ()
    unsafe: tuple[str, ...] = ()

    def at(self, step: Step, **changes: Any) -> Journal:
        """The same rollout, at *step*."""
        return replace(self, step=step, **changes)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Journal:
        """Raises TypeError where *value* is none."""
        return cls(**{**value, "migrations": tuple(value["migrations"]), "unsafe": tuple(value["unsafe"])})


@dataclass(frozen=True, kw_only=True)
class Record:
    """A rollout that ended. *serving* is what served then; *steps* the seconds that each step took.

    *migrations* were applied by it, *unsafe* are those of them that the release before cannot live with.
    """

    id: str
    kind: Kind
    release: str
    previous: str | None
    began: float
    by: str
    commit: str | None
    steps: Mapping[str, float]
    migrations: tuple[str, ...]
    unsafe: tuple[str, ...]
    outcome: Outcome
    serving: str | None
    seconds: float
    reason: str | None = None
    resumed: bool = False

    @classmethod
    def of(cls, journal: Journal, *, outcome: Outcome, serving: str | None, seconds: float, **rest: Any) -> Record:
        """The end of the rollout that *journal* was about."""
        known = journal.as_json()
        del known["step"], known["switched"], known["watch"]
        return cls(**known, outcome=outcome, serving=serving, seconds=round(seconds, 3), **rest)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Record:
        """Raises TypeError where *value* is none."""
        return cls(**{**value, "migrations": tuple(value["migrations"]), "unsafe": tuple(value["unsafe"])})
