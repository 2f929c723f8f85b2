"""The charts of a machine: what is asked, and where the page goes."""

import json

import pytest
from click.testing import CliRunner

from ecluse.cli import environments, monitor
from ecluse.definition.model import Environment, Pipeline
from ecluse.definition.monitoring import Monitoring
from ecluse.monitoring.charts import Chart, Curve
from ecluse.monitoring.overview import Overview
from ecluse.monitoring.past_hour import Course

FOUND = Overview(
    "production",
    0.0,
    3600.0,
    [Chart("Memory", "%", [Curve("used", [10.0, None, 30.0])], 100, "memory")],
    [Course("memory", "", "%", [30.0])],
    [],
)


@pytest.fixture
def asked(monkeypatch, tmp_path):
    """The hours that were asked for; the pipeline has a watched environment and one that is not."""
    hours = []
    watched, other = (
        Environment(name=name, target="server", settings="s", url="http://x", monitoring=monitoring)
        for name, monitoring in (("production", Monitoring()), ("local", None))
    )
    monkeypatch.setattr(monitor, "top_folder", lambda: tmp_path)
    pipeline = Pipeline(name="shop", jobs=(), environments=(watched, other))
    for module in (monitor, environments):
        monkeypatch.setattr(module, "pipeline_in", lambda folder: pipeline)
    monkeypatch.setattr(monitor, "_here", lambda name, wanted: hours.append(wanted) or FOUND)
    return hours


def test_page_of_charts_is_made_and_named(asked, tmp_path):
    done = CliRunner().invoke(monitor.monitor, ["production", "--hours", "24"])
    page = tmp_path / ".ecluse" / "monitor" / "production.html"
    assert done.exit_code == 0 and asked == [24] and str(page) in done.output, done.output
    assert "Memory" in page.read_text() and "Memory used" in done.output


def test_json_of_charts_can_be_read_again(asked, tmp_path):
    done = CliRunner().invoke(monitor.monitor, ["production", "--json"])
    assert Overview.from_json(json.loads(done.output)) == FOUND and asked == [3]
    assert not (tmp_path / ".ecluse").exists()


def test_environment_that_is_not_watched_has_no_charts(asked):
    done = CliRunner().invoke(monitor.monitor, ["local"])
    assert done.exit_code == 2 and "local has no monitoring in pipeline.py" in done.output
