"""The repository that an environment belongs to: its clones may roll out there, another one may not."""

from __future__ import annotations

from typing import Any

import pytest

from ecluse.deploy.targets.swarm.objects import Objects
from ecluse.deploy.targets.swarm.owner import Owner, Repository
from ecluse.errors import TargetError
from tests.support.doubles.managers import Managers

SHOP = Repository("github.com/ada/shop", "1" * 40)
FORK = Repository("github.com/bob/shop", "1" * 40)


def test_clones_are_same_by_origin_and_else_by_first_commit() -> None:
    assert SHOP.same(Repository("github.com/ada/shop")), "a shallow clone of a CI"
    assert not SHOP.same(FORK)
    assert SHOP.same(Repository("", "1" * 40)) and not SHOP.same(Repository("", "2" * 40))


def owned(managers: Any, us: Repository, said: list[str], take_over: bool = False) -> Owner:
    return Owner(Objects(managers, "shop-staging"), "staging", lambda: us, take_over, said.append)


def test_another_repository_is_refused_until_it_takes_over() -> None:
    managers, said = Managers(), list[str]()
    owned(managers, SHOP, said).claim("ada@here")
    owned(managers, SHOP, said).claim("ci@there")
    for refused in (owned(managers, FORK, said).check, lambda: owned(managers, FORK, said).claim("bob@there")):
        with pytest.raises(TargetError, match="github.com/ada/shop, since .* by ada@here; .*bob/shop") as caught:
            refused()
        assert "./ecluse deploy staging --take-over" in str(caught.value.hint)
    owned(managers, FORK, said, take_over=True).claim("bob@there")
    assert said == ["staging belonged to github.com/ada/shop, and is taken over"]
    with pytest.raises(TargetError, match="belongs to another repository: github.com/bob/shop"):
        owned(managers, SHOP, said).claim("ada@here")
