import json
import logging
import sys

import pytest

from website.logs import JSONFormatter, RequestIdFilter
from website.request_id import current


def formatted(record: logging.LogRecord) -> dict[str, object]:
    RequestIdFilter().filter(record)
    line = JSONFormatter("abc123").format(record)
    assert "\n" not in line
    found: dict[str, object] = json.loads(line)
    return found


def record(message: str, *args: object, **extra: object) -> logging.LogRecord:
    return logging.getLogger("shop").makeRecord("shop", logging.INFO, "f.py", 1, message, args, None, extra=extra)


def test_log_record_is_one_json_line_with_extras():
    line = formatted(record("Bien reçu : %s\nà demain", "été", query="eau", hits=3))
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "INFO",
        "logger": "shop",
        "message": "Bien reçu : été\nà demain",
        "release": "abc123",
        "request_id": None,
        "query": "eau",
        "hits": 3,
    }


def test_a_record_names_the_request_that_it_belongs_to():
    token = current.set("req-1")
    try:
        assert formatted(record("x"))["request_id"] == "req-1"
    finally:
        current.reset(token)


def test_exception_and_complex_values_are_logged_as_text():
    try:
        raise ValueError("la vanne")
    except ValueError:
        failed = logging.getLogger("shop").makeRecord(
            "shop", logging.ERROR, "f.py", 1, "x", (), sys.exc_info(), extra={"request": object}
        )
    line = formatted(failed)
    assert line["exception"].endswith("ValueError: la vanne")
    assert line["request"] == str(object)


def test_log_extra_cannot_replace_a_standard_field():
    assert formatted(record("x", level="forged", release="forged"))["release"] == "abc123"


@pytest.mark.django_db
def test_the_lines_of_a_request_have_its_id(client, caplog):
    caplog.handler.addFilter(RequestIdFilter())
    with caplog.at_level(logging.INFO):
        response = client.get("/store/search/", {"query": "eau"})
    [line] = [line for line in caplog.records if "New search" in line.getMessage()]
    assert line.request_id == response["X-Request-ID"]
