"""The proof of a merge queue: a pushed commit that the queue has tested is not tested again.

A queue merges the very commit that it has tested, so the run for its merge group and the run for the push have one
commit. A job of the push asks GitHub whether that run passed; where it did, the jobs that were in it are skipped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ecluse.definition.model import All, Any, Condition, EventKind, Is, Not
from ecluse.providers.conditions import simplify
from ecluse.providers.deploying import deploys
from ecluse.providers.github.conditions import expression
from ecluse.providers.selection import Selected
from ecluse.providers.yaml import Commented

__all__ = ["QUEUE", "QueueProof", "asking", "proof"]

QUEUE = "queue"
"""The job that asks, in the workflow of pushes."""

_QUEUED: tuple[EventKind, ...] = ("merge_group",)
_PUSHED: tuple[EventKind, ...] = ("push",)

_PROVED = f"needs.{QUEUE}.outputs.proved"

# The run is over some seconds after the check that the queue waits for. Whatever else happens, nothing is proved. Every
# process of the machine may read the arguments of a command, so the token is none of them.
_ASK = r"""
runs="$GITHUB_API_URL/repos/$GITHUB_REPOSITORY/actions/workflows/$WORKFLOW/runs"
asked="$runs?event=merge_group&status=success&head_sha=$GITHUB_SHA"
found="\"head_branch\":\"gh-readonly-queue/$GITHUB_REF_NAME/pr-"
proved=false
for pause in 10 10 0; do
  answer=$(curl --fail --silent --show-error --max-time 20 --header "X-GitHub-Api-Version: 2022-11-28" \
    --config - "$asked" <<<"header = \"Authorization: Bearer $TOKEN\"") || break
  if [[ "${answer//[[:space:]]/}" == *"$found"* ]]; then proved=true; break; fi
  sleep "$pause"
done
echo "The merge queue has tested this commit: $proved"
echo "proved=$proved" >>"$GITHUB_OUTPUT"
""".strip()

Node = dict[str, object]


@dataclass(frozen=True)
class QueueProof:
    """The jobs that a queue may have *proved*, and those that come *after* such a job, by name."""

    proved: frozenset[str] = frozenset()
    after: frozenset[str] = frozenset()

    def needs(self, selected: Selected) -> tuple[str, ...]:
        """The jobs that the job needs, the one that asks among them."""
        job = selected.job
        asks = job.name in self.proved or bool(self.proved.intersection(job.needs))
        return (QUEUE, *job.needs) if asks else job.needs

    def condition(self, selected: Selected) -> str | None:
        """The expression for the job's ``if``; None for every event."""
        name = selected.job.name
        if name in self.proved:
            # Where the job that asks fails, it has proved nothing: without !cancelled() GitHub would skip this one.
            parts = ["!cancelled()", f"{_PROVED} != 'true'", *map(_succeeded, selected.job.needs)]
            return _and(" && ".join(parts), selected.when)
        if name in self.after:
            # GitHub skips a job after a skipped one, unless its condition says when it runs
            # (https://github.com/actions/runner/issues/2205). A job that ran out of time counts as cancelled, not as
            # failed: each has to have succeeded.
            tested = [need for need in selected.job.needs if need in self.proved]
            parts = [_succeeded(need) for need in selected.job.needs if need not in self.proved]
            if tested:
                parts.append(f"({_PROVED} == 'true' || {' && '.join(map(_succeeded, tested))})")
            return _and(" && ".join(["!cancelled()", *parts]), selected.ever)
        return expression(selected.when) if selected.when is not None else None


def proof(jobs: Sequence[Selected], pushed: Sequence[Selected]) -> QueueProof:
    """The jobs of *pushed*, those of pushes and tags, that a merge group runs for the same branches, and the jobs after
    them. *jobs* are all jobs, with their whole conditions.
    """
    asked = {selected.job.name: selected for selected in jobs}
    proved = {one.job.name for one in pushed if one.kinds == {"push"} and _queued_alike(asked[one.job.name])}
    after: set[str] = set()
    for selected in sorted(pushed, key=lambda selected: selected.stage):
        if selected.job.name not in proved and (proved | after).intersection(selected.job.needs):
            after.add(selected.job.name)
    return QueueProof(frozenset(proved), frozenset(after))


def asking(workflow: str, jobs: Sequence[Selected], runner: str) -> Node:
    """The job that asks whether the run of *workflow* for a merge group has proved *jobs*."""
    when = simplify(Any(tuple(selected.ever for selected in jobs if selected.ever is not None)))
    return {
        "name": QUEUE,
        **({} if isinstance(when, bool) else {"if": expression(when)}),
        "runs-on": runner,
        "timeout-minutes": 5,
        "permissions": {"actions": Commented("read", "to ask how the queue's run ended")},
        "outputs": {"proved": "${{ steps.asked.outputs.proved }}"},
        "steps": [
            {
                "id": "asked",
                "name": "whether the merge queue has tested this commit",
                "env": {"TOKEN": "${{ github.token }}", "WORKFLOW": workflow.rpartition("/")[2]},
                "run": _ASK,
            }
        ],
    }


def _queued_alike(selected: Selected) -> bool:
    """Whether the job runs for a merge group of each branch for whose pushes it runs."""
    queued, pushed = simplify(selected.ever, _QUEUED), simplify(selected.ever, _PUSHED)
    return not deploys(selected.job) and _as_push(queued) == pushed


def _as_push(condition: Condition | bool) -> Condition | bool:
    """*condition* on merge groups, as one on pushes."""
    match condition:
        case bool():
            return condition
        case Is("merge_group", pattern):
            return Is("push", pattern)
        case Is():
            return condition
        case Not(inner):
            negated = _as_push(inner)
            return not negated if isinstance(negated, bool) else Not(negated)
        case All(parts) | Any(parts):
            inside = tuple(one for one in map(_as_push, parts) if not isinstance(one, bool))
            return type(condition)(inside)


def _succeeded(name: str) -> str:
    return f"needs.{name}.result == 'success'"


def _and(test: str, condition: Condition | None) -> str:
    if condition is None:
        return test
    text = expression(condition)
    return f"{test} && ({text})" if " || " in text else f"{test} && {text}"
