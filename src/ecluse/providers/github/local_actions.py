"""The local actions that the jobs of the workflows share: setting up, keeping packages, keeping the report."""

from __future__ import annotations

from collections.abc import Sequence

from ecluse.definition.model import Pipeline
from ecluse.providers.github.actions import step
from ecluse.providers.selection import Selected
from ecluse.providers.yaml import dump

__all__ = ["KEEP", "KEY", "REPORT", "RESTORED", "SETUP", "call", "files"]

SETUP = ".github/actions/setup/action.yml"
KEEP = ".github/actions/keep/action.yml"
REPORT = ".github/actions/report/action.yml"

# Outputs of the action `setup`.
KEY = "key"
RESTORED = "restored"

# Downloads of pip and of uv, where both keep them if nothing else is said.
_PACKAGES = "~/.cache/pip\n~/.cache/uv"

Node = dict[str, object]


def files(pipeline: Pipeline, jobs: Sequence[Selected], header: str) -> dict[str, str]:
    """The files to check in, by path."""
    made = {SETUP: _setup(pipeline, jobs), KEEP: _keep(), REPORT: _report()}
    return {path: dump(action, header) for path, action in made.items()}


def call(action: str, options: Node) -> Node:
    """The step that runs the local action in the file *action*."""
    return {"uses": f"./{action.rpartition('/')[0]}", "with": options}


def _setup(pipeline: Pipeline, jobs: Sequence[Selected]) -> Node:
    inputs: Node = {
        "python": {"description": "the version of Python, as 3.13", "required": True},
        "packages": {"description": "whether downloaded packages are restored", "default": "true"},
    }
    steps: list[Node] = [
        step("actions/setup-python", {"python-version": "${{ inputs.python }}"}),
        {
            "id": "packages",
            "if": "inputs.packages == 'true'",
            # Under this key or not at all: a job of this Python has saved it, from nothing, for these locks.
            **step("actions/cache/restore", {"path": _PACKAGES, "key": _key(pipeline)}),
        },
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
        "outputs": {
            KEY: {
                "description": "the key of the cache of packages",
                "value": "${{ steps.packages.outputs.cache-primary-key }}",
            },
            RESTORED: {
                "description": "true where there was such a cache",
                "value": "${{ steps.packages.outputs.cache-hit }}",
            },
        },
        "runs": {"using": "composite", "steps": steps},
    }


def _key(pipeline: Pipeline) -> str:
    locks = ", ".join(f"'{name}'" for name in pipeline.providers.locks)
    return "packages-${{ runner.os }}-${{ runner.arch }}-${{ inputs.python }}-${{ hashFiles(" + locks + ") }}"


def _keep() -> Node:
    return {
        "name": "Keep the packages",
        "description": "What was downloaded for these locks, for every job of this Python",
        "inputs": {KEY: {"description": "the key of the cache, an output of the action setup", "required": True}},
        "runs": {
            "using": "composite",
            "steps": [
                {
                    "name": "without what nothing refers to",
                    "continue-on-error": True,
                    "shell": "bash",
                    "run": ".ecluse/tool/bin/uv cache prune",
                },
                step("actions/cache/save", {"path": _PACKAGES, "key": f"${{{{ inputs.{KEY} }}}}"}),
            ],
        },
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
        "runs": {
            "using": "composite",
            "steps": [{"id": "kept", **step("actions/upload-artifact", kept)}, _linked()],
        },
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
