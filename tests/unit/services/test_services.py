import contextlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager

import pytest

from ecluse.definition.model import Service
from ecluse.errors import ServiceError
from ecluse.services import sources
from ecluse.services.kinds import POSTGRES


class Source:
    """A source that is there or not, and tells what it was given."""

    def __init__(self, reason: str | None) -> None:
        self.reason = reason

    def why_not(self, service: Service, environ: Mapping[str, str]) -> str | None:
        return self.reason

    def provide(
        self, service: Service, environ: Mapping[str, str], rest: Sequence[str]
    ) -> AbstractContextManager[Mapping[str, str]]:
        @contextlib.contextmanager
        def provided() -> Iterator[Mapping[str, str]]:
            yield {"REST": ",".join(rest)}

        return provided()

    def empty(self, service: Service, environ: Mapping[str, str]) -> AbstractContextManager[str]:
        return contextlib.nullcontext("postgres://empty")


def having(monkeypatch: pytest.MonkeyPatch, **reasons: str | None) -> None:
    monkeypatch.setattr(sources, "SOURCES", {name: Source(reason) for name, reason in reasons.items()})


def test_first_usable_source_is_taken_and_others_are_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    having(monkeypatch, given="it is not set", embedded=None, container=None)
    with sources.for_job(POSTGRES, {}) as variables:
        assert variables == {"REST": "container"}


def test_failure_of_all_sources_lists_every_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    having(monkeypatch, given="it is not set", embedded="no programs", container="no engine")
    with pytest.raises(ServiceError) as raised, sources.for_job(POSTGRES, {}):
        pass
    assert "given: it is not set" in str(raised.value)
    assert "embedded: no programs" in str(raised.value)
    assert "container: no engine" in str(raised.value)


def test_a_database_that_is_given_is_handed_on_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("ecluse.probes.wait", lambda urls, **options: asked.extend(urls))
    environ = {"DATABASE_URL": "postgres://u:p@db:5433/site"}
    with sources.for_job(POSTGRES, environ) as variables:
        assert variables == environ
    assert asked == [environ["DATABASE_URL"]]


def test_embedded_postgres_passes_on_only_the_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ecluse.services.embedded.why_not", lambda service, environ: None)
    with sources.for_job(POSTGRES, {}) as variables:
        assert variables == {"ECLUSE_POSTGRES": "embedded,container"}


def test_kind_without_embedded_server_is_an_error() -> None:
    redis = Service(name="cache", kind="redis", version="8", sources=("embedded",))
    with pytest.raises(ServiceError, match="there is no embedded redis"), sources.for_job(redis, {}):
        pass


def test_job_goes_on_without_an_absent_service() -> None:
    redis = Service(name="redis", kind="redis", version="8", sources=("given", "absent"))
    with sources.for_job(redis, {}) as variables:
        assert variables == {}


def test_databases_are_made_on_no_absent_service() -> None:
    with pytest.raises(ServiceError, match="no postgres 18 to be had"):
        sources.SOURCES["absent"].empty(POSTGRES, {})
