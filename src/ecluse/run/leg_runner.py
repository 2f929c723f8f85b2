"""The worker that runs one leg: cache, services, steps, timeout, attempts, outcome."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

from ecluse.definition.model import Pipeline, Step
from ecluse.definition.plan import Leg, Plan
from ecluse.errors import EcluseError, Interrupted, RepositoryError
from ecluse.machine import process
from ecluse.machine.tools import argv_of
from ecluse.run import junit
from ecluse.run.cache import Cache, Fingerprint, Hit, printable
from ecluse.run.outcome import Outcome, Status, StepOutcome
from ecluse.run.outputs import mask
from ecluse.run.reads import Log, named
from ecluse.secrets import masked
from ecluse.services.equipment import equip

__all__ = ["LegRunner", "secret_names"]

# Seconds for a program to end by itself when the run is cancelled: GitHub kills what is left after 7.5.
# https://docs.github.com/actions/reference/workflows-and-actions/workflow-cancellation
_GRACE = 5.0

Emit = Callable[[str], None]


def secret_names(pipeline: Pipeline) -> dict[str, frozenset[str]]:
    """The names of the secret variables of each job, by its name: its own and its environment's."""
    environments = {environment.name: environment.secrets for environment in pipeline.environments}
    return {job.name: frozenset((*job.secrets, *environments.get(job.environment or "", ()))) for job in pipeline.jobs}


