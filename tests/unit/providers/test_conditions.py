"""Three compilations of one condition: here, on Travis, on GitHub. They must not differ."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from ecluse.definition.conditions import holds
from ecluse.definition.model import All, Any, Condition, Event, Is, Not
from ecluse.definition.words import all_of, any_of, merge_group, not_, pull_request, push, ship, tag
from ecluse.errors import RenderError
from ecluse.providers import PROVIDERS
from ecluse.providers.conditions import KINDS, filters, simplify
from ecluse.providers.github.conditions import expression as for_github
from ecluse.providers.gitlab.conditions import alternatives
from ecluse.providers.gitlab.conditions import expression as for_gitlab
from ecluse.providers.travis.conditions import expression as for_travis
from tests.support.providers import gitlab_conditions
from tests.support.providers.condition_table import EVENTS, TABLE
from tests.support.providers.travis_conditions import ParseError, data_of, evaluate


@pytest.mark.parametrize("name", TABLE)
def test_local_condition_agrees_with_the_table(name: str) -> None:
    condition, expected = TABLE[name]
    assert {event for event in EVENTS if holds(condition, EVENTS[event])} == expected


@pytest.mark.parametrize("name", TABLE)
def test_travis_condition_agrees_with_the_table(name: str) -> None:
    condition, expected = TABLE[name]
    assert {event for event in EVENTS if on_travis(condition, EVENTS[event])} == expected


@pytest.mark.parametrize("name", TABLE)
def test_github_condition_agrees_with_the_table(name: str) -> None:
    condition, expected = TABLE[name]
    assert {event for event in EVENTS if on_github(condition, EVENTS[event])} == expected


@pytest.mark.parametrize("name", TABLE)
def test_gitlab_selects_what_the_table_says(name: str) -> None:
    condition, expected = TABLE[name]
    assert {event for event in EVENTS if on_gitlab(condition, EVENTS[event])} == expected


# Few names and short ones, so that patterns meet them. Not "true" and "false", which Travis casts, and lower case only,
# since GitHub does not tell the cases apart: the one is refused, the other a difference that is said.
names = st.text("ab/.-1@+#", min_size=1, max_size=4)
stars = st.sampled_from(["{0}", "{0}*", "*{0}", "*{0}*", "*"])
events = st.one_of(
    st.builds(lambda kind, name: Event(kind=kind, branch=name), st.sampled_from(["pull_request", "push"]), names),
    st.builds(lambda name: Event(kind="tag", tag=name), names),
)
atoms = st.builds(
    lambda kind, form, name: Is(kind, form and form.format(name)),
    st.sampled_from([*KINDS, "ship"]),
    st.none() | stars,
    names,
)
conditions = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(All, st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(Any, st.lists(inner, min_size=1, max_size=3).map(tuple)),
    ),
    max_leaves=6,
)


@settings(max_examples=60)
@given(conditions, events)
def test_travis_and_this_machine_agree(condition: Condition, event: Event) -> None:
    assert on_travis(condition, event) == holds(condition, event)


@settings(max_examples=60)
@given(conditions, events)
def test_gitlab_and_this_machine_agree(condition: Condition, event: Event) -> None:
    assert on_gitlab(condition, event) == holds(condition, event)


@settings(max_examples=60)
@given(conditions, st.one_of(events, st.builds(lambda name: Event(kind="merge_group", branch=name), names)))
def test_github_and_this_machine_agree(condition: Condition, event: Event) -> None:
    try:
        answer = on_github(condition, event)
    except RenderError as error:
        # "*x*" of a merge group: its base branch has a prefix, in which x may stand too.
        assert "refs/heads/*" in error.what
        reject()
    assert answer == holds(condition, event)


@settings(max_examples=60)
@given(conditions, events)
def test_workflow_filters_pass_every_event_a_job_asks_for(condition: Condition, event: Event) -> None:
    names = filters(simplify(condition), event.kind)
    if holds(condition, event) and names is not None:
        assert any(holds(Is(event.kind, name), event) for name in names)


def test_ship_condition_never_holds_at_a_provider() -> None:
    assert simplify(ship()) is False
    assert simplify(not_(ship())) is True
    assert simplify(any_of(ship(), push("main"))) == push("main")
    assert simplify(all_of(not_(ship()), push("main"), push("main"))) == push("main")


def test_condition_part_implied_by_another_is_dropped() -> None:
    change = any_of(pull_request("main"), push("main"))
    assert simplify(all_of(push("main"), change)) == push("main")
    assert simplify(any_of(push("main"), all_of(push("main"), not_(tag())))) == push("main")
    assert simplify(all_of(push("main"), any_of(tag(), pull_request()))) != push("main")


def test_rendered_condition_is_short() -> None:
    change = simplify(any_of(pull_request("staging"), push("staging"), ship()))
    assert not isinstance(change, bool)
    assert for_github(change) == "github.base_ref == 'staging' || github.ref == 'refs/heads/staging'"
    assert for_github(tag("v*")) == "startsWith(github.ref, 'refs/tags/v')"
    assert for_github(merge_group("main")) == "github.event.merge_group.base_ref == 'refs/heads/main'"
    assert for_travis(tag("v*")) == "type = push AND tag =~ /^v.*$/"
    assert for_gitlab(tag("v*")) == '$CI_PIPELINE_SOURCE == "push" && $CI_COMMIT_TAG =~ /^v.*$/'


@pytest.mark.parametrize("pattern", ["a*b*c", "*a*b", "ab*b", "v1*1.0"])
def test_pattern_github_cannot_express_is_refused_by_name(pattern: str) -> None:
    with pytest.raises(RenderError, match=f"GitHub cannot express the pattern '{re.escape(pattern)}'"):
        for_github(push(pattern))


@pytest.mark.parametrize("pattern", ["it's", 'say "hi"', "a b", "${{ x }}", "été", "", "x\n", "a$(b)"])
def test_a_pattern_that_might_be_read_as_code_is_refused(pattern: str) -> None:
    for compile_for in (for_github, for_gitlab, for_travis):
        with pytest.raises(RenderError, match="no provider can be trusted with the pattern"):
            compile_for(push(pattern))


def test_provider_without_merge_queues_refuses_to_wait_for_one() -> None:
    for compile_for in (for_gitlab, for_travis):
        with pytest.raises(RenderError, match="has no event merge_group"):
            compile_for(merge_group("main"))


@pytest.mark.parametrize("name", ["true", "False"])
def test_a_name_that_travis_takes_for_a_truth_value_is_refused(name: str) -> None:
    with pytest.raises(RenderError, match="Travis takes the name"):
        for_travis(push(name))


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("type = push AND branch = master OR tag IS present", True),
        ("NOT (type = push) OR branch != x", True),
        ("branch NOT IN (master, dev)", False),
        ("branch IN (master, dev) AND tag =~ ^v", True),
        ('tag =~ /^(v1|v2)/ AND NOT branch = "dev"', True),
        ("type IS NOT blank AND fork IS blank", True),
        ("(tag =~ ^v) AND (branch = master)", True),
    ],
)
def test_interpreter_agrees_with_travis_documented_examples(condition: str, expected: bool) -> None:
    assert evaluate(condition, {"type": "push", "branch": "master", "tag": "v1.0"}) is expected


@pytest.mark.parametrize("condition", ["$TRAVIS_TAG = v1", "branch =", "(branch = a", "branch IS maybe", "a = b c"])
def test_interpreter_refuses_conditions_travis_refuses(condition: str) -> None:
    with pytest.raises(ParseError):
        evaluate(condition, {})


def test_gitlab_pattern_names_an_at_sign_by_its_code() -> None:
    assert for_gitlab(push("a@b*")).endswith(r"$CI_COMMIT_BRANCH =~ /^a\x40b.*$/")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$A == "x" || $B == "y" && $C', True),
        ('($A == "x" || $B == "y") && $C', False),
        ("$C == null && $A != null", True),
        ("$A =~ /^x.*/ && $A !~ /y$/", True),
        ("$C !~ /^x/", True),
    ],
)
def test_gitlab_interpreter_follows_the_documented_precedence(expression: str, expected: bool) -> None:
    assert gitlab_conditions.evaluate(expression, {"A": "x", "B": "y"}) is expected


@pytest.mark.parametrize("expression", ["!$A", "$A == ", "($A", '$A =~ "x"', "$A =~ /x/ y", " || ".join(["$A"] * 60)])
def test_gitlab_interpreter_refuses_what_gitlab_would(expression: str) -> None:
    with pytest.raises(gitlab_conditions.ParseError):
        gitlab_conditions.evaluate(expression, {})


def on_gitlab(condition: Condition, event: Event) -> bool:
    simple = simplify(condition, PROVIDERS["gitlab"].kinds)
    if isinstance(simple, bool):
        return simple
    variables = gitlab_conditions.variables_of(event)
    whole = gitlab_conditions.evaluate(for_gitlab(simple), variables)
    assert whole == any(gitlab_conditions.evaluate(part, variables) for part in alternatives(simple))
    return whole


def on_travis(condition: Condition, event: Event) -> bool:
    simple = simplify(condition, PROVIDERS["travis"].kinds)
    return simple if isinstance(simple, bool) else evaluate(for_travis(simple), data_of(event))


def on_github(condition: Condition, event: Event) -> bool:
    """By the few operators and functions that are used; act is the judge of them, in tests/integration/providers."""
    # A workflow of its own for events before a merge, and for those after it.
    before = event.kind in ("pull_request", "merge_group")
    simple = simplify(condition, ("pull_request", "merge_group") if before else ("push", "tag"))
    if isinstance(simple, bool):
        return simple
    kind = {"pull_request": "pull", "tag": "tags"}.get(event.kind, "heads")
    name = event.branch or event.tag or ""
    name = {"pull_request": "7/merge", "merge_group": f"gh-readonly-queue/{name}/pr-7-c0ffee"}.get(event.kind, name)
    context = {
        "github.event_name": event.kind if before else "push",
        "github.base_ref": event.branch if event.kind == "pull_request" else "",
        "github.event.merge_group.base_ref": f"refs/heads/{event.branch}" if event.kind == "merge_group" else "",
        "github.ref_name": name,
        "github.ref": f"refs/{kind}/{name}",
    }
    code = re.sub(r"github(?:\.\w+)+", lambda match: repr(context[match[0]]), for_github(simple))
    code = code.replace("&&", " and ").replace("||", " or ").replace("!(", " not (")
    functions = {
        "startsWith": lambda text, start: text.lower().startswith(start.lower()),
        "endsWith": lambda text, end: text.lower().endswith(end.lower()),
        "contains": lambda text, part: part.lower() in text.lower(),
    }
    return bool(eval(code, {"__builtins__": {}, **functions}))
