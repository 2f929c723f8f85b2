"""Policies: those that hold for an environment, whole; and the mistakes in those that pipeline.py has."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from ecluse.definition.monitoring import Monitoring, Policy
from ecluse.monitoring.figures import FIGURES, Figure

__all__ = ["DEFAULTS", "HEARTBEAT", "TEST", "Rule", "first_about", "problems", "rules"]

HEARTBEAT, TEST = "heartbeat", "test"
"""The names of alerts that are no policy's: one that is always raised, and that of `ecluse alerts test`."""

DEFAULTS = (
    *(Policy(figure) for figure in FIGURES if figure not in ("site-down", "worker-down")),
    Policy("disk", name="disk-critical", above=97, clear_below=93, severity="critical"),
    Policy("disk-hours", name="disk-hours-critical", below=4, clear_above=8, severity="critical"),
    Policy("site-down", severity="critical", repeat=60 * 60),
    Policy("worker-down", severity="critical", repeat=60 * 60),
)
"""The policies that hold where pipeline.py does not say otherwise."""

_NAME = re.compile(r"[a-z][a-z0-9-]*")


@dataclass(frozen=True)
class Rule:
    """A policy with nothing left out. *limit* and *clear* are on the figure's side."""

    name: str
    about: str
    figure: Figure
    limit: float
    clear: float
    seconds: float
    policy: Policy


def rules(monitoring: Monitoring) -> tuple[Rule, ...]:
    """The policies that hold with *monitoring*, which has no mistake."""
    return tuple(_rule(policy) for policy in _all(monitoring))


def first_about(found: Iterable[Rule]) -> dict[str, Rule]:
    """The first of the rules about each figure, by the figure's name."""
    first: dict[str, Rule] = {}
    for rule in found:
        first.setdefault(rule.about, rule)
    return first


def problems(monitoring: Monitoring) -> Iterator[tuple[str, str]]:
    """The mistakes in the policies of *monitoring*: a field's name, and a sentence, for each."""
    for index, policy in enumerate(monitoring.policies):
        field = f"policies[{index}]"
        known = policy.figure in FIGURES
        if not known:
            close = get_close_matches(policy.figure, FIGURES, n=1)
            meant = f" (did you mean {close[0]!r}?)" if close else ""
            yield field, f"nobody gives the figure {policy.figure!r}{meant}: there is {', '.join(FIGURES)}"
        if not _NAME.fullmatch(_name(policy)):
            yield field, f"{_name(policy)!r} is not a name: small letters, digits and -"
        if _name(policy) in (HEARTBEAT, TEST):
            yield field, f"{_name(policy)!r} is the name of an alert of Écluse's own"
        yield from ((f"{field}.{name}", what) for name, what in _durations(policy))
        if known:
            yield from ((f"{field}.{name}", what) for name, what in _thresholds(policy))
        yield from ((f"{field}.tell", what) for what in _told(policy, {one.name for one in monitoring.receivers}))
    for name, times in Counter(map(_name, monitoring.policies)).items():
        if times > 1:
            yield "policies", f"{times} policies have the name {name!r}: give each a name of its own"
    for name in monitoring.without:
        if name not in {_name(policy) for policy in DEFAULTS}:
            yield "without", f"there is no default policy {name!r}: {', '.join(map(_name, DEFAULTS))}"


def _all(monitoring: Monitoring) -> Iterable[Policy]:
    own = {_name(policy): policy for policy in monitoring.policies}
    return ({_name(policy): policy for policy in DEFAULTS if _name(policy) not in monitoring.without} | own).values()


def _rule(policy: Policy) -> Rule:
    figure = FIGURES[policy.figure]
    limit, clear = _sides(policy, figure)
    seconds = figure.seconds if policy.for_ is None else policy.for_
    return Rule(_name(policy), policy.figure, figure, limit, clear, seconds, policy)


def _name(policy: Policy) -> str:
    return policy.name or policy.figure


def _sides(policy: Policy, figure: Figure) -> tuple[float, float]:
    """The threshold and the clearing threshold."""
    over = figure.side == "above"
    limit, clear = (policy.above, policy.clear_below) if over else (policy.below, policy.clear_above)
    if limit is None:
        return figure.limit, figure.clear if clear is None else clear
    return limit, limit * figure.clear / figure.limit if clear is None else clear


def _durations(policy: Policy) -> Iterator[tuple[str, str]]:
    for field in ("for_", "repeat"):
        seconds = getattr(policy, field)
        if seconds is not None and not (math.isfinite(seconds) and seconds >= 1):
            yield field, f"is {seconds:g}: a number of seconds, 1 or more"


def _thresholds(policy: Policy) -> Iterator[tuple[str, str]]:
    figure = FIGURES[policy.figure]
    over = figure.side == "above"
    for field in ("below", "clear_above") if over else ("above", "clear_below"):
        if getattr(policy, field) is not None:
            fields = "above and clear_below" if over else "below and clear_above"
            yield field, f"an alert about {policy.figure} has {fields}"
    limit, clear = _sides(policy, figure)
    if not (math.isfinite(limit) and math.isfinite(clear)):
        yield ("above" if over else "below"), "is a number"
    elif (clear > limit) if over else (clear < limit):
        field, other = ("clear_below", "above") if over else ("clear_above", "below")
        yield field, f"is {clear:g}, on the wrong side of {other}, {limit:g}: the alert would be cleared at once"


def _told(policy: Policy, receivers: set[str]) -> Iterator[str]:
    for name in policy.tell:
        if name not in receivers:
            yield f"there is no receiver {name!r}: {', '.join(sorted(receivers)) or 'none is defined'}"
