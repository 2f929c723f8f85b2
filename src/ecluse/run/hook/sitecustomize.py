"""Reports what this Python reads inside a repository: what it opens, lists or imports.

Every Python that a job starts finds this file on its PYTHONPATH (see :mod:`ecluse.run.reads`). It needs no package,
runs on every Python that has audit hooks (3.8), and then makes way for the ``sitecustomize`` that it hides.
"""

import os
import sys

if False:  # for mypy: typing takes milliseconds to import
    from typing import Any


def _listen() -> None:
    log = os.environ.get("ECLUSE_READS")
    top = os.environ.get("ECLUSE_READS_BELOW")
    if not log or not top or not hasattr(sys, "addaudithook"):
        return
    here = os.path.dirname(os.path.abspath(__file__))
    inside = top + os.sep
    log_folder = os.path.dirname(log) + os.sep
    # What is installed is no part of a repository, unless the environment lies inside.
    elsewhere = tuple(
        prefix.rstrip(os.sep) + os.sep
        for prefix in {sys.prefix, sys.base_prefix, "/proc", "/dev", "/sys"}
        if not inside.startswith(prefix.rstrip(os.sep) + os.sep)
    )
    seen = set()  # type: set[str]
    fsdecode, getcwd, realpath, frame = os.fsdecode, os.getcwd, os.path.realpath, sys._getframe
    open_, write, close = os.open, os.write, os.close
    flags_of_log = os.O_WRONLY | os.O_APPEND | getattr(os, "O_CLOEXEC", 0)

    def note(kind: str, path: object) -> None:
        if path is None:
            path = "."
        if not isinstance(path, str):
            if isinstance(path, int):
                return
            path = fsdecode(path)  # type: ignore[arg-type]  # bytes, or a path: else it raises
        if path[:1] != "/":
            path = getcwd() + "/" + path
        key = kind + path
        if key in seen:
            return
        seen.add(key)
        if not path.startswith(inside) and path != top:
            if path.startswith(elsewhere):
                return
            key = kind + realpath(path)
            if not key[1:].startswith(inside) and key[1:] != top:
                return
        if path.startswith(log_folder):
            return
        # Opened anew each time: a program may close what it does not know, and reuse the number.
        file = open_(log, flags_of_log)
        try:
            write(file, os.fsencode(key) + b"\0")
        finally:
            close(file)

    def pass_on(program: "Any", environ: "Any") -> None:
        # The children of tox and its like get an environment of their own. Of env itself all is what people look at.
        if environ is None or os.path.basename(fsdecode(program or "")) in ("env", "printenv"):
            return
        before = environ.get("PYTHONPATH")
        if here not in (before or "").split(os.pathsep):
            environ["PYTHONPATH"] = here + os.pathsep + before if before else here
        environ["ECLUSE_READS"] = log
        environ["ECLUSE_READS_BELOW"] = top

    heard = frozenset(
        ("open", "os.listdir", "os.scandir", "import", "sqlite3.connect")
        + ("subprocess.Popen", "os.exec", "os.posix_spawn")
    )

    def hear(event: str, arguments: "Any") -> None:
        if event not in heard:  # as nearly all of them
            return
        try:
            if event == "open":
                path, _mode, flags = arguments
                if path != log and not (isinstance(flags, int) and flags & os.O_ACCMODE == os.O_WRONLY):
                    note("r", path)
            elif event in ("os.listdir", "os.scandir"):
                # The import system lists folders to find modules: what it then loads is heard.
                if frame(1).f_code.co_filename != "<frozen importlib._bootstrap_external>":
                    note("l", arguments[0])
            elif event == "import":
                if arguments[1]:
                    note("r", arguments[1])
            elif event == "sqlite3.connect":
                note("r", arguments[0])
            elif event == "subprocess.Popen":
                pass_on(arguments[0] or arguments[1][0], arguments[3])
                if arguments[0] and os.sep in fsdecode(arguments[0]):
                    note("r", arguments[0])
            elif event in ("os.exec", "os.posix_spawn"):
                pass_on(arguments[0], arguments[2])
        except Exception:  # whatever is odd here must not change what the program does
            pass

    sys.addaudithook(hear)


def _make_way() -> None:
    """Import the ``sitecustomize`` that this one hides, as if this one were not there."""
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or os.curdir) != here]
    sys.path_importer_cache.pop(here, None)
    sys.modules.pop("sitecustomize", None)
    __import__("sitecustomize")  # an ImportError is what Python expects where there is none


_listen()
_make_way()
