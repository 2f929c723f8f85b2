"""The rules by which a setting is judged; tests/integration/providers asks them of a server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ecluse.providers.github.doctor import compare
from ecluse.providers.github.settings import NeededSettings
from ecluse.providers.selection import Keeper

OWNERS = "* @team/all\n"
ALL = [{"type": type} for type in ("creation", "update", "deletion")]


class Answers:
    """An API that has the answers to paths, and None for any other."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers

    def get(self, *path: str) -> Any:
        return self.answers.get("_".join(path))

    def all(self, *path: str, of: str | None = None) -> Iterator[Any]:
        yield from self.get(*path) or ()


def problems(wanted: NeededSettings, owners: str | None = OWNERS, **answers: Any) -> dict[str, tuple[str, ...]]:
    found = compare(Answers(**answers), wanted, owners)  # type: ignore[arg-type]
    return {finding.what: finding.problems for finding in found}


def test_branch_that_no_job_needs_is_too_much() -> None:
    kept = Keeper(name="live", secrets=(), branches=("main",), tags=())
    found = problems(
        NeededSettings(environments=(kept,), bases=(), tags=()),
        environments_live={"deployment_branch_policy": {"custom_branch_policies": True}},
        **{"environments_live_deployment-branch-policies": [{"name": "main"}, {"name": "*", "type": "tag"}]},
    )
    assert found["environment live"] == ("deployment branches and tags: tag * is allowed, and no job needs it",)


@pytest.mark.parametrize(
    ("names", "good"),
    [
        ({"include": ["refs/tags/v*"], "exclude": []}, True),
        ({"include": ["~ALL"], "exclude": []}, True),
        ({"include": ["~ALL"], "exclude": ["refs/tags/v1*"]}, False),
        ({"include": ["refs/tags/v1.*"], "exclude": []}, False),
    ],
)
def test_ruleset_counts_only_where_it_surely_covers_the_tags(names: dict[str, Any], good: bool) -> None:
    found = problems(
        NeededSettings(environments=(), bases=(), tags=("v*",)),
        rulesets=[{"id": 1, "target": "tag", "enforcement": "active"}],
        rulesets_1={"conditions": {"ref_name": names}, "rules": ALL},
    )
    assert (found["tags v*"] == ()) is good


@pytest.mark.parametrize(
    ("owners", "count"),
    [(None, 2), ("* @a", 0), ("/pipeline.py @a", 1), ("/.github/** @a\npipeline.py @a", 0), ("*\n# * @a", 2)],
)
def test_code_owners_are_read_as_github_does(owners: str | None, count: int) -> None:
    kept = Keeper(name="live", secrets=(), branches=(), tags=())
    assert len(problems(NeededSettings(environments=(kept,), bases=(), tags=()), owners)["code owners"]) == count


@pytest.mark.parametrize(
    ("checks", "problem"),
    [
        ([], "the check gate is not required"),
        ([{"context": "gate"}], "the check gate may come from another app: require it from GitHub Actions (app 15368)"),
        (
            [{"context": "gate", "integration_id": 7}],
            "the check gate may come from another app: require it from GitHub Actions (app 15368)",
        ),
        ([{"context": "gate"}, {"context": "gate", "integration_id": 15368}], None),
    ],
)
def test_required_check_comes_from_github_actions_alone(checks: list[dict[str, Any]], problem: str | None) -> None:
    rules = [
        {"type": "pull_request", "parameters": {"require_code_owner_review": True}},
        {"type": "required_status_checks", "parameters": {"required_status_checks": checks}},
    ]
    found = problems(NeededSettings(environments=(), bases=("main",), tags=()), rules_branches_main=rules)
    assert found["branch main"] == ((problem,) if problem else ())


@pytest.mark.parametrize(("there", "problem"), [(["merge_queue"], False), ([], True)])
def test_branch_whose_jobs_wait_for_a_queue_must_have_one(there: list[str], problem: bool) -> None:
    wanted = NeededSettings(environments=(), bases=("main",), tags=(), queued=("main",))
    found = problems(wanted, rules_branches_main=[{"type": type} for type in there])["branch main"]
    assert any("there is no merge queue" in one for one in found) == problem
