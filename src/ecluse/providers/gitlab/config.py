"""A pipeline as ``.gitlab-ci.yml``.

The YAML is thin: GitLab checks out, and a job calls ``./ecluse run JOB`` in an image of Python, which finds in the
environment what happened. https://docs.gitlab.com/ci/yaml/ describes every keyword.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import ceil

from ecluse.definition.model import Any, Is, Job, Pipeline
from ecluse.definition.plan import legs
from ecluse.providers.caching import savers
from ecluse.providers.conditions import KINDS, simplify
from ecluse.providers.deploying import deploys
from ecluse.providers.gitlab.conditions import alternatives
from ecluse.providers.gitlab.job_names import title
from ecluse.providers.gitlab.services import ENGINE_VARIABLES, container, engine, url
from ecluse.providers.selection import Selected, environment_of, keeper, keepers, needs_history
from ecluse.providers.services import given, image, in_container, variable
from ecluse.providers.yaml import Flow, dump

__all__ = ["CONFIG", "advice", "files"]

CONFIG = ".gitlab-ci.yml"

# Python, git and what builds extensions, on the Debian that the production image has.
_IMAGE = "python:{}-trixie"

# What was downloaded: GitLab keeps no folder outside of the checkout, and git ignores this one. Of what is in it, the
# packages alone are for other jobs: a migrated database is of its commit.
_DOWNLOADS = ".ecluse/downloads"
_PACKAGES = [f"{_DOWNLOADS}/pip/", f"{_DOWNLOADS}/uv/"]

_RUNS = ".ecluse/runs"

# Minutes, beside the job's own: checking out, a first environment, saving caches and reports.
_AROUND = 10

# A machine that failed is not the job's failure. A job's own retries are made by `ecluse run`.
_RETRY: Mapping[str, object] = {"max": 2, "when": ["runner_system_failure", "scheduler_failure"]}

# The line that coverage.py, and pytest-cov, end with; this is GitLab's own example for them.
_COVERAGE = r"/TOTAL.*? (100(?:\.0+)?%|[1-9]?\d(?:\.\d+)?%)$/"

_CLIENT = "apt-get update --quiet && apt-get install --quiet --yes --no-install-recommends "

Node = dict[str, object]


def files(pipeline: Pipeline, jobs: Sequence[Selected], header: str) -> dict[str, str]:
    """The files to check in, by path."""
    return {CONFIG: dump(_config(pipeline, jobs), "\n".join([header, *_secrets(pipeline, jobs)]))}


def _secrets(pipeline: Pipeline, jobs: Sequence[Selected]) -> list[str]:
    """The secrets that must be set in the project's settings, by name: a line for each scope."""
    return [
        f"Variables, protected and masked, with the environment scope {kept.name}: {', '.join(kept.secrets)}"
        for kept in keepers(pipeline, jobs)
        if kept.secrets
    ]


def advice(pipeline: Pipeline, jobs: Sequence[Selected]) -> list[str]:
    """The project's settings that no file can say, and somebody has to set once."""
    kept = keepers(pipeline, jobs)
    names = sorted({f"the branch {name}" for one in kept for name in one.branches if "*" not in name})
    names += sorted({f"the branches {name}" for one in kept for name in one.branches if "*" in name})
    names += sorted({f"the tags {name}" for one in kept for name in one.tags})
    lines = _secrets(pipeline, jobs)
    if names:
        lines.insert(0, f"Protected, so that few people may push them: {', '.join(names)}")
    return [*lines, "Settings, Merge requests: pipelines must succeed"]


def _config(pipeline: Pipeline, jobs: Sequence[Selected]) -> Node:
    saving = savers(pipeline, jobs)
    return {
        "workflow": {"rules": _pipelines(jobs)},
        "default": {
            "image": image(_IMAGE.format(pipeline.providers.python), pipeline),
            "cache": _cache(pipeline, pipeline.providers.python, saves=False),
            "retry": _RETRY,
            "artifacts": _artifacts(),
        },
        "variables": _variables(pipeline),
        "stages": [f"stage {stage}" for stage in sorted({selected.stage for selected in jobs})],
        **{title(selected.job.name): _job(selected, pipeline, saves=selected.job.name in saving) for selected in jobs},
    }


def _pipelines(jobs: Sequence[Selected]) -> list[Node]:
    """The events that make a pipeline. A newer commit of a merge request makes the older one's pipeline pointless; no
    other is cancelled."""
    made: list[Node] = []
    for kind in KINDS:
        chosen = [simplify(selected.ever, (kind,)) for selected in jobs if kind in selected.kinds]
        if not chosen:
            continue
        some = simplify(Any(tuple(one for one in chosen if not isinstance(one, bool))), (kind,))
        condition = Is(kind) if True in chosen or isinstance(some, bool) else some
        cancel = "interruptible" if kind == "pull_request" else "none"
        made += [{"if": text, "auto_cancel": {"on_new_commit": cancel}} for text in alternatives(condition)]
    return made


def _variables(pipeline: Pipeline) -> Node:
    made: Node = {name: _literally(value) for name, value in pipeline.providers.env.items()}
    return {
        **made,
        # A matrix that skips what is missing would be green without having run.
        "TOX_SKIP_MISSING_INTERPRETERS": "false",
        "XDG_CACHE_HOME": f"$CI_PROJECT_DIR/{_DOWNLOADS}",
    }


