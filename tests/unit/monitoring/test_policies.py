"""The policies that hold for an environment, and the mistakes that are refused."""

from math import inf, nan

import pytest

from ecluse.definition.monitoring import Monitoring, Policy, Receiver
from ecluse.monitoring.policies import DEFAULTS, problems, rules


def mistakes(*policies: Policy, **fields: object) -> list[tuple[str, str]]:
    return list(problems(Monitoring(policies=policies, receivers=(Receiver("team", mail="a@b"),), **fields)))


@pytest.mark.parametrize(
    ("policy", "field", "what"),
    [
        (Policy("dsk"), "policies[0]", "nobody gives the figure 'dsk' (did you mean 'disk'?)"),
        (Policy("disk", for_=0), "policies[0].for_", "is 0: a number of seconds, 1 or more"),
        (Policy("disk", repeat=0), "policies[0].repeat", "is 0"),
        (Policy("disk", repeat=nan), "policies[0].repeat", "is nan"),
        (Policy("disk", above=80, clear_below=85), "policies[0].clear_below", "is 85, on the wrong side of above, 80"),
        (Policy("disk", clear_below=95), "policies[0].clear_below", "is 95, on the wrong side of above, 90"),
        (Policy("certificate", below=9, clear_above=8), "policies[0].clear_above", "on the wrong side of below, 9"),
        (Policy("disk", above=inf), "policies[0].above", "is a number"),
        (Policy("disk", below=3), "policies[0].below", "an alert about disk has above and clear_below"),
        (Policy("certificate", above=3), "policies[0].above", "an alert about certificate has below and clear_above"),
        (Policy("disk", tell=("me",)), "policies[0].tell", "there is no receiver 'me': team"),
        (Policy("disk", name="heartbeat"), "policies[0]", "the name of an alert of Écluse's own"),
        (Policy("disk", name="A disk"), "policies[0]", "'A disk' is not a name"),
    ],
)
def test_policy_with_a_mistake_is_refused(policy: Policy, field: str, what: str) -> None:
    [(found, said)] = mistakes(policy)
    assert found == field and what in said


def test_two_policies_of_one_name_are_refused() -> None:
    assert mistakes(Policy("disk"), Policy("memory", name="disk"))[0][0] == "policies"
    assert not mistakes(Policy("disk"), Policy("disk", name="disk-soon", above=70))


def test_default_policy_is_replaced_or_left_out_by_name() -> None:
    wanted = Monitoring(policies=(Policy("disk", above=50),), without=("memory",))
    found = {rule.name: rule for rule in rules(wanted)}
    assert len(found) == len(DEFAULTS) - 1 and "memory" not in found
    assert found["disk"].limit == 50 and found["disk-critical"].limit == 97
    assert mistakes(without=("nothing",))[0][0] == "without"


def test_clearing_threshold_left_out_keeps_its_proportion() -> None:
    [rule] = [rule for rule in rules(Monitoring(policies=(Policy("disk", above=45),))) if rule.name == "disk"]
    assert (rule.limit, rule.clear, rule.seconds) == (45, 40, 300)


def test_default_policies_have_no_mistake() -> None:
    assert not mistakes(*DEFAULTS)
