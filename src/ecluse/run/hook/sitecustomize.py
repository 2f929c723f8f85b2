"""Reports what this Python reads inside a repository: what it opens, lists or imports, which files it asks for, and
which variables the repository's own code reads.

Every Python that a job starts finds this file on its PYTHONPATH (see :mod:`ecluse.run.reads`). It needs no package,
runs on every Python that has audit hooks (3.8), and then makes way for the ``sitecustomize`` that it hides.
"""

import os
import sys
from _thread import get_ident
from errno import EINVAL

if False:  # for mypy: typing takes milliseconds to import
    from typing import Any


def _listen() -> None:
    log = os.environ.get("ECLUSE_READS")
    top = os.environ.get("ECLUSE_READS_BELOW")
    if not log or not top or not hasattr(sys, "addaudithook"):
        return
    here = os.path.dirname(os.path.abspath(__file__))
    inside = top + os.sep
    realpath, fsdecode, getcwd, frame = os.path.realpath, os.fsdecode, os.getcwd, sys._getframe
    open_, write, close, readlink, lstat = os.open, os.write, os.close, os.readlink, os.lstat
    log_folder = realpath(os.path.dirname(log)) + os.sep
    flags_of_log = os.O_WRONLY | os.O_APPEND | getattr(os, "O_CLOEXEC", 0)
    not_own = tuple("/" + name + "/" for name in (".ecluse", ".tox", ".nox", "site-packages", "node_modules"))
    kernels = ("/proc/", "/dev/", "/sys/")

    def is_elsewhere(prefix: str) -> bool:
        """Whether what is installed in *prefix* is no part of the repository, even if the environment lies inside."""
        if inside.startswith(prefix):
            return False
        own = os.path.isfile(prefix + "pyvenv.cfg") or any(folder in prefix for folder in not_own)
        return own or not prefix.startswith(inside)

    prefixes = {realpath(prefix).rstrip(os.sep) + os.sep for prefix in (sys.prefix, sys.base_prefix)}
    elsewhere = tuple(filter(is_elsewhere, prefixes)) + kernels + (log_folder,)

    # Of paths that exist, what they really are; and those of which nothing is to be noted. Reads are repeated often.
    real_paths = {}  # type: dict[str, str]
    irrelevant = set()  # type: set[str]
    noted = set()  # type: set[str]

    def forget() -> None:
        real_paths.clear()
        irrelevant.clear()
        noted.clear()

    def real(path: str) -> str:
        """The real path of the absolute *path*: as os.path.realpath, with all its folders remembered."""
        found = real_paths.get(path)
        if found is not None:
            return found
        folder, _, name = path.rpartition("/")
        if name in ("", ".", ".."):
            return realpath(path) if name == ".." else real(folder) if folder else "/"
        place = (real(folder) if folder else "").rstrip("/") + "/" + name
        try:
            readlink(place)
        except OSError as error:
            if error.errno == EINVAL:  # it is there, and no link
                real_paths[path] = real_paths[place] = place
            return place
        found = realpath(place)
        try:
            lstat(found)
            real_paths[path] = real_paths[place] = found
        except OSError:
            pass
        return found

    def place_of(path: str) -> str:
        """The place of the absolute *path* itself, even if it is a link."""
        folder, _, name = path.rpartition("/")
        return real(path) if name in ("", ".", "..") else (real(folder) if folder else "").rstrip("/") + "/" + name

    def counts(path: str) -> bool:
        return (path.startswith(inside) or path == top) and not path.startswith(elsewhere)

    def absolute(path: "Any", folder: "int | None" = None) -> str:
        if path is None:
            path = "."
        elif isinstance(path, int):
            path = readlink("/proc/self/fd/%d" % path)
        elif not isinstance(path, str):
            path = fsdecode(path)  # bytes, or a path: else it raises
        if path[:1] != "/":
            path = (getcwd() if folder is None else readlink("/proc/self/fd/%d" % folder)) + "/" + path
        return path  # type: ignore[no-any-return]

    def write_down(key: str) -> None:
        # Opened anew each time: a program may close what it does not know, and reuse the number.
        file = open_(log, flags_of_log)
        try:
            write(file, os.fsencode(key) + b"\0")
        finally:
            close(file)

    def write_once(key: str) -> None:
        if key not in noted:
            noted.add(key)
            write_down(key)

    def subject(kind: str, path: str) -> "str | None":
        """The path in the repository that a read of the absolute *path* is about; None if there is none."""
        if path.startswith(kernels):
            return None
        # Of a question, the path itself: of a link that is asked for, its own place.
        if kind in "tk":
            place = place_of(path)
            if counts(place):
                return place
            if kind == "k":
                return None
        place = real(path)
        if counts(place):
            return place
        if path in real_paths and (kind == "t" or not counts(place_of(path))):
            irrelevant.add(path)
        return None

    def note(kind: str, path: "Any", folder: "int | None" = None) -> None:
        if isinstance(path, int) and kind != "l":
            return
        path = absolute(path, folder)
        if path in irrelevant or kind + path in noted:
            return
        place = subject(kind, path)
        if place is not None:
            write_once(kind + place)
            if path in real_paths:
                noted.add(kind + path)

    def replaced(path: object) -> None:
        """A link may come to be where something else was: what was learned about paths there is no longer true."""
        if not isinstance(path, (str, bytes, os.PathLike)) or place_of(absolute(path)) in real_paths:
            forget()

    def shows_all(program: "Any", arguments: "Any") -> bool:
        """Whether the *program* prints its environment, and starts no other."""
        name = os.path.basename(fsdecode(program or ""))
        words = [fsdecode(word) for word in arguments[1:]] if name == "env" else []
        return name == "printenv" or name == "env" and all("=" in word or word[:1] == "-" for word in words)

    def with_hook(search_path: str) -> str:
        """The value of PYTHONPATH, with the folder of this file."""
        if here in search_path.split(os.pathsep):
            return search_path
        return here + os.pathsep + search_path if search_path else here

    def pass_on(program: "Any", arguments: "Any", environ: "Any") -> None:
        # The children of tox and its like get an environment of their own. Of env itself all is what people look at.
        if environ is None or shows_all(program, arguments):
            return
        environ["PYTHONPATH"] = with_hook(environ.get("PYTHONPATH") or "")
        environ["ECLUSE_READS"] = log
        environ["ECLUSE_READS_BELOW"] = top

    def of_database(name: "Any") -> "Any":
        """The path of an SQLite database, of which *name* may be a URI: https://sqlite.org/uri.html"""
        if not isinstance(name, (str, bytes)) or not fsdecode(name).startswith("file:"):
            return name
        path = fsdecode(name)[5:].partition("?")[0].partition("#")[0]
        if path.startswith("//"):
            path = "/" + path[2:].partition("/")[2]
        first, *coded = os.fsencode(path).split(b"%")
        return first + b"".join(bytes([int(part[:2], 16)]) + part[2:] for part in coded)

    # What may lead links elsewhere: here, or in another process.
    others = frozenset(("os.system", "os.fork", "os.forkpty"))
    changing = frozenset(("os.symlink", "os.rename", "subprocess.Popen", "os.exec", "os.posix_spawn")) | others
    heard = changing | frozenset(
        ("open", "os.listdir", "os.scandir", "os.link", "os.listxattr", "os.getxattr")
        + ("import", "ctypes.dlopen", "sqlite3.connect")
    )

    def hear(event: str, arguments: "Any") -> None:
        if event not in heard:  # as nearly all of them
            return
        try:
            if event in others:  # some have no argument
                forget()
                return
            path = arguments[0]
            if type(path) is str and path in irrelevant and event not in changing:
                return
            if event == "open":
                flags = arguments[2]
                if not (isinstance(flags, int) and flags & os.O_ACCMODE == os.O_WRONLY):
                    note("r", path)
            elif event in ("os.listdir", "os.scandir"):
                # The import system lists folders to find modules: what it then loads is heard.
                if frame(1).f_code.co_filename != "<frozen importlib._bootstrap_external>":
                    note("l", path)
            elif event == "import":
                if arguments[1]:
                    note("r", arguments[1])
            elif event in ("os.listxattr", "os.getxattr"):
                note("r", path)
            elif event == "sqlite3.connect":
                note("r", of_database(path))
            elif event == "os.link":  # a second name, by which it may be read
                note("r", path, None if arguments[2] == -1 else arguments[2])
            elif event == "ctypes.dlopen":
                if path is not None and os.sep in fsdecode(path):  # else a library of the system
                    note("r", path)
            elif event == "os.symlink":
                replaced(arguments[1] if arguments[2] == -1 else None)
            elif event == "os.rename":
                if arguments[2:] != (-1, -1) or lstat(path).st_mode & 0o170000 != 0o100000:  # no regular file
                    replaced(arguments[1] if arguments[3] == -1 else None)
            elif event == "subprocess.Popen":
                forget()
                pass_on(path or arguments[1][0], arguments[1], arguments[3])
                if path and os.sep in fsdecode(path):  # the child goes to its folder before it looks
                    note("r", os.path.join(absolute(arguments[2]), fsdecode(path)))
            elif event in ("os.exec", "os.posix_spawn"):
                forget()  # the environment has been read already: see Asked
                note("r", path)
        except Exception:  # whatever is odd here must not change what the program does
            pass

    sys.addaudithook(hear)

    # Questions that raise no audit event: the functions that answer them are wrapped.
    # Modules that ask for others: Python's own for paths, and ecluse.testing.hearing, which wraps the same functions.
    between = frozenset(("genericpath", "posixpath", "pathlib", "ecluse.testing.hearing"))
    resolving = frozenset(("realpath", "_joinrealpath"))
    detailed = frozenset(("stat", "lstat", "getsize", "getmtime", "getctime", "getatime", "samefile"))
    known = {"<string>": True, "<stdin>": True}

    def is_own(name: str) -> bool:
        found = known.get(name)
        if found is None:
            file = name if name[:1] == "/" else getcwd() + "/" + name
            found = name[:1] != "<" and file.startswith(inside) and not file.startswith(elsewhere)
            found = found and not any(folder in file for folder in not_own)
            found = found or name.startswith("<doctest ")
            known[name] = found
        return found

    def ask(kind: str, path: "Any", folder: "int | None") -> None:
        if isinstance(path, int):
            return
        path = absolute(path, folder)
        if path in irrelevant:
            return
        caller = frame(2)  # of os.stat: this and the wrapper are ours
        if caller.f_code.co_name in resolving or subject(kind, path) is None:
            return
        asked = "stat"
        module = str(caller.f_globals.get("__name__"))
        while (module in between or module.partition(".")[0] in between) and caller.f_back is not None:
            if not module.startswith("ecluse."):
                asked = caller.f_code.co_name
            caller = caller.f_back
            module = str(caller.f_globals.get("__name__"))
        # Size and times are part of the file; who only asks whether it is there learns less.
        note("r" if kind == "t" and asked in detailed and is_own(caller.f_code.co_filename) else kind, path)

    class Asked:
        """A function of :mod:`os` that tells something of the path that it is given, or starts the program there.

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
                if self.kind == "x":  # path, arguments, environment: before the audit event they are read
                    pass_on(path, arguments[1], arguments[2] if len(arguments) > 2 else options["env"])
                elif self.kind != "r":
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

    class Vain:
        """The last finder of modules, asked for what no other has found: it notes where that was looked for."""

        @staticmethod
        def find_spec(name: str, path: "Any" = None, target: object = None) -> None:
            try:
                for folder in list(sys.path if path is None else path):
                    place = real(absolute(folder)) + "/" + name.rpartition(".")[2]
                    if counts(place):
                        write_once("m" + place)
            except Exception:  # as in hear
                pass

    sys.meta_path.append(Vain)

    wrapped = [("stat", "t"), ("lstat", "t"), ("access", "t"), ("readlink", "k"), ("open", "r"), ("execve", "x")]
    wrapped += [(name, "x") for name in ("posix_spawn", "posix_spawnp") if hasattr(os, name)]
    for name, kind in wrapped:
        asked = Asked(name, kind)
        for supported in (os.supports_fd, os.supports_dir_fd, os.supports_follow_symlinks, os.supports_effective_ids):
            if asked.original in supported:
                supported.add(asked)
        setattr(os, name, asked)

    environ = type(os.environ)
    item, contains, names = environ.__getitem__, environ.__contains__, environ.__iter__
    copied = {}  # type: dict[int, object]
    read_variables = set()  # type: set[str]

    def read(name: object) -> None:
        """Note a variable that the repository's own code reads, itself or through a library."""
        if copied.pop(get_ident(), None) == name:  # dict(os.environ) reads each: for its children, mostly
            return
        text = name if isinstance(name, str) else fsdecode(name)  # type: ignore[arg-type]
        key = "v" + text
        if key in read_variables or text.startswith("ECLUSE_READS") or text == "PYTEST_CURRENT_TEST":
            return
        caller = frame(2)  # type: Any
        while caller is not None:
            if is_own(caller.f_code.co_filename):
                read_variables.add(key)
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

    set_item, delete_item = environ.__setitem__, environ.__delitem__

    def keep(name: "Any") -> None:
        """Let children be heard that inherit the environment, though the program set or took away what does that."""
        try:
            text = fsdecode(name)
            if text == "PYTHONPATH":
                os.putenv(text, with_hook(item(os.environ, text) if contains(os.environ, text) else ""))
            elif text in ("ECLUSE_READS", "ECLUSE_READS_BELOW"):
                os.putenv(text, log if text == "ECLUSE_READS" else top)
        except Exception:  # as in hear
            pass

    def __setitem__(self: "Any", name: "Any", value: "Any") -> None:
        set_item(self, name, value)
        keep(name)

    def __delitem__(self: "Any", name: "Any") -> None:
        delete_item(self, name)
        keep(name)

    environ.__setitem__ = __setitem__  # type: ignore[method-assign]
    environ.__delitem__ = __delitem__  # type: ignore[method-assign]
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
