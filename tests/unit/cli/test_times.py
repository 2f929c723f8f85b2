"""Times as people say them."""

import pytest

from ecluse.cli.times import ago


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-5, "just now"), (59, "just now"), (60, "1 minute ago"), (7300, "2 hours ago"), (3 * 86400, "3 days ago")],
)
def test_time_is_said_in_its_largest_unit(seconds: float, said: str) -> None:
    assert ago(seconds) == said
