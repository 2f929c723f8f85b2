from pathlib import Path

import pytest

from ecluse.errors import RepositoryError
from ecluse.image.source import SourceCommit, labels, source_of
from tests.support.doubles.programs import Programs

SOURCE = SourceCommit("4b825dc642cb6eb9a060e54bf8d69288fbee4904", 1_760_000_000, True, "https://git.example/team/shop")


def test_labels_follow_oci_and_hold_no_current_time():
    assert labels(SOURCE, title="website", version="staging-4b825dc") == {
        "org.opencontainers.image.title": "website",
        "org.opencontainers.image.version": "staging-4b825dc",
        "org.opencontainers.image.revision": SOURCE.commit,
        "org.opencontainers.image.created": "2025-10-09T08:53:20+00:00",
        "org.opencontainers.image.source": "https://git.example/team/shop",
    }


def test_revision_of_a_changed_tree_ends_with_dirty():
    changed = SourceCommit(SOURCE.commit, SOURCE.committed, clean=False)
    assert labels(changed, title="website", version="development")["org.opencontainers.image.revision"].endswith(
        "-dirty"
    )


@pytest.fixture
def git(monkeypatch):
    programs = Programs()
    programs.answers = {
        "git -C /shop rev-parse": f"{SOURCE.commit}\n",
        "git -C /shop show": f"{SOURCE.committed}\n",
        "git -C /shop status": "",
        "git -C /shop config": "git@git.example:team/shop.git\n",
    }
    return programs.take_over(monkeypatch)


def test_source_has_commit_date_and_remote_address(git):
    assert source_of(Path("/shop")) == SOURCE


@pytest.mark.parametrize(("status", "clean"), [(" M site.py\n", False), ("?? new.py\n", False), ("", True)])
def test_source_with_changed_or_added_files_is_not_clean(git, status, clean):
    git.answers["git -C /shop status"] = status
    assert source_of(Path("/shop")).clean is clean


def test_repository_without_remote_has_no_source_url(git):
    git.answers["git -C /shop config"] = 1
    assert source_of(Path("/shop")).url is None


def test_source_without_a_commit_is_an_error(git):
    git.answers["git -C /shop rev-parse"] = 128
    with pytest.raises(RepositoryError, match="an image is built from a commit, and there is no commit yet") as caught:
        source_of(Path("/shop"))
    assert caught.value.hint == "git init, git add, git commit"
