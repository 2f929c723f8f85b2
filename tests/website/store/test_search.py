import gzip
import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from website import monitoring
from website.store import views
from website.store.models import Album

# Up here: the lines of source around an error are sent along.
SESSION = "une-session-secrete"
VISITOR = {"name": "Adèle Mornand", "email": "adele@example.org"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("basalte", {"Basalte", "Orgues"}),  # a title, and the name of an artist
        ("BASALTE orgues", {"Orgues"}),  # every word, in whichever of both
        ("fils trio", {"Orgues"}),  # words of two artists
        ("%", {"100 % eau"}),  # no wildcard
        ("_", set()),
        ("introuvable", set()),
        ("etiage", {"100 % eau"}),  # without its accent
        ("e\u0301TIAGE", {"100 % eau"}),  # with its accent as a letter of its own
        ("l'ecluse", {"L’Écluse"}),
        ("l’écluse", {"L’Écluse"}),
        ("test-2", {"Orgues"}),  # a reference
    ],
)
def test_a_search_finds_by_title_and_by_artist(client, make_album, query, expected):
    make_album("Basalte", "Iris Montavel")
    make_album("Orgues", "Basalte & Fils", "Trio Basalte")
    make_album("100 % eau", "Étiage")
    make_album("L’Écluse")
    response = client.get("/store/search/", {"query": query})
    found = [album.title for album in response.context["page"].object_list]
    assert sorted(found) == sorted(expected)  # a list: nothing is found twice


def test_results_keep_their_query_from_page_to_page(client, make_album):
    for number in range(13):
        make_album(f"eau & feu {number}")
    response = client.get("/store/search/", {"query": "eau & feu"})
    assert "13 albums pour" in response.text
    assert 'href="?query=eau+%26+feu&amp;page=2"' in response.text
    assert len(client.get("/store/search/", {"query": "eau & feu", "page": 2}).context["page"].object_list) == 1


@pytest.mark.parametrize("query", ["", "   ", "x" * 101, "a\x00b"])
def test_invalid_query_is_answered_with_the_reason(client, db, query, caplog):
    response = client.get("/store/search/", {"query": query})
    assert response.status_code == 200
    assert 'role="alert"' in response.text
    assert "New search" not in caplog.text


def test_a_search_that_finds_nothing_says_so(client, make_album):
    make_album("Marée basse")
    text = client.get("/store/search/", {"query": "zzz"}).text
    assert "Aucun album pour « zzz »" in text
    assert "<title>Recherche : zzz" in text
    assert "Cherchez un titre" not in text


def test_the_search_page_without_a_query_asks_for_one(client, db):
    response = client.get("/store/search/")
    assert "Cherchez un titre" in response.text
    assert 'role="alert"' not in response.text


def test_a_search_is_an_event_in_the_log_with_query_and_hits(client, make_album, caplog):
    make_album("Ligne de flottaison")
    with caplog.at_level(logging.INFO, "website.store.views"):
        client.get("/store/search/", {"query": "flottaison"})
    [record] = [record for record in caplog.records if record.name == "website.store.views"]
    assert record.levelname == "INFO"
    assert record.getMessage() == "New search (query='flottaison', hits=1)"
    assert (record.query, record.hits) == ("flottaison", 1)


def test_the_next_page_of_a_search_is_no_new_search(client, shop, caplog):
    with caplog.at_level(logging.INFO, "website.store.views"):
        client.get("/store/search/", {"query": "a", "page": "2"})
    assert "New search" not in caplog.text


class Sentry:
    """A server that takes what Sentry's client sends, and keeps the events."""

    def __init__(self) -> None:
        self.events: list[dict] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                lines = body.split(b"\n")
                for header, payload in zip(lines[1::2], lines[2::2], strict=False):
                    if json.loads(header)["type"] == "event":
                        outer.events.append(json.loads(payload))
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.dsn = f"http://key@127.0.0.1:{self.server.server_port}/1"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})


@pytest.fixture
def sentry(settings) -> Iterator[Sentry]:
    import sentry_sdk

    server = Sentry()
    server.thread.start()
    before = sentry_sdk.get_client()
    settings.SENTRY_DSN = server.dsn
    try:
        monitoring.start(server.dsn, "test", "release-42")
        yield server
        sentry_sdk.get_client().close()
    finally:
        sentry_sdk.get_global_scope().set_client(before)
        server.server.shutdown()
        server.server.server_close()
        server.thread.join()


def test_search_sends_sentry_query_hits_and_release(client, make_album, sentry):
    import sentry_sdk

    make_album("Ligne de flottaison")
    client.get("/store/search/", {"query": "flottaison"})
    sentry_sdk.flush(5)
    [event] = sentry.events
    assert event["message"] == "New search"
    assert event["level"] == "info"
    assert event["contexts"]["event"].items() >= {"query": "flottaison", "hits": 1}.items()
    assert event["release"] == "release-42"
    assert event["environment"] == "test"


def test_error_in_sentry_holds_nothing_about_the_visitor(client, make_album, sentry, monkeypatch):
    import sentry_sdk

    def broken(album: Album, *, name: str, email: str) -> None:
        raise RuntimeError("la vanne")

    monkeypatch.setattr(views.booking, "book", broken)
    client.raise_request_exception = False
    client.cookies["sessionid"] = SESSION
    assert client.post(make_album().get_absolute_url(), VISITOR).status_code == 500
    sentry_sdk.flush(5)
    [event] = sentry.events
    assert event["exception"]["values"][-1]["value"] == "la vanne"
    for private in (SESSION, *VISITOR.values()):
        assert private not in json.dumps(event, ensure_ascii=False)


def test_sentry_is_not_imported_without_a_dsn(run_python):
    run_python(
        "import django; django.setup()\n"
        "from django.test import Client\n"
        "assert Client().get('/ping/').status_code == 200\n"
        "import sys; assert 'sentry_sdk' not in sys.modules\n"
    )