@dataclass(frozen=True, kw_only=True)
class LegRunner:
    """Runs legs of *plan* at *top*, with *environ*; logs and outputs go below *folder*.

    *began* is the run's beginning on the monotonic clock. *output* sees what a leg prints, masked, as it comes. Setting
    *cancel* ends what runs. Without *use_cache* nothing is skipped or remembered.
    """

    plan: Plan
    top: Path
    folder: Path
    environ: Mapping[str, str]
    began: float
    cancel: Event
    output: Callable[[Leg, str], None]
    cache: Cache
    use_cache: bool = True
    strict_inputs: bool = False
    secrets: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def run(self, leg: Leg) -> Outcome:
        """Run *leg*. A failure is an outcome, not an exception."""
        started = self._now()
        facts, note = self._facts(leg)
        changes: tuple[str, ...] = (note or "the cache is not used",)
        if facts and self.use_cache:
            if hit := self.cache.find(leg, facts):
                with suppress(OSError):  # the entry was pruned by another run this instant: then it runs
                    return self._restored(leg, hit, started)
            changes = tuple(map(masked, self.cache.explain(leg, facts)))
        heard = facts and (self.use_cache or self.strict_inputs)
        log = Log(self.folder / "reads" / leg.slug, self.top) if heard else None
        lacking: set[str] = set()
        outcome = self._attempts(leg, started, changes, log, lacking)
        outcome = replace(outcome, inputs=facts.digest if facts else "")
        if facts and log and outcome.status == "passed":
            return self._remembered(outcome, facts, log, lacking)
        return replace(outcome, forgotten=masked(note)) if leg.job.inputs and outcome.status == "passed" else outcome

    def _facts(self, leg: Leg) -> tuple[Fingerprint | None, str]:
        """The facts that decide the leg's outcome; or None, and the reason why the leg runs every time."""
        try:
            facts = self.cache.facts(leg, self.plan)
        except RepositoryError as error:
            return None, printable(f"{error} ({error.hint})" if error.hint else str(error))
        if facts is None:
            return None, "it rolls out" if leg.job.environment else "the job declares no inputs"
        return facts, ""

    def _remembered(self, outcome: Outcome, facts: Fingerprint, log: Log, lacking: Collection[str]) -> Outcome:
        """Remember a success for the next run, or say why it is not: also where that makes it a failure.

        *lacking* are services that were not there. No fact tells when they are.
        """
        try:
            judged = self.cache.judge(outcome.leg, facts, log.take())
            if judged.unnamed:
                return self._unnamed(outcome, named(judged.unnamed))
            if not self.use_cache:
                return outcome
            if lacking:
                return replace(outcome, forgotten=f"there was no {' and no '.join(sorted(lacking))}")
            ended = datetime.now(UTC).isoformat(timespec="seconds")
            return replace(outcome, forgotten=masked(self.cache.store(outcome, facts, judged.noted, ended)))
        except (OSError, RepositoryError) as error:  # a full disk costs the next run time, and this one nothing
            return replace(outcome, forgotten=masked(printable(str(error))))

    def _unnamed(self, outcome: Outcome, patterns: tuple[str, ...]) -> Outcome:
        shown = tuple(masked(printable(pattern)) for pattern in patterns)
        more = f" and {len(shown) - 1} more" if len(shown) > 1 else ""
        what = f"it read {shown[0]}{more}, which its inputs do not name"
        job = outcome.leg.job.name
        lines = [f"\n{what}. Add to the inputs of the job {job!r} in pipeline.py:", *(f'    "{one}",' for one in shown)]
        text = "\n".join(lines) + "\n"
        with self._log(outcome.leg).open("a", encoding="utf-8") as file:
            file.write(text)
        if self.strict_inputs:
            self.output(outcome.leg, text)
            return replace(outcome, status="failed", reason=what, unnamed=shown)
        return replace(outcome, forgotten=what, unnamed=shown)

    def _restored(self, leg: Leg, hit: Hit, started: float) -> Outcome:
        log, output = self._log(leg), self._output(leg)
        shutil.copyfile(hit.folder / "log", log)
        if (hit.folder / "output").is_dir():
            shutil.copytree(hit.folder / "output", output, dirs_exist_ok=True, symlinks=True)
        reason = f"unchanged since {_local(hit.ended)}, took {hit.seconds:.1f} s then"
        seconds = self._now() - started
        return Outcome(
            leg=leg, status="cached", reason=reason, started=started, seconds=seconds, log=log, output=output
        )

    def _attempts(
        self, leg: Leg, started: float, changes: tuple[str, ...], reads: Log | None, lacking: set[str]
    ) -> Outcome:
        steps: list[StepOutcome] = []
        output = self._output(leg)
        status: Status = "failed"
        attempt, reason = 0, ""
        failed: dict[str, None] = {}
        with self._log(leg).open("w", encoding="utf-8") as log:

            def emit(text: str) -> None:
                log.write(text)
                log.flush()
                self.output(leg, text)

            for attempt in range(1, leg.job.retries + 2):
                if attempt > 1:
                    emit(f"\nattempt {attempt} of {leg.job.retries + 1}\n")
                # What a failed attempt left must not be taken for this one's.
                shutil.rmtree(output, ignore_errors=True)
                output.mkdir(parents=True)
                status, reason = self._attempt(leg, attempt, output, steps, reads, lacking, emit)
                mask(output, [output / one.path for one in leg.job.outputs if one.kind == "release"])
                if status != "failed":
                    break
                failed |= dict.fromkeys(_failed_tests(leg, output))
        if status == "passed" and attempt > 1:
            reason = f"passed on attempt {attempt}"
        return Outcome(
            leg=leg,
            status=status,
            reason=reason,
            started=started,
            seconds=self._now() - started,
            attempts=attempt,
            steps=tuple(steps),
            log=self._log(leg),
            output=output,
            changes=changes,
            flaky=tuple(failed) if status == "passed" else (),
        )

    def _attempt(
        self,
        leg: Leg,
        attempt: int,
        output: Path,
        steps: list[StepOutcome],
        reads: Log | None,
        lacking: set[str],
        emit: Emit,
    ) -> tuple[Status, str]:
        deadline = time.monotonic() + leg.job.timeout
        try:
            with ExitStack() as stack:
                environ = self._environ(leg)
                for variables in self._services(leg, stack, environ, lacking, emit):
                    environ |= variables
                for step in leg.steps(os.path.relpath(output, self.top)):
                    variables = {**environ, **step.env}
                    heard = reads.variables(variables) if reads else {}
                    done = self._step(leg, step, attempt, variables | heard, deadline, emit)
                    steps.append(done)
                    if done.status != "passed":
                        return done.status, done.detail
            return _promised(leg, output)
        except Interrupted:
            return "cancelled", "stopped"
        except EcluseError as error:
            emit(masked(f"error: {error}\n" + (f"hint:  {error.hint}\n" if error.hint else "")))
            return "failed", masked(str(error).partition("\n")[0])

    def _environ(self, leg: Leg) -> dict[str, str]:
        """The caller's environment and the job's, without the secrets that other jobs asked for."""
        own = self.secrets.get(leg.job.name, frozenset())
        others = frozenset().union(*self.secrets.values()) - own
        missing = [name for name in leg.job.secrets if not self.environ.get(name)]
        if missing:
            raise EcluseError(
                f"{leg.job.name} needs the secret {', '.join(missing)}",
                hint="set it in the environment of this command",
            )
        kept = {name: value for name, value in self.environ.items() if name not in others}
        return equip({**kept, **leg.job.env}, self.top / ".ecluse")

    def _services(
        self, leg: Leg, stack: ExitStack, environ: Mapping[str, str], lacking: set[str], emit: Emit
    ) -> Iterator[Mapping[str, str]]:
        """The variables of each service. One that is not there, and that may be next time, is added to *lacking*."""
        by_name = {service.name: service for service in self.plan.pipeline.services}
        for name in leg.job.services:
            from ecluse.services.kinds import kind_of  # here: most commands and jobs need none
            from ecluse.services.sources import for_job

            variables = stack.enter_context(for_job(by_name[name], environ))
            if not variables:
                emit(f"no {name} here: {kind_of(by_name[name]).variable} is not set, and the job goes on without it\n")
                # Whether it is given, a variable tells, which is among the facts. An engine may be there next time.
                if not {*by_name[name].sources} <= {"given", "absent"}:
                    lacking.add(name)
            yield variables

    def _step(
        self, leg: Leg, step: Step, attempt: int, environ: Mapping[str, str], deadline: float, emit: Emit
    ) -> StepOutcome:
        started = self._now()
        command = masked(process.quote(step.run))
        emit(f"$ {command}\n")
        status: Status = "cancelled"
        detail = "stopped"
        try:
            done = process.run(
                argv_of(step.run),
                cwd=self.top,
                env=environ,
                timeout=max(deadline - time.monotonic(), 0.0),
                check=False,
                on_output=emit,
                cancel=self.cancel,
                grace=_GRACE,
                alone=leg.job.environment is None,  # what a rollout starts is meant to stay
            )
        except Interrupted:
            pass
        else:
            status = "passed" if done.ok else "failed"
            detail = "" if done.ok else _how(step, done, leg.job.timeout)
            if detail:
                emit(("" if done.output.endswith("\n") or not done.output else "\n") + f"{detail}\n")
        return StepOutcome(
            name=masked(step.name or command),
            command=command,
            attempt=attempt,
            status=status,
            started=started,
            seconds=self._now() - started,
            detail=detail,
        )

    def _log(self, leg: Leg) -> Path:
        return self.folder / "logs" / f"{leg.slug}.log"

    def _output(self, leg: Leg) -> Path:
        return self.folder / "outputs" / leg.slug

    def _now(self) -> float:
        return time.monotonic() - self.began


