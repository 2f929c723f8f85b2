"""The charts of a machine, as Prometheus answers."""

from urllib.parse import parse_qs, urlsplit

import pytest

from ecluse.monitoring import charts


@pytest.fixture
def asked(monkeypatch):
    """The questions that Prometheus was asked; of Requests it knows two sites, of others nothing."""
    questions = []

    def ask(port, path):
        question = {name: value[0] for name, value in parse_qs(urlsplit(path).query).items()}
        questions.append(question)
        if question["query"].startswith("sum by (site) (rate(ecluse_site_answers_total"):
            series = [("b", [[1060, "2"]]), ("a", [[1000, "1"], [1015, "1.5"]])]
            return {"data": {"result": [{"metric": {"site": site}, "values": values} for site, values in series]}}
        return {"data": {"result": []}}

    monkeypatch.setattr(charts, "ask", ask)
    return questions


def test_lines_of_a_chart_have_gaps_where_nothing_is_known(asked):
    found = {chart.title: chart for chart in charts.charts(1000.0, 1060.0)}
    assert [(line.name, line.values) for line in found["Requests"].lines] == [
        ("a", [1.0, 1.5, None, None, None]),
        ("b", [None, None, None, None, 2.0]),
    ]
    assert [line.last for line in found["Requests"].lines] == [1.5, 2.0]
    assert found["Memory"].lines == [] and found["Memory"].most == 100


def test_charts_are_those_that_a_server_is_judged_by(asked):
    titles = [chart.title for chart in charts.charts(1000.0, 1060.0)]
    assert titles == [
        *("Processor", "Memory", "Disk", "Disk traffic", "Bandwidth"),
        *("Requests", "Errors", "Answer time of 95 %"),
    ]
    assert not [question for question in asked if "[mean]" in question["query"] or "{{" in question["query"]]


@pytest.mark.parametrize(
    ("hours", "step", "mean"), [(0.1, "15", "[120s]"), (3, "60", "[120s]"), (720, "14400", "[14400s]")]
)
def test_long_times_have_fewer_and_longer_means(asked, hours, step, mean):
    charts.charts(1000.0, 1000.0 + 3600 * hours)
    assert {question["step"] for question in asked} == {step}
    assert mean in asked[0]["query"]


def test_chart_is_read_from_what_it_was_written_as(asked):
    for chart in charts.charts(1000.0, 1060.0):
        assert charts.Chart.from_json(chart.as_json()) == chart
