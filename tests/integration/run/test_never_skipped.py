"""Situations in which a job must run again: nothing that can change its outcome goes unseen."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ecluse.machine import process
from tests.support.repository import Repository, job

pytestmark = pytest.mark.counted


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path)
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "a.py").write_text("A = 1\n")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "x.md").write_text("x\n")
    return made


def python(code: str, inputs: str = "('app/**',)", **fields: str) -> str:
    """A job that runs *code*."""
    rest = "".join(f", {field}={value}" for field, value in fields.items())
    return f"Job(name='t', steps=(c({sys.executable!r}, '-c', {code!r}),), inputs={inputs}{rest})"


def status(repository: Repository, **env: str) -> str:
    """How the job ``t`` ends now."""
    done = repository.ecluse("run", env=env)
    assert "bug" not in done.output, done.output
    return repository.statuses()["t"]


def git(folder: Path, *arguments: str) -> None:
    user = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "protocol.file.allow=always")
    process.run(("git", *user, *arguments), cwd=folder)


# What a job's Python may do with a file that no input names.
READS = {
    "open": "open('docs/x.md').read()",
    "os.open": "import os; os.read(os.open('docs/x.md', os.O_RDONLY), 9)",
    "os.open in an open folder": "import os; os.open('x.md', os.O_RDONLY, dir_fd=os.open('docs', os.O_RDONLY))",
    "its size": "import os; assert os.stat('docs/x.md').st_size",
    "its time": "from pathlib import Path; assert Path('docs/x.md').stat().st_mtime",
    "pathlib": "from pathlib import Path; Path('docs/x.md').read_bytes()",
    "import": "import sys; sys.path.append('.'); import helper",
    "a child": "import subprocess, sys; subprocess.run([sys.executable, '-c', \"open('docs/x.md')\"], check=True)",
    "a child with an empty environment": (
        "import subprocess, sys; subprocess.run([sys.executable, '-c', \"open('docs/x.md')\"], check=True, env={})"
    ),
    "a child that env starts": (
        "import subprocess, sys; code = \"open('docs/x.md')\";"
        " subprocess.run(['env', 'A=1', sys.executable, '-c', code], check=True, env={})"
    ),
    "a child without the PYTHONPATH that was deleted": (
        "import os, subprocess, sys; del os.environ['PYTHONPATH'];"
        " subprocess.run([sys.executable, '-c', \"open('docs/x.md')\"], check=True)"
    ),
    "a child after PYTHONPATH was set": (
        "import os, subprocess, sys; os.environ['PYTHONPATH'] = 'app';"
        " subprocess.run([sys.executable, '-c', \"open('docs/x.md')\"], check=True)"
    ),
    "a child after all variables were deleted": (
        "import os, sys; os.environ.clear();"
        " assert os.spawnv(os.P_WAIT, sys.executable, ['python', '-c', 'open(\\'docs/x.md\\')']) == 0"
    ),
    "a child of posix_spawn with an empty environment": (
        "import os, sys; child = os.posix_spawn(sys.executable, ['python', '-c', 'open(\\'docs/x.md\\')'], {});"
        " assert os.waitpid(child, 0)[1] == 0"
    ),
    "a program that takes its place, with an empty environment": (
        "import os, sys; os.execve(sys.executable, ['python', '-c', 'open(\\'docs/x.md\\')'], {})"
    ),
    "another folder": "import os; os.chdir('docs'); open('x.md')",
    "a pool of processes": (
        "from multiprocessing import get_context; get_context('spawn').Pool(1).map(open, ['docs/x.md'][:0]);"
        " import concurrent.futures as f; f.ProcessPoolExecutor(1).submit(exec, 'open(\"docs/x.md\")').result()"
    ),
    "an SQLite database by its URI": "import sqlite3; sqlite3.connect('file:docs/%78.md?mode=ro', uri=True)",
    "a library": "import ctypes\ntry: ctypes.CDLL('docs/x.md')\nexcept OSError: pass",
    "a program in another folder": (
        "import subprocess\ntry: subprocess.run(['./x.md'], cwd='docs')\nexcept OSError: pass"
    ),
    "a program by exec": "import os\ntry: os.execv('docs/x.md', ['x'])\nexcept OSError: pass",
    "a program by posix_spawn": "import os\ntry: os.posix_spawn('docs/x.md', ['x'], {})\nexcept OSError: pass",
    "an extended attribute": "import os; os.listxattr('docs/x.md')",
    "a link where a folder was": (
        "import os, tempfile; t = tempfile.mkdtemp(); os.mkdir(t + '/d'); open(t + '/d/x.md', 'w').close();"
        " open(t + '/d/x.md'); os.remove(t + '/d/x.md'); os.rmdir(t + '/d');"
        " os.symlink(os.getcwd() + '/docs', t + '/d'); open(t + '/d/x.md')"
    ),
    "a link from outside": "import os; os.symlink(os.getcwd(), '/tmp/ecluse-%d' % os.getpid());"
    " open('/tmp/ecluse-%d/docs/x.md' % os.getpid()); os.unlink('/tmp/ecluse-%d' % os.getpid())",
}


@pytest.mark.parametrize("read", READS)
def test_unnamed_read_is_reported_and_not_remembered(repository: Repository, read: str) -> None:
    (repository.top / "helper.py").write_text("")
    lacks = "helper.py" if read == "import" else "docs/x.md"
    repository.pipeline(python(READS[read]))
    done = repository.ecluse("run")
    assert done.ok, done.output
    assert f"add to the inputs of the job 't' in pipeline.py:\n    \"{lacks}\",\n" in done.output
    (leg,) = repository.record()["legs"]
    assert leg["unnamed_inputs"] == [lacks]
    assert status(repository) == "passed", "it runs again"
    repository.pipeline(python(READS[read], inputs=f"('app/**', {lacks!r})"))
    assert (status(repository), status(repository)) == ("passed", "cached")


def test_strict_inputs_fail_on_an_unnamed_read(repository: Repository) -> None:
    repository.pipeline(python(READS["open"]))
    done = repository.ecluse("run", "--strict-inputs")
    assert done.returncode == 1
    assert "it read docs/x.md, which its inputs do not name" in done.output
    ci = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/heads/main"}
    assert repository.ecluse("run", env=ci).returncode == 1, "CI is strict"
    assert repository.ecluse("run", "--lenient-inputs", env=ci).ok


def test_own_sitecustomize_of_a_project_still_runs(repository: Repository) -> None:
    (repository.top / "app" / "sitecustomize.py").write_text("import builtins; builtins.ours = 7\n")
    code = "import sys, sitecustomize; assert ours == 7; assert not [p for p in sys.path if p.endswith('hook')]"
    repository.pipeline(python(code, env="{'PYTHONPATH': 'app'}"))
    assert (status(repository), status(repository)) == ("passed", "cached")


CHANGES: dict[str, tuple[str, Callable[[Path], object]]] = {
    "an ignored file that was read": (
        "open('made/setting').read()",
        lambda top: (top / "made" / "setting").write_text("2"),
    ),
    "a file that git knows in a tool's folder": (
        "open('node_modules/x.json').read()",
        lambda top: (top / "node_modules" / "x.json").write_text("2"),
    ),
    "a file that was looked for in vain": (
        "import os\ntry: open('local.py')\nexcept OSError: pass",
        lambda top: (top / "local.py").write_text(""),
    ),
    "a folder where a file was looked for in vain": (
        "try: open('made/local')\nexcept OSError: pass",
        lambda top: (top / "made" / "local").mkdir(),
    ),
    "an empty folder where none could be listed": (
        "import os\ntry: os.listdir('made/plugins')\nexcept OSError: pass",
        lambda top: (top / "made" / "plugins").mkdir(),
    ),
    "a file in a listed folder that became a folder": (
        "import os; [entry.is_dir() for entry in os.scandir('.')]",
        lambda top: ((top / "script.json").unlink(), (top / "script.json").mkdir(), (top / "script.json/a").touch()),
    ),
    "a file in an ignored folder that became a folder": (
        "import os; [entry.is_dir() for entry in os.scandir('made')]",
        lambda top: ((top / "made" / "setting").unlink(), (top / "made" / "setting").mkdir()),
    ),
    "an ignored module that was imported in vain": (
        "try: import local_settings\nexcept ImportError: pass",
        lambda top: (top / "app" / "local_settings.py").touch(),
    ),
    "a compiled module that was imported in vain": (
        "try: import local_settings.fast\nexcept ImportError: pass",
        lambda top: (top / "app" / "local_settings.abi3.so").touch(),
    ),
    "a package that was looked for in vain": (
        "import importlib.util; importlib.util.find_spec('local_settings')",
        lambda top: (top / "app" / "local_settings").mkdir(),
    ),
    "a new file in a listed folder": (
        "import os; os.listdir('.')",
        lambda top: (top / "new.md").write_text(""),
    ),
    "a new file in a folder that was listed by its number": (
        "import os; os.listdir(os.open('.', os.O_RDONLY))",
        lambda top: (top / "new.md").write_text(""),
    ),
    "a file that did not exist": (
        "import os; os.path.exists('local.py')",
        lambda top: (top / "local.py").write_text(""),
    ),
    "a file that existed": (
        "from pathlib import Path; Path('docs/x.md').is_file()",
        lambda top: (top / "docs" / "x.md").unlink(),
    ),
    "a file that could not be executed": (
        "import os; os.access('tool', os.X_OK)",
        lambda top: (top / "tool").write_text(""),
    ),
    "a link whose target is asked for": (
        "import os; os.readlink('current')",
        lambda top: ((top / "current").unlink(), (top / "current").symlink_to("app")),
    ),
    "a variable": ("import os; os.environ.get('FEATURE')", lambda top: None),
    "a variable that is only looked for": ("import os; 'FEATURE' in os.environ", lambda top: None),
    "a variable that a doctest reads": ("import doctest, examples; doctest.testmod(examples)", lambda top: None),
    "a link's target": ("open('app/link').read()", lambda top: (top / "docs" / "x.md").write_text("2")),
    "a link's target that is a folder": ("0", lambda top: (top / "docs" / "y.md").write_text("")),
    "the permissions of an input": ("0", lambda top: (top / "app" / "a.py").chmod(0o604)),
    "who may execute an input": ("0", lambda top: (top / "app" / "tool").chmod(0o655)),
    "a script": ("0", lambda top: (top / "script.sh").write_text("#!/bin/sh\n# changed\n")),
    "a variable for PostgreSQL": ("0", lambda top: None),
}


@pytest.mark.parametrize("change", CHANGES)
def test_change_outside_the_named_inputs_reruns_the_job(repository: Repository, change: str) -> None:
    (repository.top / "made" / "setting").write_text("1")
    (repository.top / ".git" / "info" / "exclude").write_text("local_settings*\n")
    (repository.top / "script.json").touch()
    (repository.top / "node_modules").mkdir()
    (repository.top / "node_modules" / "x.json").write_text("1")
    (repository.top / "app" / "link").symlink_to("../docs/x.md")
    (repository.top / "app" / "folder").symlink_to("../docs")
    (repository.top / "current").symlink_to("docs")
    (repository.top / "script.sh").write_text("#!/bin/sh\n")
    (repository.top / "script.sh").chmod(0o755)
    code, make = CHANGES[change]
    (repository.top / "app" / "tool").touch(0o755)
    example = ">>> import os\n>>> os.environ.get('FEATURE')"
    (repository.top / "app" / "examples.py").write_text(f'"""\n{example}\n"""\n')
    # Not in the command: a file that a command names counts as a program.
    (repository.top / "app" / "task.py").write_text(code)
    steps = f"(c({sys.executable!r}, 'app/task.py'), c('./script.sh'))"
    repository.pipeline(f"Job(name='t', steps={steps}, inputs=('app/**',))")
    assert (status(repository), status(repository)) == ("passed", "cached")
    make(repository.top)
    variable = "ECLUSE_POSTGRES_IMAGE" if "PostgreSQL" in change else "FEATURE"
    env = {variable: "other"} if "variable" in change else {}
    assert status(repository, **env) == "passed"


def test_variables_that_only_children_get_change_nothing(repository: Repository) -> None:
    repository.pipeline(python("import os, subprocess; subprocess.run(['true'], env={**os.environ, 'A': '1'})"))
    assert status(repository) == "passed"
    assert status(repository, FEATURE="other") == "cached"


@pytest.mark.parametrize(
    ("name", "step", "on_path"),
    [
        ("my-checker", "c('my-checker')", True),
        ("my-checker", "c('my-checker', PATH='made/bin:/usr/bin:/bin')", False),
        ("my-checker", "c('sh', '-c', 'PATH=made/bin:$PATH my-checker')", False),
        ("my-checker", "c('sh', '-c', '$HOME/bin/my-checker')", False),
        ("my-checker", "c('sh', '-c', '~/bin/my-checker')", False),
        ("my checker@2", "c('made/bin/my checker@2')", False),
        ("my checker@2", "c('sh', '-c', '\"made/bin/my checker@2\"; exit $?')", False),
    ],
)
def test_changed_program_reruns_the_job(repository: Repository, name: str, step: str, on_path: bool) -> None:
    programs = repository.top / "made" / "bin"
    programs.mkdir()
    checker = programs / name
    checker.write_text("#!/bin/sh\nexit 0\n")
    checker.chmod(0o755)
    env = {"HOME": str(programs.parent)}
    env |= {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"} if on_path else {}
    repository.pipeline(f"Job(name='t', steps=({step},), inputs=('app/**',))")
    assert (status(repository, **env), status(repository, **env)) == ("passed", "cached")
    checker.write_text("#!/bin/sh\nexit 1\n")
    assert status(repository, **env) == "failed"


def test_shorter_timeout_reruns_the_job(repository: Repository) -> None:
    for timeout, ended in (("60", "passed"), ("60", "cached"), ("0.1", "failed")):
        repository.pipeline(job("t", "sleep 1", inputs="('app/**',)", timeout=timeout))
        assert status(repository) == ended


def test_input_that_changed_and_changed_back_is_not_remembered(repository: Repository) -> None:
    back = "cp app/a.py made/a; echo B >> app/a.py; cp made/a app/a.py"
    repository.pipeline(job("t", back, inputs="('app/**',)"))
    assert "runs again next time: app/a.py changed while it ran" in repository.ecluse("run").output
    assert status(repository) == "passed"


def test_input_that_cannot_be_read_is_not_remembered(repository: Repository) -> None:
    (repository.top / "app" / "loop").symlink_to("/proc/self/mem")
    repository.pipeline(job("t", "true", inputs="('app/**',)"))
    assert (status(repository), status(repository)) == ("passed", "passed")


def test_rotated_secret_reruns_the_job(repository: Repository) -> None:
    repository.pipeline(job("t", "true", inputs="('app/**',)", secrets="('TOKEN',)", when="push('main')"))

    def ended(token: str) -> str:
        assert repository.ecluse("run", "t", env={"TOKEN": token}).ok
        return repository.statuses()["t"]

    assert [ended("0ld-t0ken"), ended("0ld-t0ken"), ended("n3w-t0ken")] == ["passed", "cached", "passed"]


def test_secret_whose_value_is_part_of_a_path_hides_no_input(repository: Repository) -> None:
    secret = job("s", "true", secrets="('TOKEN',)", when="push('main')")
    repository.pipeline(f"{job('t', 'true', inputs=repr(('app/**', 'docs/**')))}, {secret}")
    assert (status(repository, TOKEN="docs"), status(repository, TOKEN="docs")) == ("passed", "cached")
    (repository.top / "docs" / "x.md").write_text("changed\n")
    assert status(repository, TOKEN="docs") == "passed"


def test_input_whose_name_is_not_utf8_is_seen(repository: Repository) -> None:
    name = os.fsencode(repository.top / "app") + b"/\xff.txt"
    Path(os.fsdecode(name)).write_text("1")
    repository.pipeline(job("t", "true", inputs="('app/**',)"))
    assert (status(repository), status(repository)) == ("passed", "cached")
    Path(os.fsdecode(name)).write_text("2")
    done = repository.ecluse("run", "--explain")
    assert "changed: app/\ufffd.txt" in done.output and repository.statuses() == {"t": "passed"}


def test_submodule_is_an_input_with_commit_and_content(repository: Repository, tmp_path_factory: object) -> None:
    library = repository.top / "made" / "library"
    library.mkdir()
    git(library, "init", "--quiet")
    (library / "lib.py").write_text("fine\n")
    git(library, "add", "-A")
    git(library, "commit", "--quiet", "-m", "1")
    git(repository.top, "submodule", "--quiet", "add", str(library), "app/vendored")
    repository.pipeline(job("t", "grep fine app/vendored/lib.py", inputs="('app/**',)"))
    assert (status(repository), status(repository)) == ("passed", "cached")
    git(repository.top / "app" / "vendored", "commit", "--quiet", "--allow-empty", "-m", "2")
    assert (status(repository), status(repository)) == ("passed", "cached")
    (repository.top / "app" / "vendored" / "lib.py").write_text("wrong\n")
    assert status(repository) == "failed"
    git(repository.top, "submodule", "--quiet", "deinit", "--force", "app/vendored")
    assert status(repository) == "failed"


def test_project_ignored_by_an_outer_repository_is_not_cached(repository: Repository) -> None:
    inner = Repository.__new__(Repository)
    inner.top, inner.environ = repository.top / "made" / "project", repository.environ
    (inner.top / "app").mkdir(parents=True)
    (inner.top / "app" / "a.py").write_text("1\n")
    inner.pipeline(job("t", "grep 1 app/a.py", inputs="('app/**',)"))
    assert "the repository ignores this folder" in inner.ecluse("run").output
    (inner.top / "app" / "a.py").write_text("2\n")
    assert status(inner) == "failed"


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ("('app/**', 'scr/**')", "pipeline.py: job 't', field 'inputs': 'scr/**' matches no file"),
        ("('made/**',)", "'made/**' matches no file"),
        ("('!app/**',)", "chooses no file"),
    ],
)
def test_inputs_that_choose_nothing_are_refused(repository: Repository, inputs: str, said: str) -> None:
    repository.pipeline(job("t", "true", inputs=inputs))
    for command in ("run", "plan"):
        done = repository.ecluse(command)
        assert done.returncode == 3 and said in done.output, done.output


def test_pattern_with_a_class_of_characters_chooses(repository: Repository) -> None:
    repository.pipeline(job("t", "true", inputs="('app/[a-c].py',)"))
    assert (status(repository), status(repository)) == ("passed", "cached")
    (repository.top / "app" / "b.py").write_text("")
    assert status(repository) == "passed"


@pytest.mark.parametrize("report", ["<testsuite/>", "<testsuites><testsuite tests='0'/></testsuites>", "", None])
def test_job_that_promises_tests_and_runs_none_fails(repository: Repository, report: str | None) -> None:
    script = "true" if report is None else f'printf %s "{report}" > {{output}}/junit.xml'
    repository.pipeline(job("t", script, outputs="(Output(path='junit.xml', kind='junit'),)"))
    assert status(repository) == "failed"


def test_tool_s_own_code_is_a_fact(repository: Repository, tmp_path: Path) -> None:
    repository.pipeline(job("t", "true", inputs="('app/**',)"))
    status(repository)
    (entry,) = (tmp_path / ".ecluse" / "cache" / "jobs").rglob("entry.json")
    assert '"ecluse":"none"' not in entry.read_text()
