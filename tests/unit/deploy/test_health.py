from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from ecluse.definition.model import Watch
from ecluse.deploy.health import Answered, Readiness, Seen, beyond, gate, watch, worse
from ecluse.errors import RolloutError

READY = Readiness(200, "new")
BUSY = Readiness(503, "new", '{"migrations": "missing"}')
NOBODY = Readiness(0, detail="no answer: refused")


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def answers(*given: Readiness, then: Readiness) -> Callable[[], Readiness]:
    def each() -> Iterator[Readiness]:
        yield from given
        while True:
            yield then

    iterator = each()
    return lambda: next(iterator)


def test_the_gate_opens_after_several_good_answers_in_a_row() -> None:
    time = Time()
    counted: list[Readiness] = []
    probe = answers(NOBODY, READY, READY, BUSY, READY, READY, READY, then=BUSY)

    def counting() -> Readiness:
        counted.append(probe())
        return counted[-1]

    gate(counting, "new", ended=lambda: None, clock=time, sleep=time.sleep)
    assert len(counted) == 7


def test_the_gate_stays_closed_for_another_release() -> None:
    time = Time()
    with pytest.raises(RolloutError, match="within 5 s: /readiness/ says it calls itself old"):
        gate(lambda: Readiness(200, "old"), "new", ended=lambda: None, timeout=5, clock=time, sleep=time.sleep)
    assert 5 < time.now < 5.2


def test_the_gate_says_what_the_last_answer_was() -> None:
    time = Time()
    with pytest.raises(RolloutError, match="503 .*missing"):
        gate(lambda: BUSY, "new", ended=lambda: None, timeout=1, clock=time, sleep=time.sleep)


def test_gate_fails_at_once_if_the_process_ended() -> None:
    time = Time()
    with pytest.raises(RolloutError, match="does not start: ImportError"):
        gate(lambda: NOBODY, "new", ended=lambda: "ImportError", clock=time, sleep=time.sleep)
    assert time.now == 0


def test_watch_lasts_its_configured_time() -> None:
    time = Time()
    watch(lambda: READY, "new", 2, trouble=lambda: None, clock=time, sleep=time.sleep)
    assert 2 <= time.now < 2.2


def test_watch_allows_one_bad_answer_but_not_three_in_a_row() -> None:
    time = Time()
    watch(answers(BUSY, BUSY, then=READY), "new", 1, trouble=lambda: None, clock=time, sleep=time.sleep)
    with pytest.raises(RolloutError, match="did not do well after the switch: /readiness/ says no answer: refused"):
        watch(answers(READY, then=NOBODY), "new", 1, trouble=lambda: None, clock=time, sleep=time.sleep)


def test_the_watch_ends_with_the_first_trouble() -> None:
    time = Time()
    with pytest.raises(RolloutError, match="its processes ended"):
        watch(lambda: READY, "new", 9, trouble=lambda: "its processes ended", clock=time, sleep=time.sleep)
    assert time.now == 0


def test_the_watch_looks_at_least_once() -> None:
    time = Time()
    with pytest.raises(RolloutError):
        watch(lambda: READY, "new", 0, trouble=lambda: "errors", clock=time, sleep=time.sleep)


@pytest.mark.parametrize(
    ("limits", "seen", "passed"),
    [
        (Watch(), Seen(["500 /"] * 3, 9, []), None),
        (Watch(), Seen(["500 /"] * 4, 9000, []), "4 errors, as 500 /"),
        (Watch(error_share=0.01), Seen(["500 /"] * 40, 4000, []), None),
        (Watch(error_share=0.01), Seen(["500 /"] * 41, 4000, []), "41 errors in 4000 answers, as 500 /"),
        (Watch(error_share=0.01), Seen(["500 /"] * 3, 3, []), None),
        (Watch(), Seen([], 9, ["it was started again"]), "it was started again"),
        (Watch(most_restarts=1), Seen([], 9, ["it was started again"]), None),
    ],
)
def test_limits_count_errors_their_share_and_restarts(limits: Watch, seen: Seen, passed: str | None) -> None:
    assert beyond(limits, seen) == passed


COMPARED = Watch(more_errors=0.02, slower=4)


@pytest.mark.parametrize(
    ("limits", "before", "now", "said"),
    [
        (COMPARED, Answered(400, 4, 0.1), Answered(100, 3, 0.4), None),
        (
            COMPARED,
            Answered(400, 4, 0.1),
            Answered(100, 4, 0.1),
            "4.0% of 100 answers were errors, before the switch 1.0%",
        ),
        (
            COMPARED,
            Answered(400, 0, 0.1),
            Answered(100, 0, 0.5),
            "95 % of the answers took up to 0.5 s, before the switch 0.1 s",
        ),
        (COMPARED, Answered(400, 0, 0.01), Answered(100, 0, 0.25), None),
        (COMPARED, Answered(39, 0, 0.1), Answered(100, 50, 9), None),
        (COMPARED, Answered(400, 0, 0.1), Answered(39, 39, 9), None),
        (Watch(more_errors=0, slower=0), Answered(400, 0, 0.1), Answered(100, 50, 9), None),
        (Watch(), Answered(400, 0, 0.1), Answered(100, 50, 9), None),
    ],
    ids=["as before", "errors", "slow", "too quick to notice", "few before", "few now", "not asked", "left out"],
)
def test_release_is_compared_with_the_one_before(
    limits: Watch, before: Answered, now: Answered, said: str | None
) -> None:
    assert worse(limits, before, now) == said
