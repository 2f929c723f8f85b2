"""The figures and programs of a machine, as Prometheus has them."""

import pytest

from ecluse.monitoring import past_hour


def of(**figures):
    """The answer of Prometheus: values by the labels of their series."""
    return {"data": {"result": [{"metric": labels, **values} for labels, values in figures.values()]}}


@pytest.fixture
def prometheus(monkeypatch):
    answers = []
    monkeypatch.setattr(past_hour, "ask", lambda port, path: answers.pop(0))
    return answers


def test_figures_come_in_their_order_and_name_their_part(prometheus):
    values = {"values": [[1, "1.5"], [2, "2"]]}
    prometheus.append(
        of(
            a=({"__name__": "ecluse:disk", "mountpoint": "/srv"}, values),
            b=({"__name__": "ecluse:disk", "mountpoint": "/"}, values),
            c=({"__name__": "ecluse:memory"}, values),
            d=({"__name__": "ecluse:of_an_earlier_version"}, values),
        )
    )
    found = past_hour.courses()
    assert [(one.figure, one.of, one.unit) for one in found] == [
        ("memory", "", "%"),
        ("disk", "/", "%"),
        ("disk", "/srv", "%"),
    ]
    assert found[0].values == [1.5, 2.0]


def test_programs_are_the_biggest_by_memory_and_by_processor(prometheus):
    def now(**values):
        return of(**{name: ({"groupname": name}, {"value": [1, str(value)]}) for name, value in values.items()})

    prometheus += [now(postgres=9e6, python=5e6, sh=1e6), now(postgres=1, python=2, sh=80), now(postgres=4, sh=1)]
    found = past_hour.programs(1)
    assert [(one.name, one.processes, one.processor) for one in found] == [("postgres", 4, 1.0), ("sh", 1, 80.0)]
