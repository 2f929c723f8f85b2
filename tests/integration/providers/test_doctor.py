"""``ecluse doctor github``, before a server that answers as GitHub's documentation says."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ecluse.machine import process
from testbed.standins import github
from testbed.standins.github import Environment, GitHubServer

pytestmark = pytest.mark.counted

TOP = Path(__file__).resolve().parents[3]

PIPELINE = """
from ecluse import *
pipeline = Pipeline(
    name="shop",
    jobs=(
        Job(name="lint", when=pull_request("main"), steps=(command("true"),)),
        Job(name="image", when=push("main"), steps=(command("true"),), secrets=("REGISTRY",)),
        Job(name="deploy", when=tag("v*"), environment="production", steps=(command("true"),)),
    ),
    environments=(
        Environment(name="production", target="server", settings="s", url="https://shop.example",
                    secrets=("SSH_KEY",), approval=True),
    ),
    providers=Providers(only=("github",)),
)
"""

SET = ["✓ environment image", "✓ environment production", "✓ secrets in environments alone", "✓ tags v*"]
SET += ["✓ branch main", "✓ code owners"]

Doctor = Callable[..., process.Completed]


@pytest.fixture
def server() -> Iterator[GitHubServer]:
    """A repository that is set as the pipeline needs it."""
    with github.running() as told:
        told.environments["image"] = Environment([("branch", "main")], ["REGISTRY"])
        # More than one page.
        secrets = [*(f"OTHER_{index}" for index in range(150)), "SSH_KEY"]
        told.environments["production"] = Environment([("tag", "v*")], secrets, ["ada"])
        told.rulesets = [
            {
                **{"id": 42, "name": "releases", "target": "tag", "enforcement": "active"},
                "conditions": {"ref_name": {"include": ["refs/tags/v*"], "exclude": []}},
                "rules": [{"type": "creation"}, {"type": "update"}, {"type": "deletion"}],
            }
        ]
        told.branches["main"] = [
            {"type": "pull_request", "parameters": {"require_code_owner_review": True}},
            {
                "type": "required_status_checks",
                "parameters": {"required_status_checks": [{"context": "gate", "integration_id": 15368}]},
            },
        ]
        yield told


@pytest.fixture
def doctor(server: GitHubServer, tmp_path: Path) -> Doctor:
    (tmp_path / "pipeline.py").write_text(PIPELINE)
    (tmp_path / ".github").mkdir()
    (tmp_path / ".github" / "CODEOWNERS").write_text("/.github/ @team/release\n/pipeline.py @team/release\n")
    process.run(["git", "init", "--quiet"], cwd=tmp_path)

    def run(**environ: str) -> process.Completed:
        env = {**os.environ, "PYTHONPATH": str(TOP / "src"), "NO_COLOR": "1", **server.environ(), **environ}
        return process.run([sys.executable, "-m", "ecluse", "doctor", "github"], cwd=tmp_path, env=env, check=False)

    return run


def test_repository_that_is_set_has_no_problem(doctor: Doctor) -> None:
    done = doctor()
    assert (done.returncode, done.output.splitlines()) == (0, SET), done.output


def test_every_setting_that_is_missing_is_named(server: GitHubServer, doctor: Doctor, tmp_path: Path) -> None:
    del server.environments["image"]
    server.environments["production"] = Environment(None, [], [])
    server.secrets = ["SSH_KEY"]
    server.organization_secrets = ["REGISTRY", "ANOTHER"]
    server.rulesets[0]["enforcement"] = "evaluate"
    server.branches.clear()
    (tmp_path / ".github" / "CODEOWNERS").unlink()
    done = doctor()
    assert done.returncode == 1
    assert done.output.splitlines() == [
        "✗ environment image",
        "    there is no such environment: a job would make it, open to every branch",
        "✗ environment production",
        "    deployment branches and tags: not limited to selected ones",
        "    required reviewers: nobody is asked",
        "    secrets: not set: SSH_KEY",
        "✗ secrets in environments alone",
        "    SSH_KEY is a secret of the repository: every workflow of every branch may read it",
        "    REGISTRY is a secret of the organisation: every workflow of every branch may read it",
        "✗ tags v*",
        "    no active ruleset restricts its creation",
        "    no active ruleset restricts its deletion",
        "    no active ruleset restricts its update",
        "✗ branch main",
        "    no active ruleset requires a pull request",
        "    the check gate is not required",
        "✗ code owners",
        "    no line of CODEOWNERS gives /.github/ an owner",
        "    no line of CODEOWNERS gives /pipeline.py an owner",
    ]


def test_setting_that_the_token_may_not_see_is_no_success(server: GitHubServer, doctor: Doctor) -> None:
    server.hidden = {"environments/production/secrets"}
    done = doctor()
    assert done.returncode == 1
    assert "✗ environment production\n    the token may not see it: GitHub answers 403" in done.output
    refused = doctor(GITHUB_TOKEN="another-token-0123456789")
    assert refused.returncode == 1 and refused.output.count("GitHub answers 401") == 5
    assert "another-token-0123456789" not in refused.output


def test_server_that_does_not_answer_is_an_error(doctor: Doctor) -> None:
    done = doctor(GITHUB_API_URL="http://127.0.0.1:1")
    assert done.returncode == 10 and "GitHub cannot be asked" in done.output
