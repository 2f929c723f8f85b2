"""A session: one command that changes what an environment serves, from the lock to the news.

    lock → recover → choose → roll out → tell

Every command that holds the environment's lock goes through here. The commands themselves parse, call and print.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ecluse.definition.model import Environment
from ecluse.deploy.ancestry import Descends, refusal
from ecluse.deploy.attempt import answering
from ecluse.deploy.contract import Ledger, Release, Target
from ecluse.deploy.going_back import Dumps, dumped
from ecluse.deploy.history import Kind, Record, before
from ecluse.deploy.lock import Holder
from ecluse.deploy.maintenance import Maintenance
from ecluse.deploy.rollout import Progress, Request, current, recover, roll_out
from ecluse.errors import LockHeld, PreflightError, ReleaseError, RolloutError
from ecluse.monitoring.silence import silence

__all__ = ["Ended", "Person", "Session"]


@dataclass(frozen=True)
class Person:
    """The person who gives a command, and the machine."""

    name: str
    host: str

    def __str__(self) -> str:
        return f"{self.name}@{self.host}"


@dataclass(frozen=True)
class Ended:
    """How a command ended well: *release*, of *commit*, serves at *url*. *record* is None where it served already."""

    kind: Kind
    environment: str
    release: str
    record: Record | None
    url: str
    commit: str | None = None

    def as_json(self) -> dict[str, Any]:
        """For programs; docs/reference/cli.md describes it."""
        unchanged = {"release": self.release, "outcome": "unchanged", "serving": self.release}
        return {**(self.record.as_json() if self.record else unchanged), "address": self.url}

    @classmethod
    def from_json(cls, kind: Kind, environment: str, value: Mapping[str, Any]) -> Ended:
        """The value that :meth:`as_json` gave on another machine."""
        known = {name: one for name, one in value.items() if name != "address"}
        record = None if value["outcome"] == "unchanged" else Record.from_json(known)
        return cls(kind, environment, value["release"], record, value["address"])


@dataclass(frozen=True)
class _Forgotten:
    """A release that serves and is not kept."""

    id: str
    commit: str | None = None


@dataclass(frozen=True)
class Session:
    """The commands of *person* about *environment*, whose *target* is open. *say* prints a line of progress; *tell*
    hears of every command that ended well. With *descends*, a deployed release has to follow the one that serves.
    *dumps* are those of the database that are kept; without, none is taken.
    """

    target: Target[Any]
    environment: Environment
    person: Person
    say: Callable[[str], None] = lambda line: None
    tell: Sequence[Callable[[Ended], None]] = field(default=())
    descends: Descends | None = None
    dumps: Dumps | None = None

    def deploy(self, name: str | None = None, allowed: Sequence[str] = (), *, older: bool = False) -> Ended:
        """Roll the release *name* out; without a name, the newest one. *older*: also where it would take changes
        back.
        """
        release = self._named(name)
        # A release may take its secrets from what serves, which ending an interrupted rollout decides.
        again = self.target.records.ledger().journal() is not None

        def choose(ledger: Ledger) -> Release:
            chosen = self._named(name) if again else release
            if not older and (refused := self.out_of_order(chosen, ledger)):
                raise refused
            return chosen

        return self._roll_out("deploy", release.id, choose, allowed, commit=release.commit)

    def out_of_order(self, release: Release, ledger: Ledger) -> PreflightError | None:
        """The reason why *release* may not follow the release that serves; None where it may."""
        if self.descends is None:
            return None
        with answering():
            serving = current(self.target.operations, ledger)
        return refusal(release, None if serving is None else self._known(serving), self.descends)

    def rollback(self, name: str | None = None) -> Ended:
        """Go back to the kept release *name*; without a name, to the release before."""
        return self._roll_out("rollback", name or "the release before", lambda ledger: self._kept(ledger, name))

    def rollback_with_data(self, *, sure: bool) -> Ended:
        """Go back to the release before the last migrations, and to the dump of the database that was taken before
        them. Says what is lost by that; raises PreflightError, with nothing changed, where the person is not *sure*.
        """
        name, dumps = self.environment.name, self.dumps
        if dumps is None:
            raise PreflightError(f"no dumps are taken of {name}")
        progress = self._progress()
        with self._held("rollback with the data") as ledger:
            self._recover(ledger, progress)
            record = dumped(ledger.history(), name)
            assert record.dump is not None and record.previous is not None
            release = self._kept(ledger, record.previous)
            for line in dumps.loss(record.dump):
                self.say(line)
            if not sure:
                raise PreflightError(
                    f"that would go back to release {release.id} with the data of {record.dump}; nothing has changed",
                    hint=f"./ecluse rollback {name} --with-data --yes",
                )
            with self.closed(), dumps.in_place(record.dump):
                ended = self._bring(ledger, "rollback", release, progress, restored=record.dump)
        return self._told(ended)

    def start(self) -> Ended:
        """Start what served last."""
        return self._roll_out("deploy", "what served last", self._served_last)

    def stop(self) -> None:
        """End everything that runs."""
        with self._held("stop") as ledger:
            self.target.controls.stop()
            # An interrupted rollout has ended with the rest: there is nothing to go on with.
            ledger.clear()

    def front(self) -> None:
        """Set up the front server, or change it."""
        with self._held("front"):
            self.target.controls.front()

    def scale(self, wanted: Mapping[str, int | None]) -> Sequence[str]:
        """Give services other numbers of tasks. Returns a sentence for each service, also where nothing is *wanted*."""
        if not wanted:
            return self.target.controls.scale(wanted)
        with self._held("scale") as ledger:
            if (left := ledger.journal()) is not None:
                name = self.environment.name
                raise RolloutError(
                    f"the rollout of {left.release} was interrupted, and its tasks may be of two releases",
                    hint=f"./ecluse deploy {name} or ./ecluse rollback {name} ends it; then scale",
                )
            return self.target.controls.scale(wanted)

    def unlock(self, *, force: bool) -> Holder | None:
        """Remove the environment's lock. Returns who held it. Raises LockHeld where somebody does, without *force*."""
        holder = self.target.records.holder()
        if holder is not None and not force:
            raise LockHeld(
                f"a rollout is under way: {holder}", hint="./ecluse unlock --force takes its lock away all the same"
            )
        self.target.records.unlock()
        return holder

    def maintain(self, on: bool, now: float) -> bool:
        """Give visitors the maintenance page, or the site again. Returns whether that changed anything. Where the page
        is there already, it goes on saying who asked for it first.
        """
        before = self.target.controls.maintenance()
        self.target.controls.maintain((before or Maintenance(by=str(self.person), since=now)) if on else None)
        return bool(before) != on

    @contextmanager
    def closed(self) -> Iterator[None]:
        """Let visitors have the maintenance page for the block."""
        controls = self.target.controls
        page = controls.maintenance()
        controls.maintain(page or Maintenance(by=str(self.person), since=round(time.time(), 3)))
        try:
            yield
        finally:
            controls.maintain(page)

    def _roll_out(
        self,
        kind: Kind,
        what: str,
        choose: Callable[[Ledger], Release],
        allowed: Sequence[str] = (),
        *,
        commit: str | None = None,
    ) -> Ended:
        progress = self._progress()
        with self._held(f"{kind} of {what}", commit) as ledger:
            self._recover(ledger, progress)
            ended = self._bring(ledger, kind, choose(ledger), progress, allowed)
        return self._told(ended)

    def _progress(self) -> Progress:
        return Progress(done=lambda step, seconds: self.say(f"  {step:<10} {seconds:6.2f} s"))

    def _recover(self, ledger: Ledger, progress: Progress) -> None:
        left = recover(self.target.operations, ledger, progress=progress)
        if left is not None:
            self.say(f"the rollout of {left.release} that was interrupted is {_ended(left)}")

    def _bring(
        self,
        ledger: Ledger,
        kind: Kind,
        release: Release,
        progress: Progress,
        allowed: Sequence[str] = (),
        *,
        restored: str | None = None,
    ) -> Ended:
        self.say(f"{kind} of release {release.id} to {self.environment.name}")
        if self.environment.monitoring is not None:
            silence(self.environment.monitoring, self.environment.name, str(self.person), f"{kind} of {release.id}")
        request = Request(
            release=release,
            kind=kind,
            by=str(self.person),
            watch=self.environment.limits,
            allowed=tuple(allowed),
            keep=self.dumps.take if self.dumps else lambda id: None,
            restored=restored,
        )
        record = roll_out(self.target.operations, ledger, request, progress=progress)
        return Ended(kind, self.environment.name, release.id, record, self.target.controls.url, release.commit)

    def _told(self, ended: Ended) -> Ended:
        for hear in self.tell:
            hear(ended)
        return ended

    @contextmanager
    def _held(self, what: str, commit: str | None = None) -> Iterator[Ledger]:
        person = self.person
        with self.target.records.held(who=person.name, host=person.host, what=what, commit=commit) as ledger:
            yield ledger

    def _named(self, name: str | None) -> Release:
        """The release *name*, or the newest one, as the catalogue has it now."""
        catalogue = self.target.catalogue
        found: Release = catalogue.find(name) if name else catalogue.newest()
        return found

    def _kept(self, ledger: Ledger, name: str | None) -> Release:
        """The release to go back to, with the configuration that it ran with. Raises RolloutError where it is not
        kept.
        """
        id = name or _before(ledger, self.environment.name)
        try:
            found: Release = self.target.operations.release(id)
        except ReleaseError:
            id = self.target.catalogue.find(id).id if name else id  # says so where there is no such release at all
            deploy = f"./ecluse deploy {self.environment.name} --release {id}"
            raise RolloutError(f"release {id} is not kept any more", hint=deploy) from None
        return found

    def _known(self, id: str) -> Release:
        """The release *id*, without its commit where it is not kept any more."""
        try:
            found: Release = self.target.operations.release(id)
        except ReleaseError:
            return _Forgotten(id)
        return found

    def _served_last(self, ledger: Ledger) -> Release:
        for record in reversed(ledger.history()):
            if record.serving is not None:
                found: Release = self.target.operations.release(record.serving)
                return found
        name = self.environment.name
        raise RolloutError(f"{name} has never served anything", hint=f"./ecluse deploy {name}")


def _before(ledger: Ledger, environment: str) -> str:
    found = before(ledger.history())
    if found is None:
        hint = f"./ecluse history {environment} shows all"
        raise RolloutError(f"{environment} has had no release before this one", hint=hint)
    return found


def _ended(record: Record) -> str:
    if record.outcome == "succeeded":
        return "finished"
    return f"{record.outcome}; {'release ' + record.serving if record.serving else 'nothing'} serves"
