"""Hears what a process asks of the files around it and of its environment, and which modules of the project ask.

Python announces each file that is opened and each folder that is listed (audit events); it does not announce whether a
file is there, nor a variable, so the functions that tell are wrapped meanwhile.
"""

from __future__ import annotations

import contextlib
import functools
import os
import site
import sys
import sysconfig
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import ecluse
from ecluse.testing.states import dependency, signature

__all__ = ["Hearing", "changed_since", "is_own", "modules_of"]

# What another program or machine says is not known here.
_UNFOLLOWED = {
    "subprocess.Popen": "it starts a program",
    "os.posix_spawn": "it starts a program",
    "os.system": "it starts a program",
    "os.exec": "it starts a program",
    "socket.connect": "it asks the network",
}
_EVENTS = frozenset({"open", "os.listdir", "os.scandir", *_UNFOLLOWED})

_IMPORT_SYSTEM = ("<frozen importlib._bootstrap>", "<frozen importlib._bootstrap_external>", "<frozen zipimport>")
_DETAILED = frozenset({"getsize", "getmtime", "getctime", "getatime", "samefile"})
_FROZEN = "<frozen "  # Python's own modules that it has compiled into itself: they have no file
_PATHS = frozenset({"genericpath", "posixpath", "pathlib"})
# It calls the hooks of pytest: below it on the stack is pytest alone. To look at a frame raises an audit event too.
_PYTEST = os.sep + "pluggy" + os.sep

# Of the machine, or of this run alone; their content says nothing about a project.
_NEVER = ("/dev/", "/proc/", "/sys/")
_VARIABLES = ("DATABASE_URL", "ECLUSE_", "PYTEST_", "COVERAGE_", "PG", "COLUMNS", "LINES")


def is_own(path: str) -> bool:
    """Whether *path* is the project's own: neither Python's nor an installed package's, whose versions are known."""
    return os.path.isabs(path) and not path.startswith(_INSTALLED)


def _installed() -> tuple[str, ...]:
    folders = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    folders |= {*site.getsitepackages(), site.getusersitepackages()}
    # A system's Python keeps its packages in a folder that sysconfig does not name.
    folders |= {path for path in sys.path if os.path.basename(path) in ("site-packages", "dist-packages")}
    folders.add(os.path.dirname(ecluse.__file__))
    return tuple(sorted(os.path.abspath(folder) + os.sep for folder in folders if folder))


_INSTALLED = _installed()


@dataclass
class Question:
    """The modules (by file) that asked; *before* is the signature of the answer when it was first asked."""

    before: str
    askers: set[str] = field(default_factory=set)


class Hearing:
    """The questions asked since :meth:`begin`. *ignored* are folders of this run's own.

    Until :attr:`all` is set, a question counts only where a module of the project is on the stack that asks it.
    """

    def __init__(self, ignored: Iterable[str] = ()) -> None:
        self.began = 0.0
        self.early: frozenset[str] = frozenset()
        self.asked: dict[str, Question] = {}
        self.unfollowed: dict[str, set[str]] = {}
        self.all = False
        self._ignored = (*_NEVER, *(folder.rstrip(os.sep) + os.sep for folder in ignored))
        self._written: set[str] = set()
        self._own: dict[str, bool] = {}
        self._here = threading.local()

    def begin(self) -> None:
        """Listen from now on."""
        global _listener
        self.began = time.time()
        self.early = frozenset(sys.modules)
        _listener = self
        _install()

    def end(self) -> None:
        """Listen no more."""
        global _listener
        _listener = None
        _uninstall()

    def ignore(self, folder: str) -> None:
        """Take no notice of *folder*, which is this run's own."""
        self._ignored += (folder.rstrip(os.sep) + os.sep,)

    def hear(self, note: Callable[..., None], *arguments: Any) -> None:
        """Call *note*, unless this thread is in the middle of one: what that asks is asked by us."""
        if getattr(self._here, "busy", False):
            return
        self._here.busy = True
        try:
            note(*arguments)
        finally:
            self._here.busy = False

    def event(self, name: str, arguments: tuple[Any, ...]) -> None:
        """An audit event."""
        if name in _UNFOLLOWED:
            askers = self._askers()
            if askers:
                self.unfollowed.setdefault(_UNFOLLOWED[name], set()).update(askers)
            return
        path = _path(arguments[0])
        if path is None or not self._counts(path):
            return
        if name == "open" and _writes(arguments[1], arguments[2]):
            if self.all:  # what a migration writes follows from what it has asked
                self._written.add(path)
        else:
            self._ask("file" if name == "open" else "listing", path)

    def question(self, kind: str, subject: Any) -> None:
        """A question that raises no audit event."""
        if kind == "variable":
            if isinstance(subject, str) and not subject.startswith(_VARIABLES):
                self._ask(kind, subject)
            return
        path = _path(subject)
        if path is not None and self._counts(path):
            self._ask(self._how(kind), path)

    def _counts(self, path: str) -> bool:
        return not path.startswith(_INSTALLED) and not path.startswith(self._ignored) and "__pycache__" not in path

    def _ask(self, kind: str, name: str) -> None:
        if kind == "file" and (name in self._written or not os.path.isfile(name)):
            return  # of its own making; or absent, or a device: "exists" and the error of open tell
        askers = self._askers()
        if askers is None or not (askers or self.all):
            return
        text = dependency(kind, name)
        question = self.asked.get(text)
        if question is None:
            question = self.asked[text] = Question(signature(text))
        question.askers.update(askers)
        if self.all and kind != "variable":  # Django's own code asks for the width of the terminal
            question.askers.add("")

    def _askers(self) -> set[str] | None:
        """The files of the project's modules on the stack; None where the import system itself asks."""
        found: set[str] = set()
        frame: FrameType | None = sys._getframe(4)  # what calls this is ours, up to the hook or the wrapper
        while frame is not None:
            name = frame.f_code.co_filename
            own = self._own.get(name)
            if own is None:
                own = self._own[name] = name.endswith(".py") and is_own(os.path.abspath(name))
            if own:
                found.add(name)
            elif not found and name in _IMPORT_SYSTEM:
                return None
            elif _PYTEST in name:
                break
            frame = frame.f_back
        return found

    def _how(self, kind: str) -> str:
        """*kind*, or "details" where the caller asks for more than whether something is there."""
        if kind != "exists":
            return kind
        frame = sys._getframe(4)  # the caller of os.stat: this, question, hear and the wrapper are ours
        code: CodeType = frame.f_code
        if code.co_name == "stat" and _of_paths(frame) and frame.f_back is not None:
            frame = frame.f_back
            code = frame.f_code
        if _of_paths(frame):
            return "details" if code.co_name in _DETAILED else kind
        own = not code.co_filename.startswith(_FROZEN) and is_own(os.path.abspath(code.co_filename))
        return "details" if own else kind


