"""When a container may be given requests, and when it is thought to be alive."""

import importlib.util
import json
import re
from pathlib import Path

import pytest

GATE = Path(__file__).resolve().parents[2] / "ops" / "container" / "gate.py"
ENVIRON = {"ECLUSE_RELEASE": "r2", "DJANGO_ALLOWED_HOSTS": ".shop.test, other.test"}


class Site:
    """Answers /readiness/ with each of *answers* in turn, the last one for ever."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []

    def __call__(self, path, environ):
        self.asked.append(path)
        if path == "/ping/":
            return (200, "pong") if self.answers[-1] else (0, "no answer")
        return (self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]) or (0, "no answer: refused")


def answer(status, release):
    return status, json.dumps({"release": release})


@pytest.fixture
def gate(tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location("gate", GATE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "OPENED", tmp_path / "opened")
    monkeypatch.setattr(module, "LOG", tmp_path / "log")
    return module


def ask(gate, monkeypatch, *answers):
    site = Site(*answers)
    monkeypatch.setattr(gate, "ask", site)
    return gate.main(ENVIRON), site


def test_gate_opens_after_several_good_answers(gate, monkeypatch):
    code, site = ask(gate, monkeypatch, answer(200, "r2"))
    assert (code, site.asked) == (0, ["/readiness/"] * 3)


@pytest.mark.parametrize(
    "wrong", [None, answer(503, "r2"), answer(200, "r1"), (200, "<html>"), (200, '["r2"]'), (200, '{"release": null}')]
)
def test_gate_stays_closed_after_one_bad_answer(gate, monkeypatch, wrong):
    code, _site = ask(gate, monkeypatch, answer(200, "r2"), wrong)
    assert code == 1
    code, site = ask(gate, monkeypatch, answer(200, "r2"), wrong)
    assert code == 1 and "/ping/" not in site.asked, "and it is not opened by the next question"


def test_open_gate_asks_only_ping(gate, monkeypatch):
    ask(gate, monkeypatch, answer(200, "r2"))
    code, site = ask(gate, monkeypatch, answer(503, "r2"))
    assert (code, site.asked) == (0, ["/ping/"])
    code, _site = ask(gate, monkeypatch, None)
    assert code == 1


def test_reason_for_a_closed_gate_is_logged_once(gate, monkeypatch, capsys):
    gate.LOG.touch()
    for _ in range(3):
        ask(gate, monkeypatch, answer(503, "r2"))
    said = "not ready yet: /readiness/ says 503"
    assert capsys.readouterr().out.count(said) == 3, "for docker inspect each time"
    assert gate.LOG.read_text().count(said) == 1
    ask(gate, monkeypatch, None)
    assert "no answer: refused" in gate.LOG.read_text()


def test_unwritable_log_does_not_close_the_gate(gate, monkeypatch, tmp_path):
    monkeypatch.setattr(gate, "LOG", tmp_path / "missing" / "log")
    monkeypatch.setattr(gate, "OPENED", tmp_path / "missing" / "opened")
    code, _site = ask(gate, monkeypatch, answer(503, "r2"))
    assert code == 1


def test_health_checks_have_time_on_a_busy_machine(gate):
    top = GATE.parents[2]
    files = [(top / name).read_text(encoding="utf-8") for name in ("Dockerfile", "docker-compose.live.yml")]
    times = [int(found) for text in files for found in re.findall(r"(?:--timeout=|  timeout: )(\d+)s\b", text)]
    # The swarm ends what has failed three checks: at load 30, five seconds were too few to start one.
    assert len(times) == 7 and min(times) >= 30
    assert gate.TIMES * gate.TIMEOUT < min(times)
