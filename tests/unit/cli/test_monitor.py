"""The figures of a machine in the terminal."""

import pytest

from ecluse.cli import monitor
from ecluse.definition.monitoring import Monitoring, Policy
from ecluse.monitoring.past_hour import Course


def test_table_has_value_course_and_threshold():
    found = [Course("memory", "", "%", [0.0, 50.0, 100.0]), Course("disk", "/", "%", [43.21])]
    lines = [*monitor._table(found, Monitoring(policies=(Policy("memory", above=95),)))]
    assert [line.split() for line in lines] == [
        ["memory", "100.0", "%", "▁▄█", "alert", "above", "95"],
        ["disk", "/", "43.2", "%", "█", "alert", "above", "90"],
    ]


@pytest.mark.parametrize(("values", "bars"), [([0.0, 0.0], "▁▁"), ([-1.0, 0.0, 1.0], "▁▄█"), ([7.0], "█")])
def test_line_of_bars_is_from_nought_or_the_least_to_the_most(values, bars):
    assert monitor._line(values) == bars