def _of_paths(frame: FrameType) -> bool:
    """Whether it is Python's own code for paths that runs in *frame*: one module, or several in a package."""
    return str(frame.f_globals.get("__name__")).partition(".")[0] in _PATHS


_listener: Hearing | None = None
_hooked = False


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    listener = _listener
    if listener is not None and event in _EVENTS:
        listener.hear(listener.event, event, arguments)


def _path(subject: Any) -> str | None:
    """*subject* of a question as an absolute path; None where it is no path."""
    if subject is None:
        return os.getcwd()
    if isinstance(subject, int):
        with contextlib.suppress(OSError):
            path = os.readlink(f"/proc/self/fd/{subject}")
            return path if os.path.isabs(path) else None
        return None
    if isinstance(subject, bytes):
        subject = os.fsdecode(subject)
    return os.path.abspath(os.fspath(subject)) if isinstance(subject, (str, os.PathLike)) else None


def _writes(mode: Any, flags: Any) -> bool:
    if isinstance(mode, str):
        return bool(set(mode) & set("wax+"))
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR))


_QUESTIONS = {"stat": "exists", "lstat": "link", "readlink": "link", "access": "access"}
_wrapped: list[tuple[Any, str, Any, Any]] = []


def _install() -> None:
    global _hooked
    if not _hooked:
        # An audit hook cannot be taken away again, so there is one at most. It costs little while nobody listens.
        sys.addaudithook(_audit)
        _hooked = True
    if _wrapped:
        return
    for name, kind in _QUESTIONS.items():
        original = getattr(os, name)
        wrapper = _wrap(os, name, kind)
        for supported in (os.supports_fd, os.supports_dir_fd, os.supports_follow_symlinks, os.supports_effective_ids):
            if original in supported:
                supported.add(wrapper)
    _wrap(type(os.environ), "__getitem__", "variable", at=1)


def _uninstall() -> None:
    for owner, name, original, wrapper in _wrapped:
        if getattr(owner, name) is wrapper:  # else somebody has wrapped it again: it costs little while nobody listens
            setattr(owner, name, original)
    _wrapped.clear()


def _wrap(owner: Any, name: str, kind: str, at: int = 0) -> Callable[..., Any]:
    """Have the function *name* of *owner* heard: its argument number *at* is what the question is about."""
    original = getattr(owner, name)

    @functools.wraps(original)
    def asked(*arguments: Any, **options: Any) -> Any:
        listener = _listener
        if listener is not None and len(arguments) > at and options.get("dir_fd") is None:
            followed = options.get("follow_symlinks", True)
            listener.hear(listener.question, kind if followed else "link", arguments[at])
        return original(*arguments, **options)

    setattr(owner, name, asked)
    _wrapped.append((owner, name, original, asked))
    return asked


def modules_of(files: Iterable[str]) -> set[str]:
    """The names of the imported modules whose source is among *files*."""
    wanted = {os.path.abspath(file) for file in files}
    named = {os.path.abspath(getattr(module, "__file__", None) or ""): name for name, module in [*sys.modules.items()]}
    return {named[file] for file in wanted if file in named}


def changed_since(path: str, when: float) -> bool:
    """Whether the file at *path* has been written or renamed after *when*."""
    with contextlib.suppress(OSError):
        # The kernel's clock for files is a few milliseconds behind.
        return Path(path).stat().st_ctime > when - 0.02
    return True
