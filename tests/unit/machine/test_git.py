from __future__ import annotations

import os
from pathlib import Path

import pytest

from ecluse.errors import RepositoryError, ToolError
from ecluse.machine import git, process
from ecluse.secrets import Secret
from tests.support.doubles.programs import Programs

SHOP = Path("/shop")


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch) -> Programs:
    return Programs().take_over(monkeypatch)


def refused(programs: Programs, errors: str, code: int = 128) -> RepositoryError:
    """The error of a question that git refuses."""
    programs.answers["git -C /shop"] = code
    programs.errors["git -C /shop"] = errors
    with pytest.raises(RepositoryError) as caught:
        git.known_files(SHOP)
    with pytest.raises(RepositoryError, match="."):
        git.read(SHOP, "status")
    return caught.value


def test_files_are_named_by_bytes(programs: Programs) -> None:
    programs.answers["git -C /shop ls-files -z"] = os.fsdecode(b"b/\xff\0a\nb\0")
    assert [os.fsencode(path) for path in git.known_files(SHOP)] == [b"a\nb", b"b/\xff"]


def test_answers_are_not_masked(programs: Programs) -> None:
    Secret("website")
    programs.answers["git -C /shop ls-files"] = "src/website/urls.py\0"
    programs.answers["git -C /shop rev-parse"] = "website\n"
    assert git.known_files(SHOP) == ("src/website/urls.py",)
    assert git.line(SHOP, "rev-parse", "--abbrev-ref", "HEAD") == "website"


def test_files_below_a_path_are_chosen_by_name(programs: Programs) -> None:
    programs.answers["git -C /shop ls-files"] = "app[1]/a.py\0app/b.py\0app[1].txt\0manage.py\0"
    assert git.known_files(SHOP, "app[1]", "manage.py") == ("app[1]/a.py", "manage.py")
    assert git.known_files(SHOP, "app/") == ("app/b.py",)


def test_questions_take_no_lock_and_are_answered_in_english(programs: Programs) -> None:
    programs.answers["git -C /shop ls-files"] = ""
    assert git.known_files(SHOP) == ()
    (call,) = programs.calls
    assert call.options["extra"] == {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}


def test_a_missing_commit_is_no_failure(programs: Programs) -> None:
    programs.answers |= {"git -C /shop rev-parse": 1, "git -C /shop config": ""}
    assert git.head(SHOP) is None
    assert git.find(SHOP, "config", "--get", "remote.origin.url") is None


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("git@github.com:ada/shop.git", "github.com/ada/shop"),
        ("https://GitHub.com/ada/shop", "github.com/ada/shop"),
        ("https://gitlab-ci-token:token@git.example:8443/ada/shop.git/", "git.example/ada/shop"),
        ("ssh://git@git.example:2222/ada/shop.git", "git.example/ada/shop"),
        ("ssh://git@git.example/ada/shop", "git.example/ada/shop"),
        ("/srv/git/shop.git", ""),
        ("file:///srv/git/shop.git", ""),
        ("../shop", ""),
        ("", ""),
    ],
)
def test_place_of_a_remote_is_its_host_and_path(programs: Programs, url: str, place: str) -> None:
    assert git.normalized(url) == place
    programs.answers["git -C /shop config"] = f"{url}\n"
    assert git.origin(SHOP) == place


def test_a_folder_without_repository_is_refused(programs: Programs) -> None:
    error = refused(programs, "fatal: not a git repository (or any of the parent directories): .git\n")
    assert (error.what, error.where) == ("this is not a git repository", "/shop")
    assert error.hint and "git init" in error.hint
    with pytest.raises(RepositoryError):
        git.find(SHOP, "describe")


def test_a_clone_of_another_account_is_refused(programs: Programs) -> None:
    error = refused(programs, "fatal: detected dubious ownership in repository at '/shop'\nTo add an exception…\n")
    assert error.what == "git does not trust this clone, which belongs to another account"
    assert error.hint and error.hint.endswith("git config --global --add safe.directory /shop")
    with pytest.raises(RepositoryError):
        git.head(SHOP)


def test_another_failure_is_reported_in_one_line(programs: Programs) -> None:
    Secret("t0ken-value")
    error = refused(programs, "fatal: index file corrupt\n  at t0ken-value\n")
    assert error.what == "git ls-files failed: fatal: index file corrupt at [REDACTED]"
    assert error.hint == "git -C /shop status"


def test_a_machine_without_git_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*arguments: object, **options: object) -> None:
        raise ToolError("cannot start git: git does not exist")

    monkeypatch.setattr(process, "read", missing)
    with pytest.raises(RepositoryError, match="git is not installed, or not on the PATH") as caught:
        git.head(SHOP)
    assert caught.value.hint == "apt install git"


def test_nested_repositories_are_looked_into(tmp_path: Path, programs: Programs) -> None:
    for folder in ("vendored", "clone"):
        (tmp_path / folder / ".git").mkdir(parents=True)
    (tmp_path / "empty").mkdir()
    top = f"git -C {tmp_path}"
    programs.answers = {
        f"{top} ls-files": "a.py\0vendored\0clone/\0empty\0",
        f"{top}/vendored ls-files": "lib.py\0",
        f"{top}/vendored rev-parse": "c0ffee\n",
        f"{top}/clone ls-files": "",
        f"{top}/clone rev-parse": 1,
    }
    found = git.tree(tmp_path)
    assert found.files == {"a.py", "vendored/lib.py"}
    assert found.nested == {"vendored": "c0ffee", "clone": None, "empty": None}
    assert git.known_files(tmp_path, "vendored", "a.py") == ("a.py", "vendored/lib.py")
    with pytest.raises(RepositoryError, match="the submodule clone is not checked out") as caught:
        git.known_files(tmp_path)
    assert caught.value.hint == "git submodule update --init --recursive clone"


@pytest.mark.parametrize(
    ("ancestor", "shallow", "there", "answer"),
    [
        ("", "true", "bbb", True),
        (1, "false", "bbb", False),
        (128, "false", "bbb", False),
        (1, "true", "bbb", None),
        (128, "false", 1, None),
    ],
)
def test_shallow_clone_cannot_tell_that_a_commit_is_no_ancestor(
    ancestor: str | int, shallow: str, there: str | int, answer: bool | None, programs: Programs
) -> None:
    programs.answers = {
        "git -C /shop merge-base --is-ancestor aaa bbb": ancestor,
        "git -C /shop rev-parse --is-shallow-repository": shallow,
        "git -C /shop rev-parse --verify": there,
    }
    assert git.descends(SHOP, "bbb", "aaa") is answer
