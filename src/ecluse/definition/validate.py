"""The rules for a pipeline that can be run and rendered; each problem names the job and the field."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from math import prod

from ecluse.definition import backups
from ecluse.definition.conditions import possible
from ecluse.definition.model import Environment, Job, Pipeline, Provision
from ecluse.definition.placeholders import OUTPUT, unknown
from ecluse.definition.plan import Leg, legs
from ecluse.definition.shapes import Problem, misfits

__all__ = ["problems"]

# A name that any provider, and any file system, takes for a job.
_JOB_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,99}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

_MIRROR = re.compile(r"(?:[a-z0-9.-]+(?::[0-9]+)?(?:/[a-z0-9._-]+)*)?")

# Beyond this, counting what is not excluded would take long.
_MOST_COMBINATIONS = 100_000

# PostgreSQL cuts a longer name, and two databases could be one.
_LONGEST_DATABASE = 63

# Nobody waits longer for a job, and no provider's machine does.
_LONGEST = 6 * 60 * 60

# Enough to find in CI that a program is flaky; more hides that it is broken.
_MOST_RETRIES = 10


def problems(pipeline: Pipeline) -> list[Problem]:
    """Every mistake in *pipeline*; empty if the pipeline can be run."""
    found = list(misfits(pipeline))
    if found:
        return found  # the rules below trust the types
    return [
        *_pipeline(pipeline),
        *(problem for job in pipeline.jobs for rule in _JOB_RULES for problem in rule(job, pipeline)),
        *_cycles(pipeline),
    ]


def _pipeline(pipeline: Pipeline) -> Iterator[Problem]:
    if not pipeline.jobs:
        yield Problem("", "jobs", "a pipeline needs at least one job")
    yield from _defined_once("job", (job.name for job in pipeline.jobs))
    yield from _alike("", "jobs", [job.name for job in pipeline.jobs])
    yield from _variables("", "providers.env", pipeline.providers.env)
    if not _MIRROR.fullmatch(pipeline.providers.mirror):
        yield Problem(
            "", "providers.mirror", "is a registry's host, with a path or none: no scheme, no slash at the end"
        )
    after = pipeline.image.after if pipeline.image else ""
    if after and after not in {environment.name for environment in pipeline.environments}:
        yield Problem("", "image.after", f"the pipeline defines no environment {after!r}")
    if pipeline.release and bool(pipeline.release.wsgi) == bool(pipeline.release.asgi):
        yield Problem("", "release", "needs the site's application: wsgi, or asgi")
    for kind, names in (
        ("service", [service.name for service in pipeline.services]),
        ("environment", [environment.name for environment in pipeline.environments]),
    ):
        yield from _defined_once(kind, names)
        for name in names:
            if not _NAME.fullmatch(name):
                yield Problem(f"{kind} {name!r}", "name", "may hold letters, digits, - and _ only")
    for environment in pipeline.environments:
        where = f"environment {environment.name!r}"
        yield from _variables(where, "secrets", environment.secrets)
        yield from _variables(where, "env", environment.env)
        yield from _watch(where, environment)
        if environment.backup is not None:
            yield from (Problem(where, field, what) for field, what in backups.problems(environment.backup))
            if environment.target != "server":
                yield Problem(where, "backup", "is there for the target server alone so far")
            elif environment.backup.every and environment.provision is None:
                what = "is a timer that `ecluse provision` puts on a server, and there is no provision"
                yield Problem(where, "backup.every", what)
        for service, count in environment.replicas.items():
            if count < 1:
                yield Problem(where, "replicas", f"gives {service} {count} tasks: 1 or more")
        for name in (environment.readiness, *environment.health):
            if not name.startswith("/") or any(letter.isspace() for letter in name):
                yield Problem(where, "health", f"{name!r} is not the path of a page: it begins with /")
        for setup in environment.setup:
            yield from _variables(where, "setup", setup.given)
            if not setup.command:
                yield Problem(where, "setup", "has a command without a name")
    yield from _machines(pipeline)


def _machines(pipeline: Pipeline) -> Iterator[Problem]:
    """The environments of one machine that want it otherwise: to provision each would undo what the other one did."""
    watched = [one for one in pipeline.environments if one.host and one.monitoring]
    for (host, _), times in Counter((one.host.casefold(), one.port) for one in watched).items():
        if times > 1:
            yield Problem("", "environments", f"{times} have monitoring of the host {host}: one for all of them")
    first: dict[tuple[str, int | None], tuple[str, Provision]] = {}
    named: dict[tuple[str, int | None, str], str] = {}
    for environment in pipeline.environments:
        if environment.provision is None:
            continue
        wanted = environment.provision
        if wanted.postgresql and len(f"{pipeline.name}-{environment.name}") > _LONGEST_DATABASE:
            what = f"names a database for the pipeline and the environment: {_LONGEST_DATABASE} letters are the most"
            yield Problem(f"environment {environment.name!r}", "provision.postgresql", what)
        machine = (environment.host.casefold(), environment.port)
        other, already = first.setdefault(machine, (environment.name, wanted))
        for field in ("administrator", "ports", "time_zone", "swap"):
            values = [getattr(provision, field) for provision in (wanted, already)]
            if len({frozenset(value) if isinstance(value, tuple) else value for value in values}) > 1:
                what = f"is {values[0]!r}, and {values[1]!r} in environment {other!r} of the same host: one for both"
                yield Problem(f"environment {environment.name!r}", f"provision.{field}", what)
        for name in wanted.front.names if wanted.front else ():
            other = named.setdefault((*machine, name), environment.name)
            if other != environment.name:
                what = f"has {name!r}, as environment {other!r} of the same host has: nginx would ask one of the two"
                yield Problem(f"environment {environment.name!r}", "provision.front.names", what)


def _watch(where: str, environment: Environment) -> Iterator[Problem]:
    limits = environment.limits
    if limits.seconds < 0:
        yield Problem(where, "watch", "is a number of seconds, 0 or more")
    if limits.most_errors < 0 or limits.most_restarts < 0:
        yield Problem(where, "watch", "allows a number of errors or restarts, 0 or more")
    if not 0 <= limits.error_share <= 1:
        yield Problem(where, "watch", f"has an error share of {limits.error_share:g}: from 0 to 1")
    if not 0 <= (limits.more_errors or 0) <= 1:
        yield Problem(where, "watch", f"lets errors grow by a share of {limits.more_errors:g}: from 0 to 1")
    if limits.slower and limits.slower < 1:
        yield Problem(where, "watch", f"lets answers take {limits.slower:g} times as long: 1 or more, or 0")
    if limits.canary_seconds < 0 or not 0 < limits.canary_share <= 1:
        yield Problem(where, "watch", "gives its canary a share above 0, up to 1, for 0 seconds or more")


def _defined_once(kind: str, names: Iterable[str]) -> Iterator[Problem]:
    for name, times in Counter(names).items():
        if times > 1:
            yield Problem(f"{kind} {name!r}", "name", f"is defined {times} times")


def _alike(where: str, field: str, names: Iterable[str]) -> Iterator[Problem]:
    """Names that differ in capitals alone: they are one name to GitHub's matrix, and to the files of a Mac."""
    first: dict[str, str] = {}
    for name in dict.fromkeys(names):
        other = first.setdefault(name.casefold(), name)
        if other != name:
            yield Problem(where, field, f"{other!r} and {name!r} differ in capitals alone")


