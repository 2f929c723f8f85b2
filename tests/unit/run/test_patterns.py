from __future__ import annotations

import pytest

from ecluse.run.patterns import chosen, glob, reaches, unmatched


@pytest.mark.parametrize(
    ("pattern", "path", "matched"),
    [
        ("tox.ini", "tox.ini", True),
        ("tox.ini", "a/tox.ini", False),
        ("requirements/*", "requirements/dev.txt", True),
        ("requirements/*", "requirements/a/dev.txt", True),  # a folder that matches stands for all it holds
        ("*.py", "a/manage.py", False),
        ("src/**", "src/a/b.py", True),
        ("src/**", "source/a.py", False),
        ("src/**/*.py", "src/a.py", True),
        ("src/**/*.py", "src/a/b/c.py", True),
        ("src/**/*.py", "src/a/b/c.txt", False),
        ("settings", "settings/base.py", True),
        ("settings/", "settings/base.py", True),
        ("a?.py", "ab.py", True),
        ("a?.py", "a/.py", False),
        ("a.py", "axpy", False),
        ("a+(b).py", "a+(b).py", True),
        ("a[0-9].py", "a7.py", True),
        ("a[0-9].py", "a[0-9].py", False),
        ("a[!0-9].py", "ax.py", True),
        ("a[!0-9]b", "a/b", False),
        ("[[]id].py", "[id].py", True),
        ("[]x]", "]", True),
        ("[x", "[x", True),
        ("[^a]", "^", True),
    ],
)
def test_pattern_does_not_cross_folders_without_two_stars(pattern: str, path: str, matched: bool) -> None:
    assert bool(glob(pattern).fullmatch(path)) == matched


def test_negated_pattern_excludes_wherever_it_stands() -> None:
    paths = ["site/shop/views.py", "site/motos/views.py", "site/urls.py", "README.md"]
    for patterns in (("site/**", "!site/motos/**"), ("!site/motos", "site")):
        assert chosen(paths, patterns) == ["site/shop/views.py", "site/urls.py"]


@pytest.mark.parametrize(
    ("pattern", "folder", "reached"),
    [
        ("app/**", "app", True),
        ("app/**", "app/a/b", True),
        ("app", "app/a", True),
        ("app/*.py", "app", True),
        ("app/*.py", "app/a", False),
        ("app/**/*.py", "app", True),
        ("app/**/*.py", "app/a", True),
        ("**/*.yml", ".", True),
        ("**/*.yml", "a/b", True),
        ("*.py", ".", True),
        ("*.py", "a", False),
        ("app/a.py", "app", False),
        ("!app/**", "app", False),
    ],
)
def test_pattern_reaches_folders_whose_new_files_it_can_match(pattern: str, folder: str, reached: bool) -> None:
    assert reaches(pattern, folder) == reached


def test_pattern_that_matches_nothing_is_found() -> None:
    assert unmatched(["app/a.py"], ("app/**", "scr/**", "!docs")) == ["scr/**"]
