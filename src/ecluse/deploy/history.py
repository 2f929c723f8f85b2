"""The notes of a rollout: the journal while it is under way, the record once it has ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, TypeAlias, get_args

from ecluse.definition.model import Watch
from ecluse.machine.durable import is_time

__all__ = ["UNTOUCHED", "Journal", "Kind", "Outcome", "Record", "Step", "before"]

Kind: TypeAlias = Literal["deploy", "rollback"]
Step: TypeAlias = Literal["stage", "preflight", "dump", "migrate", "replace", "watch", "record", "prune", "undo"]
UNTOUCHED: tuple[Step, ...] = ("stage", "preflight", "dump", "migrate")
"""The steps in which nothing that serves has been touched yet."""

Outcome: TypeAlias = Literal["succeeded", "refused", "failed", "undone"]
"""*refused*: nothing was changed, the release was not fit. *failed*: it failed before anything that serves was touched.
*undone*: it failed later, and what served before serves again."""


@dataclass(frozen=True, kw_only=True)
class Journal:
    """A rollout under way, written before each step is begun. Times are seconds since the epoch.

    *previous* is what served when it began. *switched*: every task of the new release has taken over; it is then
    observed within the limits *watch*. *lost* are sentences: what the release lacks of *previous*. *dump* is the dump
    of the database that was taken before the migrations, and *restored* an earlier one that the rollout went back to.
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
    watch: Watch = Watch(seconds=0)
    steps: Mapping[str, float] = field(default_factory=dict)
    migrations: tuple[str, ...] = ()
    unsafe: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    dump: str | None = None
    restored: str | None = None

    def at(self, step: Step, **changes: Any) -> Journal:
        """The same rollout, at *step*."""
        return replace(self, step=step, **changes)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Journal:
        """The journal that :meth:`as_json` gave. Raises TypeError, ValueError or KeyError where *value* is none."""
        watch = value.get("watch", 0)
        read = Watch(**watch) if isinstance(watch, Mapping) else Watch(seconds=float(watch))
        found = cls(**{**value, **_texts(value), "watch": read})
        if not (
            _is_written_so(found)
            and found.step in get_args(Step)
            and isinstance(found.switched, bool)
            and all(limit is None or is_time(limit) for limit in asdict(read).values())
        ):
            raise TypeError("this is not the journal of a rollout")
        return found


@dataclass(frozen=True, kw_only=True)
class Record:
    """A rollout that ended. *serving* is the release that served then; *steps* are the seconds that each step took.

    The rollout applied *migrations*; those in *unsafe* break the release before it. *lost* are sentences: what the
    release lacks of *previous*, pages and static files. Before migrating it took *dump*; or it went back to the dump
    *restored*.
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
    lost: tuple[str, ...] = ()
    dump: str | None = None
    restored: str | None = None

    @classmethod
    def of(cls, journal: Journal, *, outcome: Outcome, serving: str | None, seconds: float, **rest: Any) -> Record:
        """The end of the rollout that *journal* was about."""
        known = journal.as_json()
        del known["step"], known["switched"], known["watch"]
        return cls(**known, outcome=outcome, serving=serving, seconds=round(seconds, 3), **rest)

    @property
    def warnings(self) -> tuple[str, ...]:
        """A sentence for each kind of thing that visitors had before this rollout and have no more."""
        return tuple(f"unlike release {self.previous}, {line}" for line in self.lost)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Record:
        """The record that :meth:`as_json` gave. Raises TypeError or KeyError where *value* is none."""
        found = cls(**{**value, **_texts(value)})
        if not (
            _is_written_so(found)
            and isinstance(found.outcome, str)
            and is_time(found.seconds)
            and all(one is None or isinstance(one, str) for one in (found.serving, found.reason))
        ):
            raise TypeError("this is not the record of a rollout")
        return found


def _is_written_so(found: Journal | Record) -> bool:
    """Whether the fields that a journal and a record share have the types that we write: any file may be there."""
    texts = (found.id, found.kind, found.release, found.by, *found.migrations, *found.unsafe, *found.lost)
    return (
        all(isinstance(one, str) for one in texts)
        and all(
            one is None or isinstance(one, str) for one in (found.previous, found.commit, found.dump, found.restored)
        )
        and all(map(is_time, (found.began, *dict(found.steps).values())))
    )


def _texts(value: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The fields that are tuples of texts, which JSON has as lists. Earlier versions did not write *lost*."""
    found = {"migrations": value["migrations"], "unsafe": value["unsafe"], "lost": value.get("lost", ())}
    return {name: tuple(texts) for name, texts in found.items()}


def before(history: Sequence[Record]) -> str | None:
    """The release to go back to: the one that the last successful rollout replaced. None where there is none."""
    for record in reversed(history):
        if record.outcome == "succeeded" and record.previous not in (None, record.release):
            return record.previous
    return None
