from __future__ import annotations

import pytest

from ecluse.machine.sizes import in_words


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "0 bytes"), (999, "999 bytes"), (4_096, "4.1 kB"), (250_000_000, "250.0 MB"), (1_250_000_001, "1.3 GB")],
)
def test_size_is_said_in_the_unit_that_fits(number: int, words: str) -> None:
    assert in_words(number) == words
