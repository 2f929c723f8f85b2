"""What a push reports, read to its end."""

import pytest

from ecluse.image.engine import PushFailed, _follow


def follow(*events, patience=60.0):
    seen = []
    return _follow(iter(events), patience, lambda sent, total: seen.append((sent, total))), seen


def test_a_push_ends_with_the_digest_and_tells_of_its_bytes():
    digest, seen = follow(
        {"status": "Preparing", "id": "a"},
        {"status": "Pushing", "id": "a", "progressDetail": {"current": 5, "total": 10}},
        {"status": "Pushing", "id": "b", "progressDetail": {"current": 1, "total": 1}},
        {"status": "Pushing", "id": "a", "progressDetail": {"current": 10, "total": 10}},
        {"status": "Layer already exists", "id": "c"},
        {"progressDetail": {}, "aux": {"Tag": "t", "Digest": "sha256:1", "Size": 1}},
    )
    assert digest == "sha256:1"
    assert seen == [(5, 10), (6, 11), (11, 11)]


@pytest.mark.parametrize(
    ("error", "passing"),
    [
        ("Get http://r/v2/: dial tcp: connection refused", True),
        ("received unexpected HTTP status: 503 Service Unavailable", True),
        ("unauthorized: authentication required", False),
        ("denied: requested access to the resource is denied", False),
    ],
)
def test_only_what_may_pass_is_worth_another_attempt(error, passing):
    with pytest.raises(PushFailed) as caught:
        follow({"errorDetail": {"message": error}, "error": error})
    assert (str(caught.value), caught.value.passing) == (error, passing)


def test_an_engine_that_retries_without_an_end_is_not_waited_for():
    with pytest.raises(PushFailed, match="nothing has moved for 0 s .Retrying in 5 seconds"):
        follow({"status": "Retrying in 5 seconds", "id": "a"}, patience=0)


def test_a_stream_that_ends_without_a_digest_is_a_failure():
    with pytest.raises(PushFailed, match="without a digest"):
        follow({"status": "Preparing", "id": "a"})
