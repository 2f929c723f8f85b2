"""Files of a scratch project are changed at random: a skipped job is never one that a fresh run contradicts."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ecluse.definition.model import Event, Job, Pipeline
from ecluse.definition.plan import plan
from ecluse.definition.words import command
from ecluse.run.execution import cache_of
from ecluse.run.leg_runner import LegRunner
from ecluse.run.outcome import Status

# What the job does, a line for each read. It fails if a text that it reads has "BAD", or a name that it lists.
CHECK = """
import importlib, os, subprocess, sys
from pathlib import Path

def good(text):
    if "BAD" in text:
        sys.exit("BAD")

for line in Path("app/reads").read_text().splitlines():
    how, _, path = line.partition(" ")
    try:
        if how == "open":
            good(Path(path).read_text())
        elif how == "child":
            code = f"print(open({path!r}).read())"
            good(subprocess.run([sys.executable, "-c", code], env={}, capture_output=True, text=True).stdout)
        elif how == "list":
            good(" ".join(os.listdir(path)))
        elif how == "all":
            for entry in sorted(Path(path).iterdir()):
                good(entry.read_text())
        elif how == "import":
            sys.path.insert(0, os.getcwd())
            sys.dont_write_bytecode = True
            good(importlib.import_module(path).TEXT)
    except (OSError, ImportError, AttributeError, SyntaxError):
        pass
"""

FILES = ("app/a", "app/b", "app/link", "docs/a", "docs/BAD", "helper.py", "made/a", "top", "BAD")
READS = (
    *("open app/a", "open app/link", "open docs/a", "open made/a", "open top", "open nowhere"),
    *(
        "child app/b",
        "child docs/a",
        "list .",
        "list docs",
        "list app",
        "list made",
        "all app",
        "all docs",
        "import helper",
    ),
)
INPUTS = (("app/**",), ("**",), ("app/*", "docs/*"), ("app/reads", "app/check.py", "app/[ab]", "top"))

actions = st.one_of(
    st.tuples(st.just("write"), st.sampled_from(FILES), st.sampled_from(("good", "BAD!", "x", "BAD"))),
    st.tuples(st.just("quietly"), st.sampled_from(FILES), st.sampled_from(("good", "BAD!"))),
    st.tuples(st.just("delete"), st.sampled_from(FILES), st.none()),
    st.tuples(st.just("rename"), st.sampled_from(FILES), st.sampled_from(FILES)),
    st.tuples(
        st.just("link"), st.just("app/link"), st.sampled_from(("../docs/a", "../docs", "a", "../made/a", "gone"))
    ),
    st.tuples(st.just("reads"), st.lists(st.sampled_from(READS), max_size=3).map(tuple), st.none()),
    st.tuples(st.just("nothing"), st.none(), st.none()),
)


class Project:
    """A scratch project, and the one job of its pipeline."""

    def __init__(self, top: Path, inputs: tuple[str, ...]) -> None:
        self.top = top
        for folder in ("app", "docs", "made"):
            (top / folder).mkdir()
        subprocess.run(("git", "init", "--quiet", top), check=True)
        (top / ".gitignore").write_text("/.ecluse/\n/made/\n")
        (top / "pipeline.py").touch()
        (top / "app" / "check.py").write_text(CHECK)
        (top / "app" / "reads").write_text("")
        for path in ("app/a", "docs/a", "top"):
            (top / path).write_text("good")
        job = Job(name="check", steps=(command(sys.executable, "app/check.py"),), inputs=inputs)
        self.plan = plan(Pipeline(name="p", jobs=(job,)), Event(kind="push", branch="main"))
        self.environ = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}

    def act(self, kind: str, first: object, second: object) -> None:
        path = self.top / first if isinstance(first, str) else self.top
        if kind in ("write", "quietly"):
            before = path.stat().st_mtime_ns if path.exists() else None
            self._away(path)
            path.write_text(f"TEXT = '{second}'\n" if path.suffix == ".py" else str(second))
            if kind == "quietly" and before is not None:
                os.utime(path, ns=(before, before))
        elif kind == "delete":
            path.unlink(missing_ok=True)
        elif kind == "rename" and os.path.lexists(path):
            path.replace(self.top / str(second))
        elif kind == "link":
            path.unlink(missing_ok=True)
            path.symlink_to(str(second))
        elif kind == "reads":
            assert isinstance(first, tuple)
            (self.top / "app" / "reads").write_text("\n".join(first))

    def _away(self, path: Path) -> None:
        if path.is_symlink():
            path.unlink()

    def run(self, number: int) -> Status:
        """How the job ends, as a run of its own."""
        folder = self.top / ".ecluse" / "runs" / str(number)
        (folder / "logs").mkdir(parents=True)
        runner = LegRunner(
            plan=self.plan,
            top=self.top,
            folder=folder,
            environ=self.environ,
            began=time.monotonic(),
            cancel=threading.Event(),
            output=lambda leg, text: None,
            cache=cache_of(self.plan, self.top, self.environ, {}),
        )
        outcome = runner.run(self.plan.legs[0])
        runner.cache.save()
        return outcome.status

    def passes(self) -> bool:
        """Whether the job passes, without ecluse."""
        argv = (sys.executable, "app/check.py")
        return subprocess.run(argv, cwd=self.top, env=self.environ, capture_output=True).returncode == 0


def contradict(examples: int) -> Callable[[], None]:
    # No shrinking: a counterexample is its list of actions, and each run takes a second.
    @settings(
        max_examples=examples,
        deadline=None,
        phases=(Phase.explicit, Phase.reuse, Phase.generate),
        suppress_health_check=list(HealthCheck),
        derandomize=examples < 20,
    )
    @given(st.sampled_from(INPUTS), st.lists(actions, min_size=3, max_size=12))
    def check(inputs: tuple[str, ...], made: list[tuple[str, object, object]]) -> None:
        with tempfile.TemporaryDirectory(prefix="ecluse-chaos-") as folder:
            project = Project(Path(folder), inputs)
            for number, action in enumerate(made):
                project.act(*action)
                status = project.run(number)
                assert status in ("passed", "cached", "failed")
                assert (status != "failed") == project.passes(), f"{status} after {action}"

    return check


def test_skipped_job_is_never_contradicted() -> None:
    contradict(12)()


@pytest.mark.exhaustive
def test_skipped_job_is_never_contradicted_by_many() -> None:
    contradict(400)()