def _literally(value: str) -> object:
    # GitLab would put a variable's value in the place of its name.
    return {"value": value, "expand": False} if "$" in value else value


def _cache(pipeline: Pipeline, python: str, *, saves: bool) -> Node:
    """The cache of packages of one Python and the locks. A job that *saves* puts into it what it did not find there."""
    return {
        "key": {"files": list(pipeline.providers.locks), "prefix": f"python-{python}"},
        "paths": _PACKAGES,
        "policy": "pull-push" if saves else "pull",
    }


def _job(selected: Selected, pipeline: Pipeline, *, saves: bool) -> Node:
    job = selected.job
    made: Node = {"stage": f"stage {selected.stage}"}
    # A graph: a job waits for what it needs, and for nothing else of the stage before.
    made["needs"] = [{"job": title(name), "artifacts": False} for name in job.needs]
    made["rules"] = _rules(selected, pipeline)
    if "pull_request" in selected.kinds:
        made["interruptible"] = True
    if "python" in job.matrix:
        made["image"] = image(_IMAGE.format("$MATRIX_PYTHON"), pipeline)
    if deploys(job):
        # Others have put into it what this job would run with its secrets.
        made["cache"] = []
    elif saves or "python" in job.matrix:
        python = "$MATRIX_PYTHON" if "python" in job.matrix else pipeline.providers.python
        made["cache"] = _cache(pipeline, python, saves=saves)
    if job.matrix:
        made["parallel"] = {"matrix": _matrix(job)}
    made["timeout"] = f"{ceil(job.timeout * (job.retries + 1) / 60) + _AROUND} minutes"
    made |= _environment(job, pipeline) | _services(job, pipeline)
    if before := _before(job):
        made["before_script"] = before
    made["script"] = [_command(selected)]
    covered = [output.path for output in job.outputs if output.kind == "coverage"]
    if covered:
        made |= {"artifacts": _artifacts(covered[0]), "coverage": _COVERAGE}
    return made


def _rules(selected: Selected, pipeline: Pipeline) -> list[Node]:
    # A job without rules would not be in the pipeline of a merge request.
    rules: list[Node] = [{"if": text} for text in alternatives(selected.ever)] if selected.ever else [{}]
    environment = environment_of(selected.job, pipeline)
    if environment is not None and environment.approval:
        return [{**rule, "when": "manual", "allow_failure": False} for rule in rules]
    return [rule or {"when": "on_success"} for rule in rules]


def _matrix(job: Job) -> list[Node]:
    if not job.exclude:
        return [{_axis(name): Flow(values) for name, values in job.matrix.items()}]
    return [{_axis(name): value for name, value in leg.items()} for leg in legs(job)]


def _axis(name: str) -> str:
    return f"MATRIX_{name.upper()}"


def _command(selected: Selected) -> str:
    chosen = [f'--matrix "{axis}=${_axis(axis)}"' for axis in selected.job.matrix]
    return " ".join([selected.command, *chosen])


def _environment(job: Job, pipeline: Pipeline) -> Node:
    if job.identity is not None:
        # A step asks for the token by this name: https://docs.gitlab.com/ci/secrets/id_token_authentication/
        name = re.sub(r"\W", "_", job.identity).upper()
        return {"environment": {"name": job.identity}, "id_tokens": {f"{name}_ID_TOKEN": {"aud": job.identity}}}
    environment = environment_of(job, pipeline)
    if environment is None:
        # For its variables, not to roll out.
        return {"environment": {"name": kept, "action": "access"}} if (kept := keeper(job)) else {}
    return {
        "environment": {"name": environment.name, "url": environment.url},
        # One rollout at a time; and a person looks before one is tried again.
        "resource_group": f"environment-{environment.name}",
        "retry": 0,
    }


def _services(job: Job, pipeline: Pipeline) -> Node:
    services = given(job, pipeline)
    containers = [container(service, pipeline) for service in services]
    variables: Node = {variable(service): url(service) for service in services}
    if job.engine or in_container(job, pipeline):
        containers.append(engine(pipeline))
        variables |= ENGINE_VARIABLES
    if needs_history(job):
        variables["GIT_DEPTH"] = "0"
    made: Node = {"services": containers} if containers else {}
    return {**made, "variables": variables} if variables else made


def _before(job: Job) -> list[str]:
    packages = [
        *(("docker-cli", "docker-buildx", "docker-compose") if job.engine else ()),
        *(("chromium",) if job.browser else ()),
    ]
    commands = [_CLIENT + " ".join(packages)] if packages else []
    if job.history:
        # GitLab fetches the one branch; what a change is compared with is on others.
        commands.append("git fetch --quiet --tags origin '+refs/heads/*:refs/remotes/origin/*'")
    return commands


def _artifacts(coverage: str | None = None) -> Node:
    """The artifacts of a run; *coverage* is the path of a coverage report among its outputs."""
    reports: Node = {"junit": f"{_RUNS}/*/junit.xml"}
    if coverage:
        reports["coverage_report"] = {"coverage_format": "cobertura", "path": f"{_RUNS}/*/outputs/*/{coverage}"}
    return {"when": "always", "expire_in": "14 days", "paths": [f"{_RUNS}/"], "reports": reports}
