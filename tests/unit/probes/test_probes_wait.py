from collections.abc import Callable

import pytest

from ecluse.errors import ServiceError
from ecluse.probes import NotReady, postgres, wait
from ecluse.probes.address import Address

SERVER = "postgres://me:hush@db/site"


def answering_at(attempt: int, asked: list[str]) -> Callable[[Address, float], None]:
    """A probe of a server that is ready at that *attempt*; *asked* is where attempts are noted."""

    def ask(address: Address, timeout: float) -> None:
        asked.append(address.url)
        if len(asked) < attempt:
            raise NotReady("the database system is starting up")

    return ask


def test_probe_waits_until_the_server_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(postgres, "ask", answering_at(4, asked))
    wait([SERVER], timeout=5)
    assert asked == [SERVER] * 4


def test_probe_timeout_shows_last_answer_without_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "ask", answering_at(10**9, []))
    with pytest.raises(ServiceError) as raised:
        wait([SERVER], timeout=0, what="the database")
    assert str(raised.value) == (
        "postgres://db:5432/site: the database did not get ready: the database system is starting up"
    )


def test_probe_does_not_wait_for_an_ended_server(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(postgres, "ask", answering_at(10**9, asked))
    with pytest.raises(ServiceError, match="no space left"):
        wait([SERVER], timeout=60, ended=lambda: "no space left")
    assert len(asked) == 1


def test_named_probe_asks_whatever_the_scheme_is(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(postgres, "ask", answering_at(1, asked))
    wait(["cockroach://db:26257/site"], timeout=0, probe="postgres")
    assert asked == ["cockroach://db:26257/site"]
