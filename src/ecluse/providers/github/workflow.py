"""A pipeline as GitHub's workflows.

The YAML is thin: a job checks out, sets up, and calls ``./ecluse run JOB``, which finds in the environment what
happened. What comes from outside (a branch's name, a title) is never put into a shell's line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil

from ecluse.definition.model import Any, EventKind, Job, Pipeline
from ecluse.definition.plan import legs
from ecluse.providers.caching import savers
from ecluse.providers.conditions import filters, simplify
from ecluse.providers.deploying import deploys
from ecluse.providers.github import local_actions
from ecluse.providers.github.actions import step
from ecluse.providers.github.conditions import expression
from ecluse.providers.github.local_actions import KEEP, KEY, REPORT, RESTORED, SETUP
from ecluse.providers.github.queue import QUEUE, QueueProof, asking, proof
from ecluse.providers.github.services import container, url
from ecluse.providers.selection import Selected, environment_of, keeper, limited, needs_history, secrets
from ecluse.providers.services import given, variable
from ecluse.providers.yaml import Commented, Flow, dump

__all__ = ["AFTER", "BEFORE", "GATE", "PUSHED", "WORKFLOW", "files"]

WORKFLOW = ".github/workflows/pipeline.yml"
PUSHED = ".github/workflows/pipeline-push.yml"

GATE = "gate"
"""The job that branch protection asks for: one name, whatever the jobs are called."""

RUNNER = "ubuntu-24.04"

# Minutes, beside the job's own: checking out, setting up, installing Écluse, saving caches and reports.
_AROUND = 10

Node = dict[str, object]

BEFORE: tuple[EventKind, ...] = ("pull_request", "merge_group")
"""The events of a change that nobody has merged yet: those of :data:`WORKFLOW`."""

AFTER: tuple[EventKind, ...] = ("push", "tag")
"""The events of what is merged: those of :data:`PUSHED`."""

# The branches of a merge queue: its commits are tested as merge groups, not once more as pushes.
_QUEUE = "!gh-readonly-queue/**"

# Where an event's patterns stand below `on:`. A push is to a branch or of a tag: naming one leaves the other out.
_EVENTS: tuple[tuple[EventKind, str, str], ...] = (
    ("pull_request", "pull_request", "branches"),
    ("push", "push", "branches"),
    ("tag", "push", "tags"),
)

_PROVES = Commented("write", "a step proves which job it is")


def files(pipeline: Pipeline, jobs: Sequence[Selected], header: str) -> dict[str, str]:
    """The files to check in, by path.

    Two workflows, since GitHub refuses a group whose runs wait for each other (``queue: max``) and are cancelled too:
    https://docs.github.com/actions/how-tos/write-workflows/choose-when-workflows-run/control-workflow-concurrency
    """
    made: dict[str, str] = {}
    before, after = limited(jobs, BEFORE), limited(jobs, AFTER)
    if before:
        made[WORKFLOW] = dump(_before_merge(pipeline, before), header)
    if after:
        queued = any("merge_group" in selected.kinds for selected in jobs)
        made[PUSHED] = dump(_after_merge(pipeline, after, proof(jobs, after), queued=queued), header)
    return {**made, **local_actions.files(pipeline, jobs, header)}


def _before_merge(pipeline: Pipeline, jobs: Sequence[Selected]) -> Node:
    concurrency: Node = {
        "group": "${{ github.workflow }}-${{ github.ref }}",
        # A newer commit of a pull request makes the older one's run pointless.
        "cancel-in-progress": "${{ github.event_name == 'pull_request' }}",
    }
    made = _workflow(pipeline, jobs, pipeline.name, concurrency)
    return {**made, "jobs": {**_jobs(pipeline, jobs, QueueProof()), GATE: _gate(jobs)}}


def _after_merge(pipeline: Pipeline, jobs: Sequence[Selected], proof: QueueProof, *, queued: bool) -> Node:
    # One commit after the other, and none is left out. A rollout is never cut short.
    concurrency: Node = {"group": "${{ github.workflow }}-${{ github.ref }}", "queue": "max"}
    made = _workflow(pipeline, jobs, f"{pipeline.name}, pushed", concurrency, queued=queued)
    proved = [selected for selected in jobs if selected.job.name in proof.proved]
    asks: Node = {QUEUE: asking(WORKFLOW, proved, RUNNER)} if proved else {}
    return {**made, "jobs": {**asks, **_jobs(pipeline, jobs, proof)}}


def _jobs(pipeline: Pipeline, jobs: Sequence[Selected], proof: QueueProof) -> Node:
    saving = savers(pipeline, jobs)
    return {selected.job.name: _job(selected, pipeline, proof, saving.get(selected.job.name, ())) for selected in jobs}


def _workflow(
    pipeline: Pipeline, jobs: Sequence[Selected], name: str, concurrency: Node, *, queued: bool = False
) -> Node:
    return {
        "name": name,
        "on": _events(jobs, queued),
        # No job has more than it is given below.
        "permissions": {},
        "concurrency": concurrency,
        **_env(pipeline),
        # With pipefail:
        # https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsshell
        "defaults": {"run": {"shell": "bash"}},
    }


def _env(pipeline: Pipeline) -> Node:
    # A matrix that skips what is missing would be green without having run.
    return {"env": {**pipeline.providers.env, "TOX_SKIP_MISSING_INTERPRETERS": "false"}}


def _events(jobs: Sequence[Selected], queued: bool) -> Node:
    made: Node = {}
    for kind, event, field in _EVENTS:
        chosen = [selected for selected in jobs if kind in selected.kinds]
        if not chosen:
            continue
        found = [filters(selected.ever or True, kind) for selected in chosen]
        names = ["**"] if None in found else sorted({name for names in found for name in names or ()})
        where = made.setdefault(event, {})
        assert isinstance(where, dict)
        but = [_QUEUE] if queued and kind == "push" and "**" in names else []
        where[field] = Flow([*(_filter(name) for name in names), *but])
    if any("merge_group" in selected.kinds for selected in jobs):
        made["merge_group"] = {"types": Flow(["checks_requested"])}
    return made


def _filter(pattern: str) -> str:
    # In a filter * stops at a slash and + repeats:
    # https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#filter-pattern-cheat-sheet
    return pattern if pattern == "**" else pattern.replace("+", "\\+").replace("*", "**")


def _job(selected: Selected, pipeline: Pipeline, proof: QueueProof, saving: Sequence[Mapping[str, str]]) -> Node:
    job = selected.job
    environment = environment_of(job, pipeline)
    made: Node = {"name": _title(job)}
    if needs := proof.needs(selected):
        made["needs"] = Flow(needs)
    if (condition := proof.condition(selected)) is not None:
        made["if"] = condition
    made["runs-on"] = RUNNER
    made["timeout-minutes"] = ceil(job.timeout * (job.retries + 1) / 60) + _AROUND
    made["permissions"] = {"contents": "read"} | ({"id-token": _PROVES} if job.identity else {})
    if environment is not None:
        made["environment"] = {"name": environment.name, "url": environment.url}
        made["concurrency"] = {"group": f"environment-{environment.name}", "queue": "max"}
    elif job.identity is not None:
        made["environment"] = {"name": job.identity}
    elif (kept := keeper(job)) is not None:
        # For its secrets, not to roll out: the page of the environment would show a deployment that was none.
        made["environment"] = {"name": kept, "deployment": False}
    if job.matrix:
        made["strategy"] = {"fail-fast": False, "matrix": _matrix(job)}
    services = given(job, pipeline)
    if services:
        made["services"] = {service.name: container(service, pipeline) for service in services}
    made["steps"] = [
        # Everything: what a change is compared with may be any number of commits before it.
        step("actions/checkout", {"persist-credentials": False} | ({"fetch-depth": 0} if needs_history(job) else {})),
        _set_up(job, pipeline, saves=bool(saving)),
        _run(selected, pipeline),
        *([_keep(job, saving)] if saving else []),
        # What a job has done is decided: a report that cannot be kept does not turn it red.
        {"if": "always()", "continue-on-error": True, **local_actions.call(REPORT, {"name": _artifact(job)})},
    ]
    return made


def _set_up(job: Job, pipeline: Pipeline, *, saves: bool) -> Node:
    needed: Node = {"python": _python(job, pipeline)}
    if job.browser:
        needed["browser"] = True
    if deploys(job):
        # What another job has saved could be something else than what the locks name.
        needed["packages"] = False
    return ({"id": "setup"} if saves else {}) | local_actions.call(SETUP, needed)


def _keep(job: Job, saving: Sequence[Mapping[str, str]]) -> Node:
    """The step that saves the cache of packages, in the legs *saving*, where there was none."""
    tests = [f"steps.setup.outputs.{RESTORED} != 'true'"]
    if len(saving) < sum(1 for _ in legs(job)):
        chosen = [" && ".join(_has(axis, value) for axis, value in leg.items()) for leg in saving]
        tests.append(chosen[0] if len(chosen) == 1 else f"({' || '.join(f'({one})' for one in chosen)})")
    return {
        "if": " && ".join(tests),
        "continue-on-error": True,
        **local_actions.call(KEEP, {KEY: f"${{{{ steps.setup.outputs.{KEY} }}}}"}),
    }


def _has(axis: str, value: str) -> str:
    escaped = value.replace("'", "''")
    return f"matrix.{axis} == '{escaped}'"


def _title(job: Job) -> str:
    """The title of a leg, as in :attr:`ecluse.definition.plan.Leg.name`, so that a leg has one name everywhere."""
    axes = ", ".join(f"${{{{ matrix.{axis} }}}}" for axis in job.matrix)
    return f"{job.name} ({axes})" if axes else job.name


def _matrix(job: Job) -> Node:
    made: Node = {axis: Flow(values) for axis, values in job.matrix.items()}
    if job.exclude:
        made["exclude"] = [dict(excluded) for excluded in job.exclude]
    return made


def _python(job: Job, pipeline: Pipeline) -> str:
    return "${{ matrix.python }}" if "python" in job.matrix else pipeline.providers.python


def _run(selected: Selected, pipeline: Pipeline) -> Node:
    job = selected.job
    env: Node = {f"MATRIX_{axis.upper()}": f"${{{{ matrix.{axis} }}}}" for axis in job.matrix}
    env |= {variable(service): url(service) for service in given(job, pipeline)}
    env |= {name: f"${{{{ secrets.{name} }}}}" for name in secrets(job, pipeline)}
    chosen = [f'--matrix "{axis}=$MATRIX_{axis.upper()}"' for axis in job.matrix]
    command = " ".join([selected.command, *chosen])
    return {"env": env, "run": command} if env else {"run": command}


def _artifact(job: Job) -> str:
    # The job's index is unique among the legs; an artifact's name may not hold every character that a value may. A run
    # that is started again may not take the name of an artifact that it has.
    leg = "-${{ strategy.job-index }}" if job.matrix else ""
    return f"run-{job.name}{leg}-${{{{ github.run_attempt }}}}"


def _gate(jobs: Sequence[Selected]) -> Node:
    """Judges the results itself: a job that a failed need kept from running is skipped, and GitHub takes a skipped job
    for a passed check (https://github.com/actions/runner/issues/491).
    """
    conditions = {selected.job.name: selected.ever for selected in jobs}
    some = [condition for condition in conditions.values() if condition is not None]
    asked = simplify(Any(tuple(some))) if len(some) == len(conditions) else True

    def result(name: str) -> str:
        condition = conditions[name]
        if condition is None or condition == asked:
            return f"needs.{name}.result"
        return f"({expression(condition)}) && needs.{name}.result || 'not asked for'"

    return {
        "name": GATE,
        "needs": Flow(list(conditions)),
        "if": "always()" if isinstance(asked, bool) else f"always() && ({expression(asked)})",
        "runs-on": RUNNER,
        "timeout-minutes": 5,
        "permissions": {},
        "steps": [
            {
                "name": "every job that was asked for has succeeded",
                "env": {"RESULTS": "\n".join(f"{name}: ${{{{ {result(name)} }}}}" for name in conditions)},
                "run": "! grep --invert-match --extended-regexp ': (success|not asked for)$' <<<\"$RESULTS\"",
            }
        ],
    }
