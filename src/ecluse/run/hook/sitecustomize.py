"""Reports what this Python reads inside a repository: what it opens, lists or imports, which files it asks for, and
which variables the repository's own code reads.

Every Python that a job starts finds this file on its PYTHONPATH (see :mod:`ecluse.run.reads`). It needs no package,
runs on every Python that has audit hooks (3.8), and then makes way for the ``sitecustomize`` that it hides.
"""

import os
import sys
from _thread import get_ident

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
    open_, write, close, readlink = os.open, os.write, os.close, os.readlink
    flags_of_log = os.O_WRONLY | os.O_APPEND | getattr(os, "O_CLOEXEC", 0)

    def write_down(key: str) -> None:
        # Opened anew each time: a program may close what it does not know, and reuse the number.
        file = open_(log, flags_of_log)
        try:
            write(file, os.fsencode(key) + b"\0")
        finally:
            close(file)

    def note(kind: str, path: object, folder: "int | None" = None) -> None:
        if path is None:
            path = "."
        if not isinstance(path, str):
            if isinstance(path, int):
                if kind != "l":
                    return
                path = readlink("/proc/self/fd/%d" % path)
            else:
                path = fsdecode(path)  # type: ignore[arg-type]  # bytes, or a path: else it raises
        if path[:1] != "/":
            path = (getcwd() if folder is None else readlink("/proc/self/fd/%d" % folder)) + "/" + path
        key = kind + path
        if key in seen:
            return
        seen.add(key)
        if not path.startswith(inside) and path != top:
            if path.startswith(elsewhere):
                return
            # Of a link that is asked for, its own place counts.
            real = (
                realpath(path) if kind != "k" else os.path.join(realpath(os.path.dirname(path)), os.path.basename(path))
            )
            key = kind + real
            if not key[1:].startswith(inside) and key[1:] != top:
                return
        if path.startswith(log_folder):
            return
        write_down(key)

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

    # Questions that raise no audit event: the functions that answer them are wrapped.
    # Modules that ask for others: Python's own for paths, and ecluse.testing.hearing, which wraps the same functions.
    between = frozenset(("genericpath", "posixpath", "pathlib", "ecluse.testing.hearing"))
    resolving = frozenset(("realpath", "_joinrealpath"))
    detailed = frozenset(("stat", "lstat", "getsize", "getmtime", "getctime", "getatime", "samefile"))
    not_own = tuple("/" + name + "/" for name in (".ecluse", ".tox", ".nox", "site-packages", "node_modules"))
    known = {"<string>": True, "<stdin>": True}

    def is_own(name: str) -> bool:
        found = known.get(name)
        if found is None:
            file = name if name[:1] == "/" else getcwd() + "/" + name
            found = name[:1] != "<" and file.startswith(inside) and not file.startswith(elsewhere)
            found = found and not any(folder in file for folder in not_own)
            known[name] = found
        return found

    def ask(kind: str, path: object, folder: "int | None") -> None:
        caller = frame(2)  # of os.stat: this and the wrapper are ours
        if caller.f_code.co_name in resolving or isinstance(path, int):
            return
        asked = "stat"
        module = str(caller.f_globals.get("__name__"))
        while (module in between or module.partition(".")[0] in between) and caller.f_back is not None:
            if not module.startswith("ecluse."):
                asked = caller.f_code.co_name
            caller = caller.f_back
            module = str(caller.f_globals.get("__name__"))
        # Size and times are part of the file; who only asks whether it is there learns less.
        note("r" if kind == "t" and asked in detailed and is_own(caller.f_code.co_filename) else kind, path, folder)

    class Asked:
        """A function of :mod:`os` that tells something of the path that it is given.

        An object, not a function: as an attribute of a class, ``os.stat`` is no method.
        """

        __module__ = "os"

        def __init__(self, name: str, kind: str) -> None:
            self.__name__ = self.__qualname__ = name
            self.__doc__ = getattr(os, name).__doc__
            self.kind = kind
            self.original = getattr(os, name)

        def __call__(self, *arguments: "Any", **options: "Any") -> "Any":
            try:
                path = arguments[0] if arguments else options["path"]
                folder = options.get("dir_fd")
                if self.kind != "r":
                    ask(self.kind, path, folder)
                elif folder is not None:  # of os.open without it, an audit event tells
                    flags = arguments[1] if len(arguments) > 1 else options["flags"]
                    if flags & os.O_ACCMODE != os.O_WRONLY:
                        note("r", path, folder)
            except Exception:  # as in hear
                pass
            return self.original(*arguments, **options)

        def __reduce__(self) -> str:
            return self.__name__

    for name, kind in (("stat", "t"), ("lstat", "t"), ("access", "t"), ("readlink", "k"), ("open", "r")):
        asked = Asked(name, kind)
        for supported in (os.supports_fd, os.supports_dir_fd, os.supports_follow_symlinks, os.supports_effective_ids):
            if asked.original in supported:
                supported.add(asked)
        setattr(os, name, asked)

    environ = type(os.environ)
    item, contains, names = environ.__getitem__, environ.__contains__, environ.__iter__
    copied = {}  # type: dict[int, object]

    def read(name: object) -> None:
        """Note a variable that the repository's own code reads, itself or through a library."""
        if copied.pop(get_ident(), None) == name:  # dict(os.environ) reads each: for its children, mostly
            return
        text = name if isinstance(name, str) else fsdecode(name)  # type: ignore[arg-type]
        key = "v" + text
        if key in seen or text.startswith("ECLUSE_READS"):
            return
        caller = frame(2)  # type: Any
        while caller is not None:
            if is_own(caller.f_code.co_filename):
                seen.add(key)
                write_down(key)
                return
            caller = caller.f_back

    def __getitem__(self: "Any", name: "Any") -> "Any":
        try:
            read(name)
        except Exception:
            pass
        return item(self, name)

    def __contains__(self: "Any", name: object) -> bool:
        try:
            read(name)
        except Exception:
            pass
        return contains(self, name)

    def __iter__(self: "Any") -> "Any":
        me = get_ident()
        for name in names(self):
            copied[me] = name
            yield name
        copied.pop(me, None)

    environ.__getitem__ = __getitem__  # type: ignore[method-assign]
    environ.__contains__ = __contains__  # type: ignore[method-assign]
    environ.__iter__ = __iter__  # type: ignore[method-assign]


def _make_way() -> None:
    """Import the ``sitecustomize`` that this one hides, as if this one were not there."""
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or os.curdir) != here]
    sys.path_importer_cache.pop(here, None)
    sys.modules.pop("sitecustomize", None)
    __import__("sitecustomize")  # an ImportError is what Python expects where there is none


_listen()
_make_way()
