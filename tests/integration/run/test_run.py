"""``ecluse run`` as people and providers call it: real processes, real files, a repository of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

import pytest

from ecluse.machine import process
from ecluse.release.archive import PackagedRelease
from testbed.waiting import until
from tests.support.repository import Repository, job

pytestmark = pytest.mark.counted


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def test_jobs_run_at_the_same_time_and_in_the_order_of_needs(repository: Repository) -> None:
    # Each of the two waits for the other: one after the other they would never end.
    meet = "touch made/{me}; while ! [ -e made/{other} ]; do sleep 0.01; done"
    repository.pipeline(
        ", ".join(
            (
                job("gate", "ls made > made/seen", needs="('a', 'b')"),
                job("a", meet.replace("{me}", "a").replace("{other}", "b"), timeout="20"),
                job("b", meet.replace("{me}", "b").replace("{other}", "a"), timeout="20"),
            )
        )
    )
    done = repository.ecluse("run", "--jobs", "2")
    assert done.ok, done.output
    assert (repository.top / "made" / "seen").read_text() == "a\nb\nseen\n"


def test_failed_job_exits_1_and_skips_only_its_dependents(repository: Repository) -> None:
    repository.pipeline(
        f"{job('bad', 'echo wrong; exit 7')}, {job('good', 'true')}, {job('after', 'true', needs=repr(('bad',)))}"
    )
    done = repository.ecluse("run", "--keep-going")
    assert done.returncode == 1
    assert repository.statuses() == {"bad": "failed", "good": "passed", "after": "skipped"}
    assert "alone: ./ecluse run bad" in done.output
    assert "wrong" in done.output


def test_fail_fast_cancels_running_jobs(repository: Repository) -> None:
    repository.pipeline(
        f"{job('bad', 'while ! [ -e made/up ]; do sleep 0.01; done; exit 1')},"
        f"{job('long', 'touch made/up; sleep 60')}, {job('later', 'true')}"
    )
    done = repository.ecluse("run", "--fail-fast", "--jobs", "2")
    assert done.returncode == 1
    assert done.seconds < 30
    assert repository.statuses() == {"bad": "failed", "long": "cancelled", "later": "skipped"}


def test_a_job_is_tried_again_as_often_as_it_says(repository: Repository) -> None:
    flaky = "echo x >> made/tries; [ $(wc -l < made/tries) -ge 3 ]"
    repository.pipeline(f"{job('flaky', flaky, retries='2')}, {job('hopeless', 'exit 1', retries='1')}")
    assert repository.ecluse("run").returncode == 1
    legs = {leg["name"]: leg for leg in repository.record()["legs"]}
    assert (legs["flaky"]["status"], legs["flaky"]["attempts"]) == ("passed", 3)
    assert legs["flaky"]["reason"] == "passed on attempt 3"
    assert repository.record()["flaky"] == [{"leg": "flaky", "test": "", "when": "passed on attempt 3"}]
    assert (legs["hopeless"]["status"], legs["hopeless"]["attempts"]) == ("failed", 2)


def test_a_job_that_takes_too_long_is_ended(repository: Repository) -> None:
    repository.pipeline(job("slow", "sleep 60", timeout="0.5"))
    done = repository.ecluse("run")
    assert done.returncode == 1
    assert "the job's time of 0.5 s is up" in done.output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_jobs_writes_the_report_and_exits_130(repository: Repository, number: int) -> None:
    repository.pipeline(
        f"{job('long', 'echo $$ > made/pid; exec sleep 60')}, {job('next', 'true', needs=repr(('long',)))}"
    )
    running = process.spawn(repository.argv("run"), cwd=repository.top, env=repository.environ, stdout=-3, stderr=-3)
    try:
        pid = repository.top / "made" / "pid"
        until(lambda: pid.exists() and pid.read_text().strip() != "", "the job")
        running.send_signal(number)
        assert running.wait(20) == 130
    finally:
        process.stop(running)
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)
    assert repository.record()["interrupted"]
    assert repository.statuses() == {"long": "cancelled", "next": "skipped"}
    assert (repository.folder() / "report.html").exists()


class TestCache:
    @pytest.fixture(autouse=True)
    def counted(self, repository: Repository) -> None:
        (repository.top / "src").mkdir()
        (repository.top / "src" / "a.py").write_text("1\n")
        (repository.top / "src" / "b.py").write_text("1\n")  # a pattern that matches no file is refused
        self.define(repository)

    def define(self, repository: Repository, script: str = "echo x >> made/count", **fields: str) -> None:
        repository.pipeline(job("unit", script, inputs="('src/**',)", **fields))

    def count(self, repository: Repository) -> int:
        return len((repository.top / "made" / "count").read_text().splitlines())

    def test_unchanged_job_is_not_run_again(self, repository: Repository) -> None:
        repository.ecluse("run")
        done = repository.ecluse("run")
        assert self.count(repository) == 1
        assert repository.statuses() == {"unit": "cached"}
        assert "unchanged since" in done.output
        assert (repository.folder() / "logs" / "unit.log").read_text().startswith("$ sh -c")

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            (lambda top: (top / "src" / "a.py").write_text("2\n"), "changed: src/a.py"),
            (lambda top: (top / "src" / "new.py").write_text(""), "new: src/new.py"),
            (lambda top: (top / "src" / "a.py").unlink(), "gone: src/a.py"),
            (lambda top: (top / "src" / "a.py").chmod(0o755), "changed: src/a.py"),
        ],
    )
    def test_changed_input_reruns_the_job_and_is_named(
        self, repository: Repository, change: Callable[[Path], object], said: str
    ) -> None:
        repository.ecluse("run")
        change(repository.top)
        assert f"    {said}\n" in repository.ecluse("run", "--dry-run", "--explain").output
        assert self.count(repository) == 1, "a dry run runs nothing"
        repository.ecluse("run")
        assert self.count(repository) == 2

    def test_a_change_of_same_size_and_time_is_seen(self, repository: Repository) -> None:
        file = repository.top / "src" / "a.py"
        os.utime(file, (1_700_000_000, 1_700_000_000))
        repository.ecluse("run")
        file.write_text("2\n")
        os.utime(file, (1_700_000_000, 1_700_000_000))
        repository.ecluse("run")
        assert self.count(repository) == 2

    @pytest.mark.parametrize("outside", ["README", "made/a.py", "src/ignored.pyc"])
    def test_file_that_is_no_input_does_not_rerun_the_job(self, repository: Repository, outside: str) -> None:
        (repository.top / ".gitignore").write_text("/.ecluse/\n/made/\n*.pyc\n")
        repository.ecluse("run")
        (repository.top / outside).write_text("x")
        repository.ecluse("run")
        assert self.count(repository) == 1

    def test_changed_command_or_variable_reruns_the_job(self, repository: Repository) -> None:
        repository.ecluse("run")
        self.define(repository, "echo y >> made/count")
        assert "definition: commands" in repository.ecluse("run", "--explain").output
        self.define(repository, "echo y >> made/count", env="{'LEVEL': 'high'}")
        assert "environment variable: LEVEL" in repository.ecluse("run", "--explain").output
        assert self.count(repository) == 3

    def test_restored_inputs_use_the_earlier_success(self, repository: Repository) -> None:
        file = repository.top / "src" / "a.py"
        for text in ("1\n", "2\n", "1\n", "2\n"):
            file.write_text(text)
            assert repository.ecluse("run").ok
        assert self.count(repository) == 2

    def test_failure_is_never_cached(self, repository: Repository) -> None:
        self.define(repository, "echo x >> made/count; exit 1")
        assert repository.ecluse("run").returncode == repository.ecluse("run").returncode == 1
        assert self.count(repository) == 2

    def test_no_cache_runs_everything(self, repository: Repository) -> None:
        repository.ecluse("run")
        repository.ecluse("run", "--no-cache")
        assert self.count(repository) == 2

    def test_success_with_inputs_changed_meanwhile_is_not_cached(self, repository: Repository) -> None:
        self.define(repository, "echo x >> made/count; echo $$ > src/a.py")
        repository.ecluse("run")
        (repository.top / "src" / "a.py").write_text("1\n")
        repository.ecluse("run")
        assert self.count(repository) == 2

    def test_outputs_of_an_unchanged_leg_are_restored(self, repository: Repository) -> None:
        outputs = "(Output(path='note.txt', kind='report'),)"
        self.define(repository, "echo x >> made/count; echo kept > {output}/note.txt", outputs=outputs)
        repository.ecluse("run")
        repository.ecluse("run")
        (leg,) = repository.record()["legs"]
        assert leg["status"] == "cached"
        assert (repository.folder() / leg["outputs"][0]["path"]).read_text() == "kept\n"

    def test_a_broken_cache_costs_time_and_nothing_else(self, repository: Repository) -> None:
        repository.ecluse("run")
        for file in (repository.top / ".ecluse" / "cache").rglob("*"):
            if file.is_file():
                file.write_text("\0 broken {")
        assert repository.ecluse("run").ok
        assert self.count(repository) == 2

    def test_concurrent_runs_do_not_disturb_each_other(self, repository: Repository) -> None:
        runs = [
            process.spawn(repository.argv("run"), cwd=repository.top, env=repository.environ, stdout=-3, stderr=-3)
            for _ in range(4)
        ]
        assert [running.wait(60) for running in runs] == [0, 0, 0, 0]
        repository.ecluse("run")
        assert repository.statuses() == {"unit": "cached"}

    def test_folder_without_git_runs_every_job(self, repository: Repository) -> None:
        for _ in range(2):
            done = repository.ecluse("run", env={"GIT_DIR": "/nowhere"})
            assert done.ok, done.output
        assert self.count(repository) == 2


def test_legs_of_a_matrix_have_folders_of_their_own(repository: Repository) -> None:
    text = "<testsuite><testcase name='{name}'/></testsuite>"
    script = f'echo "{text}" > {{output}}/junit.xml'
    outputs = "(Output(path='junit.xml', kind='junit'),)"
    repository.pipeline(job("t", script, matrix="{'name': ('one', 'two')}", outputs=outputs))
    assert repository.ecluse("run").ok
    root = ElementTree.parse(repository.folder() / "junit.xml").getroot()
    assert {suite.get("name"): suite[0].get("name") for suite in root} == {"t (one)": "one", "t (two)": "two"}


def test_a_secret_is_masked_in_console_log_report_and_records(repository: Repository) -> None:
    script = "printf 'the value is %s' \"$TOKEN\" | tee {output}/x; exit 1"
    repository.pipeline(job("a", script, secrets="('TOKEN',)", when="push('main')"))
    done = repository.ecluse("run", "a", env={"TOKEN": "t0k3n-of-production"})
    assert "the value is [REDACTED]" in done.output
    for file in repository.folder().rglob("*"):
        if file.is_file() and file.name != "x":
            assert "t0k3n-of-production" not in file.read_text(), file


def test_a_job_does_not_see_the_secrets_of_another(repository: Repository) -> None:
    other = job("b", "true", secrets="('TOKEN',)", when="push('main')")
    repository.pipeline(f"{job('a', 'env > made/env')}, {other}")
    assert repository.ecluse("run", "a", env={"TOKEN": "t0k3n-of-production"}).ok
    assert "TOKEN" not in (repository.top / "made" / "env").read_text()


def test_a_secret_that_is_not_set_is_named(repository: Repository) -> None:
    repository.pipeline(job("a", "true", secrets="('TOKEN',)", when="push('main')"))
    done = repository.ecluse("run", "a")
    assert done.returncode == 1
    assert "a needs the secret TOKEN" in done.output


def test_a_missing_program_fails_its_job_and_no_other(repository: Repository) -> None:
    repository.pipeline(f"Job(name='a', steps=(c('no-such-program'),)), {job('b', 'true')}")
    assert repository.ecluse("run").returncode == 1
    assert repository.statuses() == {"a": "failed", "b": "passed"}


def test_github_gets_folds_annotations_and_a_summary(repository: Repository, tmp_path: Path) -> None:
    repository.pipeline(f"{job('lint', 'echo src/a.py:3:1: E999 broken; exit 1')}, {job('unit', 'true')}")
    summary = tmp_path / "made" / "summary.md"
    github = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_BASE_REF": "staging",
        "GITHUB_STEP_SUMMARY": str(summary),
    }
    done = repository.ecluse("run", env=github)
    assert "::group::lint\n::stop-commands::" in done.output
    assert "::error file=src/a.py,line=3,col=1,title=lint::E999 broken\n" in done.output
    assert "❌ failed" in summary.read_text()


def test_missing_python_is_an_error_only_in_ci(repository: Repository) -> None:
    matrix = "{'python': ('3.99', '%d.%d')}" % sys.version_info[:2]
    repository.pipeline(job("t", "true", matrix=matrix))
    assert repository.ecluse("run").ok
    (missing,) = [leg for leg in repository.record()["legs"] if leg["status"] == "skipped"]
    assert missing["reason"] == "python 3.99 is not on this machine"
    done = repository.ecluse("run", env={"TRAVIS": "true", "TRAVIS_BRANCH": "main"})
    assert done.returncode == 9
    assert "the Python that t (3.99) asks for is not on this machine" in done.output


def test_old_runs_are_deleted(repository: Repository) -> None:
    runs = repository.top / ".ecluse" / "runs"
    for number in range(30):
        folder = runs / f"20200101-0000{number:02}-aaaa"
        folder.mkdir(parents=True)
        (folder / "run.json").write_text("{}")
    (runs / "20200101-000000-running").mkdir()
    repository.pipeline(job("a", "true"))
    assert repository.ecluse("run").ok
    left = sorted(folder.name for folder in runs.iterdir())
    assert len(left) == 21, "twenty, and the one that still runs"
    assert "20200101-000000-running" in left


def test_report_shows_the_last_run_or_the_one_asked_for(repository: Repository) -> None:
    assert repository.ecluse("report").returncode == 13
    repository.pipeline(job("a", "true"))
    repository.ecluse("run")
    first = repository.record()["id"]
    repository.pipeline(job("a", "exit 1"))
    repository.ecluse("run")
    assert "· failed\n" in repository.ecluse("report").output
    assert "· passed\n" in repository.ecluse("report", first).output
    assert json.loads(repository.ecluse("report", first, "--json").output)["ok"] is True
    assert repository.ecluse("report", "2").returncode == 13


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "lnt"), "Did you mean lint?"),
        (("run", "lint", "--matrix", "python=3.13"), "no axis 'python' here"),
        (("run", "lint", "--matrix", "python"), "write AXIS=VALUE"),
        (("run", "--event", "tag"), "--ref v1.0"),
        (("run", "--jobs", "0"), "Invalid value for '--jobs'"),
        (("plan", "--event", "pushed"), "Invalid value for '--event'"),
        (("db", "--bogus"), "No such option"),
    ],
)
def test_wrong_command_line_exits_2_with_a_suggestion(
    repository: Repository, arguments: tuple[str, ...], said: str
) -> None:
    repository.pipeline(job("lint", "true"))
    done = repository.ecluse(*arguments)
    assert done.returncode == 2
    assert said in done.output


def test_a_broken_definition_ends_with_3_and_no_traceback(repository: Repository) -> None:
    repository.pipeline(job("lint", "true", needs="('lint',)"))
    done = repository.ecluse("plan")
    assert done.returncode == 3
    assert "error: pipeline.py:3: job 'lint', field 'needs': is a cycle: lint → lint" in done.output
    assert "Traceback" not in done.output


def test_event_without_jobs_is_reported(repository: Repository) -> None:
    repository.pipeline(job("lint", "true", when="push('main')"))
    done = repository.ecluse("run", "--event", "pull_request")
    assert done.returncode == 13
    assert "nothing to run: only on push to main" in done.output


def test_plan_as_json_equals_plan_as_text(repository: Repository) -> None:
    repository.pipeline(f"{job('a', 'true')}, {job('b', 'true', when='push()', needs=repr(('a',)))}")
    data = json.loads(repository.ecluse("plan", "--json").output)
    assert [(leg["name"], leg["runs"], leg["stage"]) for leg in data["legs"]] == [("a", True, 1), ("b", False, None)]
    text = repository.ecluse("plan").output
    assert "→ a  every event" in text
    assert "– b  only on push" in text


LOCAL = "Environment(name='local', target='server', settings='s', url='http://127.0.0.1:1', faces_world=False)"
SHIPPED = {"environments": f"({LOCAL},)"}


def test_ship_runs_its_jobs_and_prints_the_address(repository: Repository) -> None:
    current = "%d.%d" % sys.version_info[:2]
    legs = f"{{'python': ('{current}', '3.99')}}"
    release = job("release", "true", when="ship()", needs="('tests',)", environment="'local'")
    shared = job("shared", "exit 1", when="push()")
    repository.pipeline(f"{job('tests', 'true', when='ship()', matrix=legs)}, {release}, {shared}", **SHIPPED)
    done = repository.ecluse("ship")
    assert done.ok, done.output
    assert done.output.endswith(
        "\nlocal serves at http://127.0.0.1:1\n"
        "  follow the logs:  ./ecluse logs local -f\n"
        "  stop the site:    ./ecluse stop local\n"
    )
    assert repository.statuses() == {
        f"tests ({current})": "passed",
        "tests (3.99)": "skipped",
        "release": "passed",
        "shared": "skipped",
    }


def test_ship_names_the_chosen_port_and_what_is_left_out(repository: Repository) -> None:
    place = ".ecluse/environments/local"
    chosen = '{"host": "127.0.0.1", "port": 2}'
    step = f"mkdir -p {place}; echo '{chosen}' > {place}/address.json"
    repository.pipeline(job("release", step, when="ship()", environment="'local'"), **SHIPPED)
    releases = repository.top / ".ecluse" / "releases"
    releases.mkdir(parents=True)
    (releases / "latest").write_text("4f1c22aa90b3")
    made = PackagedRelease("4f1c22aa90b3", "", "cpython-3.13", "w", None, False, 1.0, releases, without=("a: no node",))
    (releases / "4f1c22aa90b3.json").write_text(json.dumps(made.manifest()))
    assert (
        "\nlocal serves at http://127.0.0.1:2\n"
        "  http://127.0.0.1:1 was taken by another program when local first listened\n"
        "  without a: no node\n"
    ) in repository.ecluse("ship").output


def test_ship_that_fails_names_no_address(repository: Repository) -> None:
    repository.pipeline(job("release", "exit 1", when="ship()", environment="'local'"), **SHIPPED)
    done = repository.ecluse("ship")
    assert done.returncode == 1
    assert "serves at" not in done.output


def test_ship_without_a_rollout_job_runs_nothing(repository: Repository) -> None:
    repository.pipeline(job("lint", "touch made/ran", when="ship()"))
    done = repository.ecluse("ship")
    assert done.returncode == 13
    assert "ship deploys nothing" in done.output
    assert not (repository.top / "made" / "ran").exists()


def test_terminal_shows_a_table_and_the_failure_at_the_end(repository: Repository) -> None:
    repository.pipeline(f"{job('good', 'true')}, {job('bad', 'echo wrong; exit 1')}")
    ours, theirs = os.openpty()
    environ = {**repository.environ, "TERM": "xterm", "COLUMNS": "100", "LINES": "40"}
    running = process.spawn(repository.argv("run"), cwd=repository.top, env=environ, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    try:
        with contextlib.suppress(OSError):  # EIO: nobody has the other end any more
            while piece := os.read(ours, 65536):
                shown += piece
        assert running.wait(20) == 1
    finally:
        process.stop(running)
        os.close(ours)
    assert b"\x1b[" in shown, "it is drawn over what was there"
    text = shown.decode()
    assert "good" in text and "alone: ./ecluse run bad" in text and "wrong" in text


def test_closed_output_pipe_is_no_error(repository: Repository) -> None:
    repository.pipeline(job("lint", "true"))
    ours, theirs = os.pipe()
    os.close(ours)
    errors = repository.top / "made" / "errors"
    with open(errors, "wb") as file:
        running = process.spawn(
            repository.argv("plan"), cwd=repository.top, env=repository.environ, stdout=theirs, stderr=file
        )
    os.close(theirs)
    assert running.wait(20) == 1, "as click has it for every command"
    assert errors.read_text() == ""


def test_a_run_is_named_by_the_beginning_that_only_it_has(repository: Repository) -> None:
    repository.pipeline(job("a", "true"))
    for _ in range(2):
        repository.ecluse("run")
    day = repository.record()["id"][:8]
    done = repository.ecluse("report", day)
    assert done.returncode == 13
    assert f"2 runs begin with '{day}'" in done.output