def _name(job: Job, pipeline: Pipeline) -> Iterator[Problem]:
    if not _JOB_NAME.fullmatch(job.name):
        yield _of(job, "name", "is a letter or _, then letters, digits, - and _, 100 in all")


def _together(job: Job, pipeline: Pipeline) -> Iterator[Problem]:
    if job.together and not _JOB_NAME.fullmatch(job.together):
        yield _of(job, "together", "is a letter or _, then letters, digits, - and _, 100 in all")


def _needs(job: Job, pipeline: Pipeline) -> Iterator[Problem]:
    names = {other.name for other in pipeline.jobs}
    for need in job.needs:
        if need not in names:
            yield _of(job, "needs", f"there is no job {need!r}{_close(need, names)}")
    yield from _twice(job, "needs", job.needs)


def _services(job: Job, pipeline: Pipeline) -> Iterator[Problem]:
    names = {service.name for service in pipeline.services}
    for service in job.services:
        if service not in names:
            yield _of(job, "services", f"the pipeline defines no service {service!r}{_close(service, names)}")
    yield from _twice(job, "services", job.services)


def _environment(job: Job, pipeline: Pipeline) -> Iterator[Problem]:
    names = {environment.name for environment in pipeline.environments}
    if job.environment is not None and job.environment not in names:
        what = f"the pipeline defines no environment {job.environment!r}{_close(job.environment, names)}"
        yield _of(job, "environment", what)
    if job.identity is not None:
        if job.environment is not None:
            yield _of(job, "identity", "a job has an environment or an identity, not both")
        if not _NAME.fullmatch(job.identity):
            yield _of(job, "identity", "names an environment of the provider: letters, digits, - and _")


def _matrix(job: Job, pipeline: Pipeline) -> Iterator[Problem]:
    for axis, values in job.matrix.items():
        field = f"matrix.{axis}"
        if not _VARIABLE.fullmatch(axis):
            yield _of(job, field, "an axis is named with letters, digits and _")
        if axis in ("include", "exclude"):
            yield _of(job, field, f"{axis} has a meaning of its own in GitHub's matrix: name the axis otherwise")
        if axis == OUTPUT:
            yield _of(job, field, f"{{{OUTPUT}}} already stands for the leg's output folder: name the axis otherwise")
        if not values:
            yield _of(job, field, "has no value: remove the axis, or give it at least one")
        if "" in values:
            yield _of(job, field, "has an empty value")
        yield from _twice(job, field, values)
    yield from _alike(_where(job), "matrix", job.matrix)
    for index, excluded in enumerate(job.exclude):
        field = f"exclude[{index}]"
        absent = [f"{axis}={value}" for axis, value in excluded.items() if value not in job.matrix.get(axis, ())]
        if not excluded:
            yield _of(job, field, "is empty, so it would exclude every leg")
        elif absent:
            yield _of(job, field, f"excludes nothing: the matrix has no {', '.join(absent)}")
    combinations = prod(len(values) for values in job.matrix.values())
    if combinations > _MOST_COMBINATIONS:
        yield _of(job, "matrix", f"has {combinations} combinations; {_MOST_COMBINATIONS} are the most")
        return
    count = sum(1 for _ in legs(job))
    if combinations and not count:
        yield _of(job, "exclude", "excludes every leg of the matrix")
    slugs = Counter(Leg(job=job, values=values).slug.casefold() for values in legs(job))
    for slug, times in slugs.items():
        if times > 1:
            yield _of(job, "matrix", f"{times} legs would share the files of the name {slug}")


