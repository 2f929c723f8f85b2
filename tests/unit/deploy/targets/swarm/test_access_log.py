"""The front server's log is read once: only what is new is asked for, and no line is counted twice."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ecluse.deploy.targets.swarm import access_log
from ecluse.deploy.targets.swarm.access_log import OVERLAP, AccessLog


def test_log_is_read_on_from_its_newest_line(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    asked: list[float] = []

    def logs(api: Any, path: str, *, since: float) -> list[str]:
        assert path == "/services/shop_front"
        asked.append(since)
        return lines

    monkeypatch.setattr(access_log, "logs", logs)
    api: Any = None
    log = AccessLog(api, "shop_front", 1_000_000_000.0)
    log.look()
    for number, second in enumerate((10, 19)):
        found = {
            "status": 500 + number,
            "method": "GET",
            "uri": "/",
            "upstream": f"10.0.0.1:8000, 10.0.0.{number}:8000",
        }
        lines.append(json.dumps({**found, "time": f"2001-09-09T01:46:{40 + second:02}+00:00"}))
    lines.append("not one of its own")
    log.look()
    log.look()
    assert [str(one) for one in log.answers] == ["500 to GET /", "501 to GET /"]
    assert asked == [1e9, 1e9, 1e9 + 19 - OVERLAP]
    assert [one.status for one in log.of({"10.0.0.1"})] == [501]
    assert [one.status for one in log.without({"10.0.0.1"})] == [500]


def test_answer_of_a_closed_site_is_no_error() -> None:
    assert [access_log.FrontAnswer(status, "GET /", "").error for status in (200, 404, 500, 502, 503)] == [
        False, False, True, True, False,
    ]  # fmt: skip
