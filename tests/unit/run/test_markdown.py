from __future__ import annotations

from pathlib import Path

from ecluse.run.markdown import summary
from tests.support.doubles.runs import ended
from tests.support.providers.pipelines import job, pipeline

PIPELINE = pipeline(job("lint"), job("tests"), job("checks"))
LINTS = "$ tox run -e lint\nsrc/a.py:3:121: E501 line too long\n"


def test_summary_has_a_row_per_leg_and_the_command_to_repeat_it(tmp_path: Path) -> None:
    run = ended(PIPELINE, tmp_path / "run", {"lint": "failed", "checks": "cached"}, logs={"lint": LINTS})
    text = summary(run)
    assert "| lint | ❌ failed | 1.5 |  |" in text
    assert "| checks | ♻️ unchanged |" in text
    assert "`./ecluse run lint`" in text
    assert "- src/a.py:3: E501 line too long" in text


def test_job_output_is_escaped_in_the_summary(tmp_path: Path) -> None:
    run = ended(PIPELINE, tmp_path / "run", {"lint": "failed"}, reasons={"lint": "<img src=x> | [a](b) `c`"})
    assert "&lt;img src=x&gt; \\| \\[a\\](b) \\`c\\`" in summary(run)