def _steps(job: Job, pipeline: Pipeline) -> Iterator[Problem]:
    if not job.steps:
        yield _of(job, "steps", "is empty: a job needs at least one step")
    for index, step in enumerate(job.steps):
        field = f"steps[{index}]"
        if not step.run or not step.run[0]:
            yield _of(job, field, "has no program to run")
        for text in (*step.run, step.name, *step.env.values()):
            for placeholder in unknown(text, set(job.matrix)):
                axes = ", ".join(f"{{{axis}}}" for axis in (*job.matrix, OUTPUT))
                yield _of(job, field, f"{placeholder} stands for nothing here; there is {axes}")
        yield from _variables(_where(job), f"{field}.env", step.env)


def _limits(job: Job, pipeline: Pipeline) -> Iterator[Problem]:
    if not 0 < job.timeout <= _LONGEST:
        yield _of(job, "timeout", f"is {job.timeout:g}: a number of seconds, more than 0, at most {_LONGEST} (6 hours)")
    if not 0 <= job.retries <= _MOST_RETRIES:
        yield _of(job, "retries", f"is {job.retries}: from 0 to {_MOST_RETRIES}")
    if job.environment is not None and job.retries:
        yield _of(job, "retries", "a job that rolls out is not tried again by itself: a person looks first")


def _paths(job: Job, pipeline: Pipeline) -> Iterator[Problem]:
    for field, paths in (("inputs", job.inputs), ("outputs", tuple(output.path for output in job.outputs))):
        if field == "inputs" and paths and all(path.startswith("!") for path in paths):
            yield _of(job, field, "chooses no file: each pattern takes files away")
        for path in paths:
            path = path.removeprefix("!") if field == "inputs" else path
            if not path.strip("/") or path.startswith(("/", "~")) or ".." in path.split("/"):
                whence = "the repository's top" if field == "inputs" else f"{{{OUTPUT}}}, the leg's own folder"
                yield _of(job, field, f"{path!r} is not a path from {whence}")
        yield from _twice(job, field, paths)


def _secrets(job: Job, pipeline: Pipeline) -> Iterator[Problem]:
    yield from _variables(_where(job), "secrets", job.secrets)
    yield from _variables(_where(job), "env", job.env)
    if possible(job.when, "pull_request") or possible(job.when, "merge_group"):
        # The code of a fork's pull request is a stranger's: no provider gives it a secret, so what asks for one fails.
        # A merge group has the same code, and would get it.
        asked = {"secrets": job.secrets, "environment": job.environment, "identity": job.identity}
        field = next((name for name, value in asked.items() if value), None)
        if field is not None:
            what = "a pull request may run this job, and a fork's gets no secret and no identity"
            yield _of(job, field, f"{what}: limit it with when=push(…), tag(…) or ship()")


_JOB_RULES: tuple[Callable[[Job, Pipeline], Iterator[Problem]], ...] = (
    _name,
    _together,
    _needs,
    _services,
    _environment,
    _matrix,
    _steps,
    _limits,
    _paths,
    _secrets,
)


def _cycles(pipeline: Pipeline) -> Iterator[Problem]:
    needs = {job.name: job.needs for job in pipeline.jobs}
    done: set[str] = set()

    def walk(name: str, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        if name in path:
            yield (*path[path.index(name) :], name)
        elif name in needs and name not in done:
            for need in needs[name]:
                yield from walk(need, (*path, name))
            done.add(name)

    for job in pipeline.jobs:
        for cycle in walk(job.name, ()):
            yield Problem(f"job {cycle[0]!r}", "needs", f"is a cycle: {' → '.join(cycle)}")


def _variables(where: str, field: str, names: Iterable[str] | Mapping[str, str]) -> Iterator[Problem]:
    for name in names:
        if not _VARIABLE.fullmatch(name):
            yield Problem(where, field, f"{name!r} is not the name of an environment variable")


def _twice(job: Job, field: str, names: Iterable[str]) -> Iterator[Problem]:
    for name, times in Counter(names).items():
        if times > 1:
            yield _of(job, field, f"{name!r} is there {times} times")


def _close(name: str, names: Iterable[str]) -> str:
    close = get_close_matches(name, sorted(names), n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _where(job: Job) -> str:
    return f"job {job.name!r}"


def _of(job: Job, field: str, what: str) -> Problem:
    return Problem(_where(job), field, what)
