from collections.abc import Callable

import pytest

from ecluse.errors import ServiceError
from ecluse.services import probe


def answering_at(attempt: int, asked: list[str]) -> Callable[[str, float], str | None]:
    """A server that is ready at that *attempt*; *asked* is where attempts are noted."""

    def refusal(url: str, timeout: float) -> str | None:
        asked.append(url)
        return None if len(asked) >= attempt else "the database system is starting up"

    return refusal


def test_probe_waits_until_the_server_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(probe, "refusal", answering_at(4, asked))
    probe.wait("postgres://x", timeout=5)
    assert asked == ["postgres://x"] * 4


def test_probe_timeout_shows_last_answer_without_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "refusal", answering_at(10**9, []))
    with pytest.raises(ServiceError) as raised:
        probe.wait("postgres://me:hush@db/site", timeout=0)
    assert "the database system is starting up" in str(raised.value)
    assert "hush" not in str(raised.value)


def test_probe_does_not_wait_for_an_ended_server(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(probe, "refusal", answering_at(10**9, asked))
    with pytest.raises(ServiceError, match="no space left"):
        probe.wait("postgres://x", timeout=60, failed=lambda: "no space left")
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgres://u:p@h/d", "postgres://u:[REDACTED]@h/d"),
        ("postgres://u@h/d", "postgres://u@h/d"),
        ("postgres://u@/d?host=/a:b@c", "postgres://u@/d?host=/a:b@c"),
    ],
)
def test_an_address_is_shown_without_its_password(url: str, shown: str) -> None:
    assert probe.redacted(url) == shown
