"""PostgreSQL on a server: what its role and database lack, and whose they are."""

import pytest

from ecluse.remote.provisioner import postgresql
from ecluse.remote.provisioner.debian import MARK
from ecluse.remote.provisioner.postgresql import DatabaseState, steps

WHOLE = f"""\
mark|{MARK}
owner|shop
encoding|UTF8
open|f
setting|client_encoding=UTF8
setting|default_transaction_isolation=read committed
setting|TimeZone=UTC
"""


def lacks(printed: str, major: str = "17") -> list[str]:
    return [what for what, _ in steps("shop", "shop-production", DatabaseState.of(printed), major)]


def test_role_and_database_are_made_once():
    assert lacks("") == [
        "role shop, without a password",
        "database shop-production of shop, in UTF-8",
        "no other role connects to it",
        "client_encoding = UTF8",
        "default_transaction_isolation = read committed",
        "TimeZone = UTC",
    ]
    assert lacks(WHOLE) == []


def test_database_sorts_by_code_points_in_every_version():
    made = {
        major: dict(steps("shop", "shop", DatabaseState(), major))["database shop of shop, in UTF-8"]
        for major in ("15", "17")
    }
    assert "builtin" in made["17"] and "builtin" not in made["15"]
    assert all("TEMPLATE template0 ENCODING 'UTF8'" in sql and "LOCALE 'C.UTF-8'" in sql for sql in made.values())


def test_setting_that_people_changed_is_shown_and_set_back():
    assert lacks(WHOLE.replace("TimeZone=UTC", "TimeZone=Europe/Paris")) == ["TimeZone = UTC"]
    assert lacks(WHOLE.replace("open|f", "open|t")) == ["no other role connects to it"]


@pytest.mark.parametrize(
    ("ours", "theirs", "said"),
    [
        (f"mark|{MARK}", "mark|", "a role shop that was not made by ecluse"),
        ("owner|shop", "owner|celine", "a database shop-production that belongs to celine"),
        ("encoding|UTF8", "encoding|SQL_ASCII", "has the encoding SQL_ASCII"),
    ],
)
def test_role_or_database_of_people_is_left_as_it_is(ours, theirs, said):
    with pytest.raises(SystemExit, match=said):
        lacks(WHOLE.replace(ours, theirs))


def test_data_that_the_site_has_is_not_left_behind(monkeypatch, tmp_path):
    monkeypatch.setattr(postgresql, "_answers", lambda: False)
    monkeypatch.setattr(postgresql, "version", lambda: "13")
    assert "+PostgreSQL runs" in postgresql.postgresql("shop", "shop", tmp_path / "none", ["17"]).change()
    with pytest.raises(SystemExit, match="would begin with an empty database"):
        postgresql.postgresql("shop", "shop", tmp_path, ["17"]).change()


@pytest.mark.parametrize(("debian", "note"), [("13", ""), ("12", 'version="15"')])
def test_other_version_than_in_tests_is_said(monkeypatch, tmp_path, debian, note):
    monkeypatch.setattr(postgresql, "_answers", lambda: False)
    monkeypatch.setattr(postgresql, "version", lambda: debian)
    said = postgresql.postgresql("shop", "shop", tmp_path, ["17"]).note()
    assert note in said and bool(note) == bool(said)
