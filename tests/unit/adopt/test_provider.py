"""The provider whose files adoption writes."""

from __future__ import annotations

import pytest

from ecluse.adopt.provider import choose


@pytest.mark.parametrize(
    ("origin", "files", "provider"),
    [
        ("github.com/shop/shop", (".gitlab-ci.yml",), "github"),
        ("gitlab.shop.example/shop", (), "gitlab"),
        ("git.shop.example/gitlab/shop", (".github/workflows/tests.yml",), "github"),
        ("git.shop.example/shop", (".gitlab-ci.yml", "manage.py"), "gitlab"),
        ("git.shop.example/shop", (".github/dependabot.yml",), "github"),
        ("", (".gitlab-ci.yml",), "gitlab"),
    ],
)
def test_remote_then_files_tell_the_provider(origin: str, files: tuple[str, ...], provider: str) -> None:
    chosen = choose("", (), origin, files)
    assert (chosen.id, chosen.guess) == (provider, False)


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ((), "no file of a provider is there"),
        ((".gitlab-ci.yml", ".github/workflows/a.yml"), "there are .github/workflows/a.yml and .gitlab-ci.yml"),
    ],
)
def test_unknown_remote_is_a_guess_that_names_the_option(files: tuple[str, ...], reason: str) -> None:
    chosen = choose("", (), "git.shop.example/shop", files)
    assert chosen.guess and reason in chosen.why and "--provider" in chosen.why


def test_asked_provider_beats_remote_and_files() -> None:
    assert choose("gitlab", (), "github.com/shop/shop", (".github/workflows/a.yml",)).id == "gitlab"


def test_second_adoption_keeps_the_provider_of_the_first() -> None:
    assert choose("", ("pipeline.py", ".gitlab-ci.yml"), "github.com/shop/shop", (".gitlab-ci.yml",)).id == "gitlab"
