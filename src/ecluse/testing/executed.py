"""The project's code that is executed while migrations run: methods of models, handlers, helpers they call."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from types import CodeType
from typing import Any

__all__ = ["executed"]


@contextlib.contextmanager
def executed(files: set[str]) -> Iterator[Callable[[], str | None]]:
    """Adds to *files* the file of every function that is called meanwhile.

    Yields a function that tells afterwards why that is not known; None where it is.
    """
    if sys.version_info >= (3, 12):
        with _monitored(files) as told:
            yield told
    else:
        with _profiled(files) as told:
            yield told


if sys.version_info >= (3, 12):
    # The first function of a module that starts is told once, and costs nothing from then on.
    # https://docs.python.org/3/library/sys.monitoring.html: 0 to 2 and 5 are a debugger's, coverage's and the like.
    _TOOLS = (4, 3)

    @contextlib.contextmanager
    def _monitored(files: set[str]) -> Iterator[Callable[[], str | None]]:
        monitoring = sys.monitoring
        tool = next((number for number in _TOOLS if monitoring.get_tool(number) is None), None)
        if tool is None:
            yield lambda: "another tool watches this Python"
            return

        def started(code: CodeType, _offset: int) -> Any:
            files.add(code.co_filename)
            return monitoring.DISABLE

        monitoring.use_tool_id(tool, "ecluse")
        monitoring.register_callback(tool, monitoring.events.PY_START, started)
        monitoring.set_events(tool, monitoring.events.PY_START)
        monitoring.restart_events()
        try:
            yield lambda: None
        finally:
            monitoring.set_events(tool, 0)
            monitoring.register_callback(tool, monitoring.events.PY_START, None)
            monitoring.free_tool_id(tool)

else:
    # Python 3.11 can only profile all calls, at a third of their time: it does where Django calls code of the project.

    @contextlib.contextmanager
    def _profiled(files: set[str]) -> Iterator[Callable[[], str | None]]:
        from cProfile import Profile

        from django.db.migrations.operations.special import RunPython
        from django.dispatch import Signal

        missed: list[str] = []
        running: list[Profile] = []

        def heard(original: Callable[..., Any]) -> Callable[..., Any]:
            def called(*arguments: Any, **options: Any) -> Any:
                if running:
                    return original(*arguments, **options)
                if sys.getprofile() is not None:
                    missed.append("a profiler watches this Python")
                    return original(*arguments, **options)
                profile = Profile(subcalls=False, builtins=False)
                running.append(profile)
                profile.enable()
                try:
                    return original(*arguments, **options)
                finally:
                    profile.disable()
                    running.clear()
                    entries = profile.getstats()
                    files.update(entry.code.co_filename for entry in entries if isinstance(entry.code, CodeType))

            return called

        places: list[tuple[Any, str]] = [
            (RunPython, "database_forwards"),
            (Signal, "send"),
            (Signal, "send_robust"),
        ]
        originals = [(owner, name, getattr(owner, name)) for owner, name in places]
        for owner, name, original in originals:
            setattr(owner, name, heard(original))
        try:
            yield lambda: missed[0] if missed else None
        finally:
            for owner, name, original in originals:
                setattr(owner, name, original)
