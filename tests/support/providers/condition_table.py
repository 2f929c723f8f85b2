"""The table of events and conditions: events that a provider reports, conditions, and which of the events each
condition selects.

The three compilations of a condition are compared with it: the local one (``ecluse.definition.conditions.holds``) and
Travis's in ``tests/unit/render``, GitHub's by act itself in ``tests/integration/providers``.
"""

from __future__ import annotations

from ecluse.definition.model import Condition, Event
from ecluse.definition.words import all_of, any_of, not_, pull_request, push, ship, tag

EVENTS: dict[str, Event] = {
    "pr-staging": Event(kind="pull_request", branch="staging"),
    "pr-main": Event(kind="pull_request", branch="main"),
    "pr-release": Event(kind="pull_request", branch="release/2.0"),
    "push-staging": Event(kind="push", branch="staging"),
    "push-main": Event(kind="push", branch="main"),
    "push-release": Event(kind="push", branch="release/2.0"),
    # A branch called like a version, and a tag called like a branch.
    "push-v1": Event(kind="push", branch="v1"),
    "tag-v1.2.3": Event(kind="tag", tag="v1.2.3"),
    "tag-1.2.3": Event(kind="tag", tag="1.2.3"),
    "tag-staging": Event(kind="tag", tag="staging"),
}

_PULLS = {"pr-staging", "pr-main", "pr-release"}
_PUSHES = {"push-staging", "push-main", "push-release", "push-v1"}
_TAGS = {"tag-v1.2.3", "tag-1.2.3", "tag-staging"}

TABLE: dict[str, tuple[Condition, set[str]]] = {
    "any_pull_request": (pull_request(), _PULLS),
    "pull_request_to_staging": (pull_request("staging"), {"pr-staging"}),
    "pull_request_to_release": (pull_request("release/*"), {"pr-release"}),
    "pull_request_to_star": (pull_request("*"), _PULLS),
    "any_push": (push(), _PUSHES),
    "push_to_staging": (push("staging"), {"push-staging"}),
    "push_to_release": (push("release/*"), {"push-release"}),
    "push_to_ing": (push("*ing"), {"push-staging"}),
    "push_to_with_ease": (push("*ease*"), {"push-release"}),
    "push_to_s_to_g": (push("s*g"), {"push-staging"}),
    "push_like_a_version": (push("v*"), {"push-v1"}),
    "any_tag": (tag(), _TAGS),
    "tag_v": (tag("v*"), {"tag-v1.2.3"}),
    "tag_exact": (tag("1.2.3"), {"tag-1.2.3"}),
    "tag_like_a_branch": (tag("staging"), {"tag-staging"}),
    "tag_dot_three": (tag("*.3"), {"tag-v1.2.3", "tag-1.2.3"}),
    "change": (any_of(pull_request("staging"), push("staging"), ship()), {"pr-staging", "push-staging"}),
    "not_a_pull_request": (not_(pull_request()), _PUSHES | _TAGS),
    "not_staging": (
        not_(any_of(push("staging"), pull_request("staging"))),
        (_PULLS | _PUSHES | _TAGS) - {"pr-staging", "push-staging"},
    ),
    "push_but_main": (all_of(push(), not_(push("main"))), _PUSHES - {"push-main"}),
    "push_s_and_ing": (all_of(push("s*"), push("*ing")), {"push-staging"}),
    "push_or_tag_but_versions": (
        all_of(any_of(push(), tag()), not_(any_of(push("v*"), tag("v*")))),
        (_PUSHES | _TAGS) - {"push-v1", "tag-v1.2.3"},
    ),
    "all_of_any_of": (
        all_of(any_of(push("staging"), tag("v*")), any_of(push("*"), tag("1*"))),
        {"push-staging"},
    ),
    "never_on_ship": (not_(ship()), _PULLS | _PUSHES | _TAGS),
}
"""The name of a condition → it, and the names of the :data:`EVENTS` that it selects."""
