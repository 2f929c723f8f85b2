from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

from ecluse.definition.model import Output
from ecluse.run.page import page
from ecluse.run.past import Flake, Slower
from tests.support.doubles.runs import ended
from tests.support.providers.pipelines import RELEASES, job, pipeline
from tests.unit.run.test_junit import PYTEST

COBERTURA = """<coverage line-rate="0.915" branch-rate="0.8" branches-valid="10"><packages><package><classes>
<class filename="src/a.py"><lines><line number="1" hits="1"/><line number="2" hits="0"/></lines></class>
<class filename="src/b.py"><lines><line number="1" hits="3"/></lines></class>
</classes></package></packages></coverage>"""

PIPELINE = pipeline(
    job("lint", description="style & <types>"),
    job("tests", outputs=(Output(path="junit.xml", kind="junit"), Output(path="cov.xml", kind="coverage"))),
    job("promote", when=None, needs=("lint",)),
)


class Elements(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_report_page_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    run = ended(PIPELINE, tmp_path / "run", {"lint": "failed"})
    for tag, attributes in Elements(page(run)).found:
        assert tag not in ("link", "img", "iframe", "object", "embed", "base")
        for name in ("src", "href", "data", "action", "style", "onclick"):
            value = attributes.get(name)
            assert value is None or re.match(r"#|logs/", value), (tag, name, value)


def test_report_policy_allows_only_its_own_script_and_style(tmp_path: Path) -> None:
    text = page(ended(PIPELINE, tmp_path / "run", {}))
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', text)
    assert re.fullmatch(r"default-src 'none'; style-src 'sha256-[\w+/=]+'; script-src 'sha256-[\w+/=]+'", policy)
    assert text.count("<script>") == text.count("<style>") == 1


def test_job_output_is_escaped_in_the_report(tmp_path: Path) -> None:
    hostile = "</pre><script>alert(1)</script>\n\x1b[31m<img onerror=x>\x1b[0m $title ${policy}\n"
    text = page(ended(PIPELINE, tmp_path / "run", {"lint": "failed"}, logs={"lint": hostile}))
    assert "<script>alert" not in text
    assert "<img" not in text
    assert '<span class="red">&lt;img onerror=x&gt;</span> $title ${policy}' in text


def test_report_page_has_each_leg_with_outcome_and_reason(tmp_path: Path) -> None:
    run = ended(
        RELEASES,
        tmp_path / "run",
        {"lint": "failed", "tests (3.12, 5.2)": "cached"},
        reasons={"lint": "tox -e lint ended with 1", "tests (3.12, 5.2)": "unchanged since 04:12"},
    )
    text = page(run)
    for leg in run.plan.legs:
        assert leg.name.replace("&", "&amp;") in text
    assert "tox -e lint ended with 1" in text
    assert "unchanged since 04:12" in text
    assert "./ecluse run lint" in text
    assert 'class="leg failed" id="lint" open' in text


def test_tests_and_coverage_are_shown_where_a_job_left_them(tmp_path: Path) -> None:
    run = ended(
        PIPELINE, tmp_path / "run", {"tests": "failed"}, outputs={"tests": {"junit.xml": PYTEST, "cov.xml": COBERTURA}}
    )
    text = page(run)
    assert "3 tests, 1 failed, 1 skipped" in text
    assert "tests.test_a::test_two" in text
    assert "91.5% of lines, 80.0% of branches" in text
    assert text.index("src/a.py") < text.index("src/b.py"), "the least covered file comes first"


def test_long_log_is_cut_in_the_report_and_linked(tmp_path: Path) -> None:
    log = "".join(f"line {number}\n" for number in range(10_000))
    text = page(ended(PIPELINE, tmp_path / "run", {}, logs={"lint": log}))
    assert "line 9999\n" in text
    assert "line 5\n" not in text
    assert 'href="logs/lint.log"' in text


def test_timeline_has_a_text_description(tmp_path: Path) -> None:
    text = page(ended(PIPELINE, tmp_path / "run", {}))
    assert 'aria-label="lint: passed, from 0.5 s for 1.5 s"' in text


def test_failed_leg_comes_before_the_timeline_and_the_rest(tmp_path: Path) -> None:
    run = ended(PIPELINE, tmp_path / "run", {"tests": "failed"}, outputs={"tests": {"junit.xml": PYTEST}})
    text = page(run)
    order = ['id="failures"', 'id="tests"', "./ecluse run tests", "assert 1 == 2", 'id="timeline"', 'id="lint"']
    assert [text.index(part) for part in order] == sorted(text.index(part) for part in order)
    assert text.count("./ecluse run tests") == 1
    assert '<pre class="diff">assert 1 == 2</pre>' in text


def test_timeline_is_collapsed_where_all_is_well(tmp_path: Path) -> None:
    assert '<details class="fold"><summary>' in page(ended(PIPELINE, tmp_path / "well", {}))
    assert '<details class="fold" open><summary>' in page(ended(PIPELINE, tmp_path / "ill", {"lint": "failed"}))


def test_flaky_and_slower_tests_are_named_in_the_report(tmp_path: Path) -> None:
    flakes = [Flake("tests", "a::<b>", "passed on attempt 2")]
    text = page(ended(PIPELINE, tmp_path / "run", {}), flakes, [Slower("tests", "a::c", 2.5, 1.0)])
    assert '<th scope="row">a::&lt;b&gt;<td>tests: passed on attempt 2' in text
    assert '<th scope="row">a::c<td>tests: 2.5 s, was 1.0 s' in text
