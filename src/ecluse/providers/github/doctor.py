"""Whether a repository on GitHub is set as its pipeline needs it: the settings of ``settings.py``, asked of the API."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ecluse.definition.model import Pipeline
from ecluse.errors import RepositoryError
from ecluse.machine import git
from ecluse.providers.findings import Finding
from ecluse.providers.github.rest import ADDRESS, GitHubApi, NotSeen
from ecluse.providers.github.settings import OWNED, NeededSettings, needed_settings
from ecluse.providers.github.workflow import GATE
from ecluse.providers.selection import Keeper, Selected
from ecluse.secrets import Secret

__all__ = ["compare", "examine"]

_TAG_RULES = frozenset(("creation", "update", "deletion"))

# The number of the app GitHub Actions on github.com: https://api.github.com/apps/github-actions
_ACTIONS_APP = 15368


def examine(pipeline: Pipeline, jobs: Sequence[Selected], top: Path, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Every setting that *jobs* need, examined: the token in GITHUB_TOKEN may read them.

    Raises TargetError where GitHub cannot be asked, RepositoryError where the repository at *top* has no name there.
    """
    token = environ.get("GITHUB_TOKEN", "").strip()
    address = environ.get("GITHUB_API_URL") or ADDRESS
    api = GitHubApi(_repository(top, environ), Secret(token) if token else None, address)
    yield from compare(api, needed_settings(pipeline, jobs), _code_owners(top))


def _repository(top: Path, environ: Mapping[str, str]) -> str:
    """The owner and name that a job of GitHub, or the remote ``origin``, says."""
    if named := environ.get("GITHUB_REPOSITORY"):
        return named
    _, _, name = git.origin(top).partition("/")
    if name.count("/") != 1:
        raise RepositoryError(
            "the remote origin names no repository on GitHub", where=str(top), hint="GITHUB_REPOSITORY=OWNER/NAME"
        )
    return name


def _code_owners(top: Path) -> str | None:
    # GitHub reads the first of these.
    files = [top / folder / "CODEOWNERS" for folder in (".github", "", "docs")]
    return next((file.read_text(encoding="utf-8") for file in files if file.is_file()), None)


def compare(api: GitHubApi, needed: NeededSettings, owners: str | None) -> Iterator[Finding]:
    """Every setting of *needed*, examined. *owners* is the content of the file CODEOWNERS; None without one.

    Raises TargetError where GitHub cannot be asked.
    """
    for kept in needed.environments:
        yield _examined(f"environment {kept.name}", partial(_environment, api, kept))
    names = {name for kept in needed.environments for name in kept.secrets}
    if names:
        yield _examined("secrets in environments alone", partial(_repository_secrets, api, names))
    if needed.tags:
        rules = _Rulesets(api)
        for tag in needed.tags:
            yield _examined(f"tags {tag}", partial(rules.problems, tag))
    for base in needed.bases:
        yield _examined(f"branch {base}", partial(_branch, api, base, queued=base in needed.queued))
    if needed.environments:
        yield Finding("code owners", tuple(_owners(owners)))


def _examined(what: str, ask: Callable[[], Iterator[str]]) -> Finding:
    try:
        return Finding(what, tuple(ask()))
    except NotSeen as error:
        return Finding(what, (f"the token may not see it: {error}",))


def _environment(api: GitHubApi, kept: Keeper) -> Iterator[str]:
    found = api.get("environments", kept.name)
    if found is None:
        yield "there is no such environment: a job would make it, open to every branch"
        return
    policy = found.get("deployment_branch_policy") or {}
    if not policy.get("custom_branch_policies"):
        yield "deployment branches and tags: not limited to selected ones"
    else:
        yield from _allowed(api, kept)
    if kept.approval and not any(
        rule.get("type") == "required_reviewers" and rule.get("reviewers") for rule in found.get("protection_rules", ())
    ):
        yield "required reviewers: nobody is asked"
    there = {one["name"] for one in api.all("environments", kept.name, "secrets", of="secrets")}
    if missing := [name for name in kept.secrets if name.upper() not in there]:
        yield f"secrets: not set: {', '.join(missing)}"


def _allowed(api: GitHubApi, kept: Keeper) -> Iterator[str]:
    policies = api.all("environments", kept.name, "deployment-branch-policies", of="branch_policies")
    there = {(one.get("type") or "branch", one["name"]) for one in policies}
    needed = {*(("branch", name) for name in kept.branches), *(("tag", name) for name in kept.tags)}
    for kind, name in sorted(needed - there):
        yield f"deployment branches and tags: {kind} {name} is not allowed"
    for kind, name in sorted(there - needed):
        yield f"deployment branches and tags: {kind} {name} is allowed, and no job needs it"


def _repository_secrets(api: GitHubApi, names: set[str]) -> Iterator[str]:
    for owner, list_of_secrets in (("repository", "secrets"), ("organisation", "organization-secrets")):
        there = {one["name"] for one in api.all("actions", list_of_secrets, of="secrets")}
        for name in sorted(name for name in names if name.upper() in there):
            yield f"{name} is a secret of the {owner}: every workflow of every branch may read it"


class _Rulesets:
    """The active rulesets for tags, asked for once."""

    def __init__(self, api: GitHubApi) -> None:
        self._api = api
        self._found: list[Mapping[str, Any]] | None = None

    def problems(self, tag: str) -> Iterator[str]:
        if self._found is None:
            listed = [one for one in self._api.all("rulesets") if one.get("target") == "tag"]
            active = [one["id"] for one in listed if one.get("enforcement") == "active"]
            self._found = [self._api.get("rulesets", str(id)) or {} for id in active]
        rules = {
            str(rule["type"]) for one in self._found if _covers(one.get("conditions"), tag) for rule in one["rules"]
        }
        for name in sorted(_TAG_RULES - rules):
            yield f"no active ruleset restricts its {name}"


def _covers(conditions: Mapping[str, Any] | None, tag: str) -> bool:
    """Whether a ruleset is about the tags *tag*. If in doubt, it is not: patterns are not compared with each other."""
    names = (conditions or {}).get("ref_name", {})
    return not names.get("exclude") and bool({f"refs/tags/{tag}", "~ALL"}.intersection(names.get("include", ())))


def _branch(api: GitHubApi, base: str, *, queued: bool) -> Iterator[str]:
    rules = {str(rule["type"]): rule.get("parameters") or {} for rule in api.all("rules", "branches", base)}
    if "pull_request" not in rules:
        yield "no active ruleset requires a pull request"
    elif not rules["pull_request"].get("require_code_owner_review"):
        yield "a pull request needs no review from code owners"
    if queued and "merge_queue" not in rules:
        yield "there is no merge queue: jobs that wait for it run only after the merge"
    checks = rules.get("required_status_checks", {}).get("required_status_checks", ())
    apps = {check.get("integration_id") for check in checks if check.get("context") == GATE}
    if not apps:
        yield f"the check {GATE} is not required"
    elif _ACTIONS_APP not in apps:
        yield f"the check {GATE} may come from another app: require it from GitHub Actions (app {_ACTIONS_APP})"


def _owners(text: str | None) -> Iterator[str]:
    lines = [line.split("#")[0].split() for line in (text or "").splitlines()]
    owned = {line[0] for line in lines if len(line) > 1}
    for path in OWNED:
        # A line for everything owns these too, unless a later one takes them away again.
        if not owned.intersection((path, path.strip("/"), f"{path.rstrip('/')}/**", "*")):
            yield f"no line of CODEOWNERS gives {path} an owner"
