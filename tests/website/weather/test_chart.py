import re
from datetime import UTC, datetime, timedelta

import pytest

from website.weather.chart import HEIGHT, NARROW, WIDE, Point, draw

START = datetime(2026, 3, 1, tzinfo=UTC)


def points(*temperatures, observed=None, **values):
    known = len(temperatures) if observed is None else observed
    return [
        Point(START + timedelta(hours=number), temperature, values.get("precipitation", 0.0), number < known)
        for number, temperature in enumerate(temperatures)
    ]


def numbers(path):
    return [tuple(map(float, pair)) for pair in re.findall(r"[ML]([\d.-]+) ([\d.-]+)", path)]


@pytest.mark.parametrize(
    "temperatures", [(5.0,) * 30, tuple(range(-30, 45)), (-40.0, 50.0), (0.0, 0.1), (-89.2, 56.7), (-0.4,) * 3]
)
def test_chart_stays_inside_its_frame(temperatures):
    chart = draw(points(*temperatures, precipitation=120.0), START, "UTC")
    for x, y in numbers(chart.observed):
        assert 0 <= x <= WIDE.width and 0 <= y <= HEIGHT
    assert all(0 <= float(bar.y) <= HEIGHT for bar in chart.bars)
    assert 2 <= len(chart.degrees) <= 7


def test_warmer_hour_is_drawn_higher():
    (_x, cold), (_x2, warm) = numbers(draw(points(1.0, 2.0), START, "UTC").observed)
    assert warm < cold


def test_chart_with_too_few_points_is_not_drawn():
    assert draw([], START, "UTC") is None
    assert draw(points(1.0), START, "UTC") is None


def test_an_hour_that_is_missing_is_a_gap():
    drawn = points(*[1.0] * 6)
    del drawn[3]
    assert draw(drawn, START, "UTC").observed.count("M") == 2


def test_the_forecast_goes_on_from_what_was_observed():
    chart = draw(points(*[1.0] * 10, observed=4), START, "UTC")
    assert numbers(chart.forecast)[0] == numbers(chart.observed)[-1]
    assert (len(numbers(chart.observed)), len(numbers(chart.forecast))) == (4, 7)


def test_days_begin_at_midnight_of_the_place():
    chart = draw(points(*[1.0] * 72), START, "Pacific/Auckland")
    # 13 hours ahead: the first midnight there is at 11 in Greenwich.
    left, right = float(chart.left), float(chart.right)
    assert float(chart.days[0].x) == pytest.approx(left + (right - left) * 11 / 71, abs=0.1)
    assert len(chart.days) == 3


def test_moment_outside_of_the_chart_is_not_marked():
    assert draw(points(1.0, 2.0), START - timedelta(days=1), "UTC").now == ""
    assert draw(points(1.0, 2.0), START, "UTC").now != ""


def test_day_names_stay_inside_the_chart():
    for hours in range(24, 72):
        for shape in (WIDE, NARROW):
            chart = draw(points(*[1.0] * hours), START, "UTC", shape)
            assert all(float(day.x) + shape.label / 2 <= shape.width for day in chart.days)
            assert chart.days or hours < 30
