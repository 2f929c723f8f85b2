from __future__ import annotations

from ecluse.run.cache import differences

FACTS = {
    "files": {"a.py": "1", "b.py": "2"},
    "commands": [["tox"]],
    "matrix": {},
    "outputs": [],
    "services": [],
    "timeout": 600,
    "tools": {"python": "3.13.0", "tox": "4.30"},
    "programs": {"make": "1"},
    "variables": {"TOKEN": "secret"},
}


def test_cache_differences_are_named() -> None:
    now = FACTS | {
        "files": {"a.py": "9", "c.py": "2"},
        "commands": [["tox", "-v"]],
        "timeout": 60,
        "tools": {"python": "3.13.1", "tox": "4.30"},
        "programs": {"make": "2"},
        "variables": {"TOKEN": "secret", "LEVEL": "h"},
    }
    assert differences(FACTS, now) == (
        "changed: a.py",
        "new: c.py",
        "gone: b.py",
        "python: 3.13.0 → 3.13.1",
        "program: make",
        "environment variable: LEVEL",
        "definition: commands",
        "definition: timeout",
    )


def test_cache_without_differences_says_nothing() -> None:
    assert differences(FACTS, FACTS) == ()


def test_cache_entry_of_an_older_version_is_ignored() -> None:
    assert "definition: commands" in differences({}, FACTS)