def _failed_tests(leg: Leg, output: Path) -> Iterator[str]:
    """The names of the tests that failed, by the results in the folder *output*."""
    for promised in leg.job.outputs:
        tests = junit.read(output / promised.path) if promised.kind == "junit" else None
        yield from (test.name for test in tests.failures) if tests else ()


def _promised(leg: Leg, output: Path) -> tuple[Status, str]:
    """Whether tests have run where the job promises their results: a run of none proves nothing."""
    for promised in leg.job.outputs:
        if promised.kind == "junit":
            tests = junit.read(output / promised.path)
            if tests is None:
                return "failed", f"the steps passed, and left no test results in {promised.path}"
            if tests.total == 0:
                return "failed", f"no test ran: {promised.path} has none"
    return "passed", ""


def _how(step: Step, done: process.Completed, timeout: float) -> str:
    name = masked(step.name or process.quote(step.run))
    if done.timed_out:
        return f"{name} was ended: the job's time of {timeout:g} s is up"
    if done.returncode < 0:
        return f"{name} was ended by signal {-done.returncode}"
    return f"{name} ended with {done.returncode}"


def _local(iso: str) -> str:
    """The time of day *iso*, in this machine's zone; with the date where it is another day."""
    then, now = datetime.fromisoformat(iso).astimezone(), datetime.now().astimezone()
    return then.strftime("%H:%M" if then.date() == now.date() else "%Y-%m-%d %H:%M")
