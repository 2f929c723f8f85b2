import pytest

from ecluse.image.source import Source, labels, public_url

SOURCE = Source("4b825dc642cb6eb9a060e54bf8d69288fbee4904", 1_760_000_000, True, "https://git.example/team/shop")


@pytest.mark.parametrize(
    ("remote", "url"),
    [
        ("git@git.example:team/shop.git\n", "https://git.example/team/shop"),
        ("https://ci:token@git.example/team/shop.git", "https://git.example/team/shop"),
        ("ssh://git@git.example/team/shop", "https://git.example/team/shop"),
        ("/srv/git/shop.git", None),
        ("../shop", None),
        ("", None),
    ],
)
def test_the_source_is_where_others_find_it_without_an_account(remote, url):
    assert public_url(remote) == url


def test_labels_are_those_of_the_open_container_initiative_and_know_no_now():
    assert labels(SOURCE, title="website", version="staging-4b825dc") == {
        "org.opencontainers.image.title": "website",
        "org.opencontainers.image.version": "staging-4b825dc",
        "org.opencontainers.image.revision": SOURCE.commit,
        "org.opencontainers.image.created": "2025-10-09T08:53:20+00:00",
        "org.opencontainers.image.source": "https://git.example/team/shop",
    }


def test_a_tree_that_is_not_the_commit_says_so():
    changed = Source(SOURCE.commit, SOURCE.committed, clean=False)
    assert labels(changed, title="website", version="development")["org.opencontainers.image.revision"].endswith(
        "-dirty"
    )
