from __future__ import annotations

import pytest
from click import unstyle

from ecluse.cli.outlook import outlook_text
from ecluse.deploy.outlook import Outlook, outlook
from ecluse.deploy.rollout import Migration, Preflight, Request, roll_out
from tests.support.doubles.rollouts import MemoryLedger, MemoryRelease, MemoryTarget

ADDS = Migration("shop.0002_adds", sql="ALTER TABLE shop ADD x integer;")
DROPS = Migration("shop.0003_drops", sql="ALTER TABLE shop DROP y;", unsafe=("drops the column shop.y",))


@pytest.fixture
def target() -> MemoryTarget:
    made = MemoryTarget()
    made.serve("old")
    made.found = Preflight((ADDS, DROPS))
    return made


def planned(target: MemoryTarget, *allowed: str, release: str = "new", ledger: MemoryLedger | None = None) -> Outlook:
    return outlook(target, ledger or MemoryLedger(), "staging", MemoryRelease(release), allowed)


def test_outlook_shows_sql_and_the_flag_for_refused_migrations(target: MemoryTarget) -> None:
    found = planned(target)
    assert not found.goes
    assert unstyle(outlook_text(found)).splitlines() == [
        "release new to staging, over release old",
        "",
        "migration shop.0002_adds",
        "    ALTER TABLE shop ADD x integer;",
        "",
        "migration shop.0003_drops",
        "    ALTER TABLE shop DROP y;",
        "  unsafe: release old cannot live with it: drops the column shop.y",
        "  refused, unless --allow-migration shop.0003",
    ]


def test_outlook_warns_of_what_visitors_lose(target: MemoryTarget) -> None:
    target.found = Preflight(lost=("it lacks pages /feed/",))
    found = planned(target)
    assert found.goes and found.as_json()["lost"] == ["it lacks pages /feed/"]
    assert "warning: it lacks pages /feed/" in unstyle(outlook_text(found)).splitlines()


def test_outlook_lets_an_allowed_migration_go(target: MemoryTarget) -> None:
    found = planned(target, "shop.0003")
    assert found.goes and "allowed by name" in outlook_text(found)
    assert [one["refused"] for one in found.as_json()["migrations"]] == [False, False]


def test_outlook_refuses_nothing_where_nothing_serves(target: MemoryTarget) -> None:
    target.open["web"].clear()
    assert planned(target).goes


def test_outlook_changes_nothing(target: MemoryTarget) -> None:
    planned(target)
    assert target.operations == []


def test_outlook_refuses_a_rollback_past_an_unsafe_migration(target: MemoryTarget) -> None:
    ledger = MemoryLedger()
    roll_out(target, ledger, Request(release=MemoryRelease("new"), by="test", allowed=("shop.0003",)))
    target.found = Preflight(unknown=frozenset({"shop.0002_adds", "shop.0003_drops"}))
    found = planned(target, release="old", ledger=ledger)
    assert (found.goes, found.behind) == (False, ("shop.0003_drops",))
    assert "refused: the database has moved past this release: shop.0003_drops" in outlook_text(found)


def test_outlook_of_a_healthy_serving_release_is_nothing_to_do(target: MemoryTarget) -> None:
    assert "nothing to do" in outlook_text(planned(target, release="old"))
