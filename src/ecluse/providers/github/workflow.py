"""A pipeline as a GitHub workflow, and the local actions that its jobs share.

The YAML is thin: a job checks out, sets up, and calls ``./ecluse run JOB``, which finds in the environment what
happened. What comes from outside (a branch's name, a title) is never put into a shell's line.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from ecluse.definition.model import Any, EventKind, Job, Pipeline
from ecluse.providers.conditions import filters, simplify
from ecluse.providers.github.actions import uses
from ecluse.providers.github.conditions import expression
from ecluse.providers.github.services import container, url
from ecluse.providers.selection import Selected, environment_of, keeper, limited, needs_history, secrets
from ecluse.providers.services import given, variable
from ecluse.providers.yaml import Commented, Flow, dump

__all__ = ["AFTER", "BEFORE", "GATE", "PUSHED", "REPORT", "SETUP", "WORKFLOW", "files"]

WORKFLOW = ".github/workflows/pipeline.yml"
PUSHED = ".github/workflows/pipeline-push.yml"
SETUP = ".github/actions/setup/action.yml"
REPORT = ".github/actions/report/action.yml"

GATE = "gate"
"""The job that branch protection asks for: one name, whatever the jobs are called."""

RUNNER = "ubuntu-24.04"

# Minutes, beside the job's own: checking out, setting up, installing Écluse, saving caches and reports.
_AROUND = 10

# What tells the caches of two jobs apart, beside the locks: git ignores it.
_CACHE_OF = ".ecluse/job"

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
        made[PUSHED] = dump(_after_merge(pipeline, after, queued=queued), header)
    return {**made, SETUP: dump(_setup(pipeline, jobs), header), REPORT: dump(_report(), header)}


def _before_merge(pipeline: Pipeline, jobs: Sequence[Selected]) -> Node:
    concurrency: Node = {
        "group": "${{ github.workflow }}-${{ github.ref }}",
        # A newer commit of a pull request makes the older one's run pointless.
        "cancel-in-progress": "${{ github.event_name == 'pull_request' }}",
    }
    made = _workflow(pipeline, jobs, pipeline.name, concurrency)
    return {**made, "jobs": {**_jobs(pipeline, jobs), GATE: _gate(jobs)}}


def _after_merge(pipeline: Pipeline, jobs: Sequence[Selected], *, queued: bool) -> Node:
    # One commit after the other, and none is left out. A rollout is never cut short.
    concurrency: Node = {"group": "${{ github.workflow }}-${{ github.ref }}", "queue": "max"}
    made = _workflow(pipeline, jobs, f"{pipeline.name}, pushed", concurrency, queued=queued)
    return {**made, "jobs": _jobs(pipeline, jobs)}


def _jobs(pipeline: Pipeline, jobs: Sequence[Selected]) -> Node:
    return {selected.job.name: _job(selected, pipeline) for selected in jobs}


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


def _job(selected: Selected, pipeline: Pipeline) -> Node:
    job = selected.job
    environment = environment_of(job, pipeline)
    made: Node = {"name": _title(job)}
    if job.needs:
        made["needs"] = Flow(job.needs)
    if selected.when is not None:
        made["if"] = expression(selected.when)
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
    needed: Node = {"python": _python(job, pipeline)} | ({"browser": True} if job.browser else {})
    made["steps"] = [
        # Everything: what a change is compared with may be any number of commits before it.
        _uses("actions/checkout", {"persist-credentials": False} | ({"fetch-depth": 0} if needs_history(job) else {})),
        {"uses": f"./{_folder(SETUP)}", "with": needed},
        _run(selected, pipeline),
        # What a job has done is decided: a report that cannot be kept does not turn it red.
        {
            "if": "always()",
            "continue-on-error": True,
            "uses": f"./{_folder(REPORT)}",
            "with": {"name": _artifact(job)},
        },
    ]
    return made


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


def _setup(pipeline: Pipeline, jobs: Sequence[Selected]) -> Node:
    inputs: Node = {"python": {"description": "the version of Python, as 3.13", "required": True}}
    python: Node = {
        "python-version": "${{ inputs.python }}",
        # Restored by a key that has the hash of these files in it, saved when the job has ended.
        "cache": "pip",
        "cache-dependency-path": "\n".join([*pipeline.providers.locks, _CACHE_OF]),
    }
    steps: list[Node] = [
        {
            "name": "the job has a cache of its own",
            "shell": "bash",
            # Else the job that ends first would save what it has downloaded, for all.
            "run": f'mkdir -p {_CACHE_OF.rpartition("/")[0]} && echo "$GITHUB_JOB" >{_CACHE_OF}',
        },
        # The action keeps the folder that `pip cache dir` names: here the one above, which has uv's in it too.
        {**_uses("actions/setup-python", python), "env": {"PIP_CACHE_DIR": "~/.cache"}},
    ]
    if any(selected.job.browser for selected in jobs):
        inputs["browser"] = {"description": "whether the job needs Chrome or Chromium", "default": "false"}
        # GitHub's own runners have Chrome; others get what Debian has.
        install = "sudo apt-get update --quiet && sudo apt-get install --quiet --yes --no-install-recommends chromium"
        steps.append(
            {
                "name": "a browser, where the runner has none",
                "if": "inputs.browser == 'true'",
                "shell": "bash",
                "run": f"command -v google-chrome || command -v chromium || {{ {install}; }}",
            }
        )
    return {
        "name": "Set up",
        "description": "Python, and the packages that were downloaded for the same locks before",
        "inputs": inputs,
        "runs": {"using": "composite", "steps": steps},
    }


def _report() -> Node:
    kept: Node = {
        "name": "${{ inputs.name }}",
        "path": ".ecluse/runs",
        "include-hidden-files": True,
        "if-no-files-found": "ignore",
        "retention-days": 14,
    }
    return {
        "name": "Keep the report",
        "description": "What the run wrote: its page, JSON and JUnit, logs, and the job's outputs",
        "inputs": {"name": {"description": "the artifact's name, unique in the run", "required": True}},
        "runs": {"using": "composite", "steps": [{"id": "kept", **_uses("actions/upload-artifact", kept)}, _linked()]},
    }


def _linked() -> Node:
    """The step that links the report from the job's summary."""
    link = "${{ steps.kept.outputs.artifact-url }}"
    return {
        "if": "steps.kept.outputs.artifact-url",
        "shell": "bash",
        "env": {"REPORT": link},
        "run": 'echo "[The report of this job]($REPORT): its page, logs and test results." >> "$GITHUB_STEP_SUMMARY"',
    }


def _folder(action: str) -> str:
    return action.rpartition("/")[0]


def _uses(name: str, options: Node) -> Node:
    value, comment = uses(name)
    return {"uses": Commented(value, comment), "with": options}
