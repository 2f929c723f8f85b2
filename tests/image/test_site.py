"""The site behind its front server."""

import json
import os
import re
import time

import pytest


def test_ping_answers_for_any_host_name(visitor):
    answer = visitor.get("/ping/", Host="10.0.0.7")
    assert (answer.status, answer.text) == (200, "pong\n")


def test_image_is_ready_and_names_its_release(visitor):
    answer = visitor.get("/readiness/", Accept="application/json")
    assert answer.status == 200, answer.text
    assert json.loads(answer.text)["release"] == os.environ["ECLUSE_RELEASE"]


def test_all_dependencies_are_healthy(visitor):
    # The workers are heard of as soon as each has taken what beat asks for when it begins.
    deadline = time.monotonic() + 60
    while (answer := visitor.get("/healthcheck/", Accept="application/json")).status != 200:
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.2)


def test_a_visitor_on_plain_http_is_sent_to_https(visitor):
    answer = visitor.get("/", **{"X-Forwarded-Proto": "http"})
    assert (answer.status, answer.headers["Location"]) == (301, "https://shop.test/")


def test_unknown_host_name_is_refused(visitor):
    assert visitor.get("/", Host="elsewhere.test").status == 400


def test_pages_come_with_the_security_headers_of_the_site_once(visitor):
    headers = visitor.get("/").headers
    for name in ("Content-Security-Policy", "Strict-Transport-Security", "X-Frame-Options", "X-Content-Type-Options"):
        assert len(headers.get_all(name, ())) == 1, name
    assert "nginx/" not in headers.get("Server", ""), "the server tells its version"


def test_pages_are_compressed(visitor):
    assert visitor.get("/store/", **{"Accept-Encoding": "gzip"}).headers["Content-Encoding"] == "gzip"


def test_static_files_of_a_page_are_hashed_and_cached_for_ever(visitor):
    names = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', visitor.get("/store/").text))
    assert names
    for name in names:
        answer = visitor.get(name, **{"Accept-Encoding": "gzip"})
        assert answer.status == 200, name
        assert re.search(r"\.[0-9a-f]{12}\.", name), name
        assert "immutable" in answer.headers["Cache-Control"], name
        if name.endswith((".css", ".js")):
            assert answer.headers["Content-Encoding"] == "gzip", name


def test_the_admin_has_its_style(visitor):
    page = visitor.get("/admin/login/")
    assert page.status == 200
    [style] = re.findall(r'href="(/static/admin/css/login\.[^"]+)"', page.text)
    assert visitor.get(style).headers["Content-Type"].startswith("text/css")


@pytest.mark.parametrize("path", ["/static/store/none.0123456789ab.css", "/static/", "/media/none.png"])
def test_missing_static_file_is_never_cached(visitor, path):
    answer = visitor.get(path)
    assert answer.status == 404
    assert answer.headers["Cache-Control"] == "no-store"


def test_static_file_without_hash_is_revalidated(visitor):
    answer = visitor.get("/static/admin/css/base.css")
    assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-cache")
    again = visitor.get("/static/admin/css/base.css", **{"If-None-Match": answer.headers["ETag"]})
    assert again.status == 304


@pytest.mark.parametrize("path", ["/static/../manage.py", "/static/..%2fmanage.py", "/media/..%2f..%2fetc/passwd"])
def test_files_outside_of_the_static_folders_are_not_served(visitor, path):
    assert visitor.get(path).status in {400, 404}
