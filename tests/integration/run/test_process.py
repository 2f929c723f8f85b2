from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from ecluse import secrets
from ecluse.deploy.targets.server import proof
from ecluse.errors import CommandError, Interrupted, ToolError
from ecluse.machine import identity, process
from ecluse.secrets import REDACTED, Secret
from testbed.waiting import until

pytestmark = pytest.mark.counted

# A program that starts another, which ignores SIGTERM, tells its id, and waits.
FAMILY = """
import os, signal, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
                          "print('ready', flush=True); time.sleep(60)"], stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture(autouse=True)
def no_secrets_from_other_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "_known", set())


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def test_a_timeout_ends_the_program_and_what_it_started() -> None:
    done = process.run(python(FAMILY), timeout=1.5, check=False, grace=0.2)
    assert done.timed_out
    assert not done.ok
    until(lambda: not identity.runs(int(done.output)), "the end of what it started")


def test_a_timeout_is_an_error_that_shows_what_was_printed() -> None:
    with pytest.raises(CommandError, match=r"took longer than 5 s\nhalf"):
        process.run(python("print('half', flush=True); import time; time.sleep(60)"), timeout=5)


def test_cancelling_ends_the_program_and_what_it_started() -> None:
    cancel, pids = threading.Event(), []

    def seen(text: str) -> None:
        pids.append(int(text))
        cancel.set()

    with pytest.raises(Interrupted):
        process.run(python(FAMILY), on_output=seen, cancel=cancel, grace=0.2)
    until(lambda: not identity.runs(pids[0]), "the end of what it started")


def test_an_interruption_of_the_caller_ends_the_program_too() -> None:
    seen: list[str] = []

    def interrupt(text: str) -> None:
        seen.append(text)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        process.run(python(FAMILY), on_output=interrupt, grace=0.2)
    until(lambda: not identity.runs(int(seen[0])), "the end of what it started")


def test_program_that_ends_leaves_no_children_behind() -> None:
    code = "import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']).pid)"
    done = process.run(python(code))
    assert done.ok
    assert done.seconds < 5, "the pipe that the other holds open was not waited for"
    until(lambda: not identity.runs(int(done.output)), "the end of what it started")


# A program that starts another one in a session of its own, tells its id, and goes.
DAEMON = (
    "import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'],"
    " start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).pid, flush=True)"
)


def test_a_daemon_ends_with_a_program_that_runs_alone() -> None:
    done = process.run(python(DAEMON), alone=True)
    pid, line = done.output.splitlines()
    assert line.startswith("ended, since the step left it behind: ") and "time.sleep(60)" in line
    assert done.ok and done.seconds < 20 and not identity.runs(int(pid))


def test_a_daemon_ends_with_a_timeout_of_its_program() -> None:
    ignoring = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); import time; time.sleep(60)"
    done = process.run(python(f"{DAEMON}; {ignoring}"), alone=True, timeout=3, check=False, grace=0.2)
    assert done.timed_out
    until(lambda: not identity.runs(int(done.output.splitlines()[0])), "the end of the daemon")


@pytest.mark.parametrize("end", ["sys.exit(3)", "os.kill(os.getpid(), signal.SIGKILL)"])
def test_a_program_that_runs_alone_ends_as_it_would(end: str) -> None:
    code = f"import os, signal, sys; {end}"
    assert (
        process.run(python(code), alone=True, check=False).returncode
        == process.run(python(code), check=False).returncode
    )


def test_a_missing_program_is_named_also_alone(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="no-such-program does not exist"):
        process.run(("no-such-program",), alone=True)
    (tmp_path / "script").write_text("")
    with pytest.raises(ToolError, match="it may not be executed"):
        process.run((str(tmp_path / "script"),), alone=True)


@pytest.mark.parametrize("alone", [False, True])
@pytest.mark.parametrize(
    ("argument", "said"), [("a\0b", "has a NUL in it"), ("a\ud800", "cannot be encoded"), ("x" * 3_000_000, "too long")]
)
def test_an_argument_that_no_program_takes_is_reported(argument: str, said: str, alone: bool) -> None:
    with pytest.raises(ToolError, match=f"^cannot start echo .*{said}"):
        process.run(("echo", argument), alone=alone)


def test_a_program_may_end_in_its_own_way_before_it_is_killed() -> None:
    # os.write, not print: the signal may come while the print of "up" is still in sys.stdout, which is not reentrant.
    code = (
        "import os, signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: (os.write(1, b'tidied\\n'), sys.exit(3)))\n"
        "os.write(1, b'up\\n'); time.sleep(60)"
    )
    started = process.spawn(python(code), stdout=-1)
    assert started.stdout is not None
    with started.stdout:
        started.stdout.readline()
        assert process.stop(started) == 3
        assert started.stdout.read() == b"tidied\n"


def test_a_character_that_is_split_over_two_reads_arrives_whole() -> None:
    code = (
        "import sys, time\n"
        "for byte in '€ é 🚢'.encode():\n"
        "    sys.stdout.buffer.write(bytes([byte])); sys.stdout.flush(); time.sleep(0.005)"
    )
    assert process.run(python(code)).output == "€ é 🚢"


def test_output_that_is_not_utf8_is_replaced_not_fatal() -> None:
    assert process.run(python("import sys; sys.stdout.buffer.write(b'a\\xff\\xc3')")).output == "a��"


def test_a_secret_that_is_split_over_two_reads_is_masked() -> None:
    Secret("s3cr3t-välue")
    code = (
        "import sys, time\n"
        "for byte in 'x s3cr3t-välue y'.encode():\n"
        "    sys.stdout.buffer.write(bytes([byte])); sys.stdout.flush(); time.sleep(0.005)"
    )
    pieces: list[str] = []
    done = process.run(python(code), on_output=pieces.append)
    assert done.output == "".join(pieces) == f"x {REDACTED} y"


def test_a_secret_is_masked_in_an_error_too() -> None:
    Secret("s3cr3t-value")
    with pytest.raises(CommandError) as caught:
        process.run(python("import sys; print('s3cr3t-value', file=sys.stderr); sys.exit(1)"))
    assert "s3cr3t-value" not in str(caught.value)
    assert REDACTED in str(caught.value)


def test_output_for_ecluse_is_bytes_and_not_masked() -> None:
    Secret("website")
    code = "import sys; sys.stdout.buffer.write(b'src/website/\\xff\\0'); sys.stderr.write('website')"
    seen: list[str] = []
    done = process.read(python(code), on_output=seen.append)
    assert (done.output, done.errors) == (b"src/website/\xff\0", b"website")
    assert os.fsencode(done.text) == done.output
    assert "website" not in "".join(seen) and REDACTED in "".join(seen), "people see the same, masked"


def test_the_error_of_a_failed_question_is_masked() -> None:
    Secret("s3cr3t-value")
    with pytest.raises(CommandError) as caught:
        process.read(python("import sys; print('s3cr3t-value', file=sys.stderr); sys.exit('why')"))
    assert "s3cr3t-value" not in str(caught.value) and str(caught.value).endswith("why")


def test_a_background_program_that_prints_is_not_waited_for() -> None:
    code = (
        "import subprocess, sys; print('o' * 60_000); sys.stdout.flush();"
        "subprocess.Popen([sys.executable, '-c', 'while True: print(chr(46), flush=True)'])"
    )
    done = process.run(python(code))
    assert done.ok and done.seconds < 10
    assert done.output.startswith("o" * 60_000), "all that the program itself printed is kept"


@pytest.mark.parametrize("size", [0, 10, 1_000_000])
def test_input_of_any_size_arrives_and_ends(size: int) -> None:
    done = process.run(python("import sys; print(len(sys.stdin.read()))"), input="é" * size)
    assert done.output == f"{size}\n"


def test_input_that_is_not_read_is_no_error() -> None:
    assert process.run(python("pass"), input="x" * 1_000_000).ok


def test_large_output_on_both_streams_does_not_block() -> None:
    code = "import sys; sys.stderr.write('e' * 300_000); sys.stdout.write('o' * 300_000); sys.stderr.write('e')"
    done = process.read(python(code))
    assert (done.output, done.errors) == (b"o" * 300_000, b"e" * 300_001)


@pytest.mark.parametrize("name", ["no-such-program-here", "./no/such/program"])
def test_a_missing_program_is_named(name: str) -> None:
    with pytest.raises(ToolError, match=f"{name} does not exist"):
        process.run((name,))


def test_a_file_that_may_not_be_executed_is_named(tmp_path: Path) -> None:
    (tmp_path / "script").write_text("#!/bin/sh\n")
    with pytest.raises(ToolError, match="may not be executed"):
        process.run((tmp_path / "script",))


def test_end_by_signal_differs_from_a_failure() -> None:
    done = process.run(python("import os, signal; os.kill(os.getpid(), signal.SIGKILL)"), check=False)
    assert done.returncode == -signal.SIGKILL


def test_program_has_its_own_session() -> None:
    assert process.run(python("import os; print(os.getsid(0) == os.getpid())")).output == "True\n"


def test_ended_process_is_not_running_even_if_not_waited_for() -> None:
    running = process.spawn(python("import sys; sys.stdin.read()"), stdin=subprocess.PIPE)
    try:
        assert identity.runs(running.pid) and identity.runs(os.getpid())
        assert running.stdin is not None
        running.stdin.close()
        until(lambda: not identity.runs(running.pid), "its end")
    finally:
        process.stop(running)
    assert not identity.runs(running.pid)


@pytest.mark.parametrize("moment", ["before the file is opened", "before the file is read"])
def test_process_that_ends_while_it_is_asked_runs_no_more(moment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    running = process.spawn(python("import time; time.sleep(600)"))

    def end_then_open(path: str, *rest: Any) -> Any:
        file = open(path, *rest) if moment == "before the file is read" else None
        process.stop(running)
        return file or open(path, *rest)

    monkeypatch.setattr(identity, "open", end_then_open, raising=False)
    assert not identity.runs(running.pid)


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="ps is asked only where there is no /proc")
def test_ended_process_belongs_to_nothing_without_ps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    running = process.spawn(python("import time; time.sleep(600)"), cwd=tmp_path)
    try:
        assert proof.belongs(running.pid, tmp_path) and not proof.belongs(running.pid, tmp_path, "postgres")
    finally:
        process.stop(running)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(identity, "runs", lambda pid: True)  # it ended right after this answer
    assert not proof.belongs(running.pid, tmp_path)


@pytest.mark.parametrize(("code", "expected"), [("sys.exit(7)", 7), ("os.kill(os.getpid(), 15)", 128 + 15)])
def test_a_program_on_our_terminal_ends_as_a_shell_would_say(code: str, expected: int) -> None:
    assert process.attached(python(f"import os, sys; {code}")) == expected


# As a terminal does, which interrupts all that it has in the foreground; once they have seen to it.
INTERRUPTING = """
import os, signal, time
def ignores(pid):
    with open(f"/proc/{pid}/status") as file:
        masks = dict(line.split(":") for line in file)
    return int(masks["SigIgn"], 16) >> (signal.SIGINT - 1) & 1
while not ignores(os.getppid()):
    time.sleep(0.01)
os.kill(os.getppid(), signal.SIGINT)
"""


def test_ctrl_c_is_left_to_an_attached_program() -> None:
    before = signal.getsignal(signal.SIGINT)
    assert process.attached(python(INTERRUPTING)) == 0
    assert signal.getsignal(signal.SIGINT) == before


@pytest.mark.parametrize("start", [process.run, process.read, process.attached, process.spawn])
@pytest.mark.parametrize(
    ("mode", "said"), [(None, "does not exist"), (0o644, "it may not be executed")], ids=["missing", "no program"]
)
def test_unstartable_program_is_named(start: Any, mode: int | None, said: str, tmp_path: Path) -> None:
    program = tmp_path / "program"
    if mode is not None:
        program.touch(mode)
    with pytest.raises(ToolError, match=f"cannot start {program}: .*{said}"):
        start((program,))
