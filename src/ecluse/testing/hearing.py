"""Hears what a process asks of the files around it and of its environment, and which modules of the project ask.

Python announces each file that is opened and each folder that is listed (audit events); it does not announce whether a
file is there, nor a variable, so the functions that tell are wrapped meanwhile.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any

from ecluse.testing.background import Background
from ecluse.testing.openings import beside, path_of, purpose, source_of, sqlite_files
from ecluse.testing.own_code import INSTALLED, is_own
from ecluse.testing.states import dependency, is_asked_for, signature

__all__ = ["Hearing"]

# An attribute of a thread: the modules of the project that were on the stack when it was started.
_STARTED_BY = "_ecluse_started_by"

# What another program or machine says is not known here.
_UNFOLLOWED = {
    "subprocess.Popen": "it starts a program",
    "os.posix_spawn": "it starts a program",
    "os.fork": "it starts a process",
    "os.forkpty": "it starts a process",
    "os.system": "it starts a program",
    "os.exec": "it starts a program",
    "socket.connect": "it asks the network",
    "socket.sendto": "it asks the network",
    "socket.sendmsg": "it asks the network",
}
_EVENTS = frozenset({"open", "os.listdir", "os.scandir", "sqlite3.connect", *_UNFOLLOWED})

_IMPORT_SYSTEM = ("<frozen importlib._bootstrap>", "<frozen importlib._bootstrap_external>", "<frozen zipimport>")
_IMPORTING = frozenset({"_find_and_load", "_gcd_import", "_handle_fromlist"})
_DETAILED = frozenset({"getsize", "getmtime", "getctime", "getatime", "samefile"})
_FROZEN = "<frozen "  # Python's own modules that it has compiled into itself: they have no file
_PATHS = frozenset({"genericpath", "posixpath", "pathlib"})
# It calls the hooks of pytest: below it on the stack is pytest alone. To look at a frame raises an audit event too.
_PYTEST = os.sep + "pluggy" + os.sep

# Of the machine, or of this run alone; their content says nothing about a project.
_NEVER = ("/dev/", "/proc/", "/sys/")
_METADATA = (".dist-info", ".egg-info")


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
        self._continued: set[str] = set()
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
        if name == "sqlite3.connect":
            self._database(arguments[0])
            return
        path = source_of(path_of(arguments[0]))
        if path is None or not self._counts(path):
            return
        if name == "os.scandir":
            caller = sys._getframe(3).f_code.co_filename  # of os.scandir: this, hear and the hook are ours
            own = not caller.startswith(_FROZEN) and is_own(os.path.abspath(caller))
            self._ask("entries" if own else "types", path)
            return
        if name != "open":
            self._ask("listing", path)
            return
        reads, writes = purpose(arguments[1], arguments[2])
        if reads:
            self._ask("file", path)
        elif writes == "anew" or not os.path.isfile(path):
            if self.all:  # what a migration writes follows from what it has asked
                self._written.add(path)
        else:
            self._continued.add(path)

    def _database(self, subject: Any) -> None:
        """A file of SQLite's. Tools have such files too, so it counts only where the project's code asks."""
        for path in sqlite_files(subject):
            if self._counts(path) and self._askers():
                self._ask("file", path)

    def question(self, kind: str, subject: Any) -> None:
        """A question that raises no audit event."""
        if kind == "program":
            self.event("subprocess.Popen", ())
            return
        if kind == "thread":
            vars(subject)[_STARTED_BY] = self._askers() or set()
            return
        if kind == "variables":
            self._ask(kind, "")
            return
        if kind == "variable":
            name = os.fsdecode(subject) if isinstance(subject, (str, bytes)) else ""
            if name and is_asked_for(name):
                self._ask(kind, name)
            return
        path = path_of(subject)
        if path is not None and self._counts(path):
            self._ask(self._how(kind), path)

    def _counts(self, path: str) -> bool:
        if path.startswith(self._ignored) or "__pycache__" in path:
            return False
        # Installed again, a package may have other entry points and the same version.
        return not path.startswith(INSTALLED) or os.path.dirname(path).endswith(_METADATA)

    def _ask(self, kind: str, name: str) -> None:
        if name in self._written and kind == "file":
            return  # of its own making
        askers = self._askers()
        if askers is None or not (askers or self.all or _is_aside()):
            return
        if kind == "file" and name in self._continued:
            why = f"it reads {name}, to which it has written"
            self.unfollowed.setdefault(why, set()).update({*askers, ""} if self.all else askers)
        if kind == "file" and not os.path.isfile(name):
            kind = "exists"  # absent, or a device
        text = dependency(kind, name)
        question = self.asked.get(text)
        if question is None:
            question = self.asked[text] = Question(signature(text))
        question.askers.update(askers)
        # Django's own code asks for the width of the terminal. A thread may work for anybody.
        if (self.all and not kind.startswith("variable")) or _is_aside():
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
            elif not found and name in _IMPORT_SYSTEM and _imports(frame):
                return None
            elif _PYTEST in name:
                break
            frame = frame.f_back
        return found or set(vars(threading.current_thread()).get(_STARTED_BY, ()))

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


def _imports(frame: FrameType) -> bool:
    """Whether the import system, from *frame* upwards, imports a module: its loaders may be asked by anybody."""
    while frame.f_back is not None and frame.f_back.f_code.co_filename in _IMPORT_SYSTEM:
        frame = frame.f_back
    return frame.f_code.co_name in _IMPORTING


def _of_paths(frame: FrameType) -> bool:
    """Whether it is Python's own code for paths that runs in *frame*: one module, or several in a package."""
    return str(frame.f_globals.get("__name__")).partition(".")[0] in _PATHS


_listener: Hearing | None = None
_hooked = False


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    listener = _listener
    if listener is not None and event in _EVENTS:
        listener.hear(listener.event, event, arguments)


def _is_aside() -> bool:
    """Whether this is a thread beside the main one, of the project or of a library."""
    thread = threading.current_thread()
    return thread is not threading.main_thread() and thread.name != Background.NAME


_QUESTIONS = {"open": "file", "stat": "exists", "lstat": "link", "readlink": "link", "access": "access"}
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
    _wrap(type(os.environ), "__iter__", "variables")
    _wrap(threading.Thread, "start", "thread")
    with contextlib.suppress(ImportError):
        _wrap(importlib.import_module("_posixsubprocess"), "fork_exec", "program")  # multiprocessing tells nobody


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
        aside = options.get("dir_fd") is not None
        # Of an open folder, Python does not say which it was; else it announces what is opened.
        if listener is not None and len(arguments) > at and (aside or name != "open"):
            followed = options.get("follow_symlinks", True)
            subject = beside(options["dir_fd"], arguments[at]) if aside else arguments[at]
            listener.hear(listener.question, kind if followed else "link", subject)
        return original(*arguments, **options)

    setattr(owner, name, asked)
    _wrapped.append((owner, name, original, asked))
    return asked
